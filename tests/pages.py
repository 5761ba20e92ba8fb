"""Pages of docs/ as tests: their commands are run, and what they print is compared.

In a block fenced as `console`, a line `$ COMMAND` is a command; the lines below are its output.
`...` represents any text, or on a line alone any lines. A path in backquotes before a block of
another kind names the file that the block is.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from carnation.__main__ import main
from tests.forked import run_pytest


class Command(NamedTuple):
    """A command of a page, and what the page says that it prints."""

    line: str
    output: str


class WrittenFile(NamedTuple):
    """A file that a page shows whole."""

    path: str
    text: str


def list_paragraphs(page: str) -> Iterator[str]:
    """List the paragraphs and list items of a page, each in one line; no code, heading, or table.

    >>> list(list_paragraphs("# A\\n\\nOne\\ntwo.\\n- three"))
    ['One two.', '- three']
    """
    prose = re.sub(r"^ *```.*?^ *```$", "", page, flags=re.MULTILINE | re.DOTALL)
    for block in re.split(r"\n\s*\n", prose):
        if not block.lstrip().startswith(("#", "|", "<")):
            for item in re.split(r"\n(?=\s*(?:[-*]|\d+\.) )", block):
                yield " ".join(item.split())


def read_steps(page: str) -> Iterator[Command | WrittenFile]:
    """List what a page does, from top to bottom."""
    before = 0
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        paths = re.findall(r"`([\w./-]+/[\w.-]+|[\w-]+\.asl\.json)`", page[before : block.start()])
        before = block.end()
        if block[1] == "console":
            yield from _read_commands(block[2])
        elif block[1] != "sh" and paths:
            yield WrittenFile(paths[-1], block[2])


def _read_commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(line, output)


def follow(
    page: str, folder: Path, capsys: pytest.CaptureFixture[str], skip: Callable[[str], bool]
) -> list[str]:
    """Do what a page says in a folder; return the commands that printed something else."""
    differ = []
    for step in read_steps(page):
        if isinstance(step, WrittenFile):
            (folder / step.path).parent.mkdir(parents=True, exist_ok=True)
            (folder / step.path).write_text(step.text)
        elif not skip(step.line):
            printed = run_command(step.line, folder, capsys)
            if not matches(step.output, printed):
                differ.append(f"$ {step.line}\n{printed}")
    return differ


def run_command(line: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command; carnation's in this process, which is the working folder's."""
    words = shlex.split(line)
    if words[0] == "carnation":
        main(words[1:])
        # which Python runs the functions is the machine's matter
        return re.sub(r"warning: functions of the runtime .*\n", "", "".join(capsys.readouterr()))
    if words[0] == "pytest":
        return run_pytest(folder, *words[1:]).stdout
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def matches(expected: str, printed: str) -> bool:
    r"""Compare what a page shows with what was printed.

    >>> matches("ran in ... s\n...\nend\n", "ran in 1.2 s\na\nb\nend\n")
    True
    """
    parts = [
        r"(?:.*\n)*?" if line.strip() == "..." else _match_line(line) + r"\n"
        for line in expected.rstrip().splitlines()
    ]
    return re.fullmatch("".join(parts), f"{printed.rstrip()}\n".lstrip("\n")) is not None


def _match_line(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("..."))
