from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shlex
from pathlib import Path

import pytest

from carnation import pytest_plugin
from carnation.cli.commands import COMMANDS
from carnation.diagram import draw_mermaid

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"),
                    *(ROOT / "benchmarks").glob("*.md")])  # fmt: skip


# the picture


def test_the_picture_is_the_one_that_draw_prints() -> None:
    blocks = re.findall(r"^```mermaid\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    path = ROOT / "build" / "carnation" / "code" / "state-machine" / "carnation.asl.json"
    assert blocks == [draw_mermaid(json.loads(path.read_text(encoding="utf-8")))], (
        "put into the README what this prints: carnation draw carnation --format mermaid"
    )


# the links


def strip_blocks(text: str) -> str:
    """Take blocks of code out of a document: what looks like a link there is none."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def list_links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", strip_blocks(text))
    return [link for link in found if not re.match(r"[a-z][a-z0-9+.-]*:", link)]


def make_anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def list_anchors(text: str) -> set[str]:
    return {make_anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    if path.startswith("reference/"):  # made with the site, whose strict build checks these links
        return True
    if not anchor or not target.exists():
        return target.exists()
    return anchor in list_anchors(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    links = list_links(document.read_text(encoding="utf-8"))
    assert [link for link in links if not leads_somewhere(document, link)] == []


def test_the_paths_of_the_table_exist() -> None:
    paths = re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    assert len(paths) >= 6
    assert [path for path in paths if not (ROOT / path).exists()] == []


# the commands


def list_commands(text: str) -> list[str]:
    """List every `carnation …` command of a document, in its blocks of code and in its lines."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
    prose = re.findall(r"`([^`\n]+)`", strip_blocks(text))
    starts = re.compile(r"(?:\S*/)?(?:python3? -m carnation[. ]|carnation )(?=[a-z])")
    return [
        starts.sub("", command.strip(), count=1)
        for command in (*lines, *prose)
        if starts.match(command.strip())
    ]


WRITTEN = [
    pytest.param(command, id=f"{document.name}: {command}")
    for document in DOCUMENTS
    for command in list_commands(document.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("command", WRITTEN)
def test_a_verb_takes_each_command_that_is_written_down(command: str) -> None:
    verb, *arguments = shlex.split(command.partition(" #")[0])
    assert verb in (*COMMANDS, "help"), f"there is no verb '{verb}'"
    if verb == "help":
        return
    parser = importlib.import_module(f"carnation.cli.{verb}")._make_parser()
    if "…" in arguments or not arguments:
        return  # it only names the verb
    try:
        parser.parse_args(arguments)
    except SystemExit as stop:
        pytest.fail(f"`carnation {command}` is refused, with status {stop.code}")


def test_the_readme_shows_each_verb() -> None:
    shown = {command.split()[0] for command in list_commands(README)}
    assert shown == set(COMMANDS)


def test_the_input_in_the_readme_is_json() -> None:
    inputs = re.findall(r"--input '([^']*)'", README)
    assert inputs
    assert [json.loads(text) for text in inputs] == [{"start_seq": 1, "end_seq": 11}] * len(inputs)


def test_the_options_the_readme_explains_exist() -> None:
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", strip_blocks(README)))
    known = set(re.findall(r'"(--[a-z-]+)"', inspect.getsource(pytest_plugin)))
    for verb in COMMANDS:
        help_text = importlib.import_module(f"carnation.cli.{verb}")._make_parser().format_help()
        known |= set(re.findall(r"--[a-z][a-z-]+", help_text))
    assert options - known == set()


def test_ci_finds_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"sed -n 's/\^\\\((.*?)\\\)\$/", script)
    assert pattern
    commands = re.findall(f"^{pattern[1]}$", README, re.MULTILINE)
    assert len(commands) == 1
    assert os.access(ROOT / ".ci" / "check", os.X_OK)
