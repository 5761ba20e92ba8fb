from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from carnation import pytest_plugin
from carnation.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"),
                    *(ROOT / "benchmarks").glob("*.md")])  # fmt: skip


# the pictures


@pytest.mark.parametrize("name", re.findall(r"\((docs/pictures/[\w-]+\.svg)\)", README))
def test_a_picture_stands_alone(name: str) -> None:
    """`python scripts/write_screens.py --check` compares it with what the commands print."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert re.findall(r"(?:href|src|url)\W", text) == []


def test_the_readme_is_one_screen_and_has_a_picture_of_each() -> None:
    assert len(README.split()) < 500
    named = re.findall(r"\(docs/pictures/(\w+)\.", README)
    assert named == ["diff", "lint", "run", "run"]


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
def test_a_command_accepts_what_is_written_down(command: str) -> None:
    verb, *arguments = shlex.split(re.split(" [#|>] ?", command)[0])  # a comment, a pipe, a file
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


def test_the_tour_shows_each_command() -> None:
    shown = {command.split()[0] for command in list_commands(TOUR)}
    assert shown == set(COMMANDS)


def test_the_inputs_are_json() -> None:
    inputs = re.findall(r"--input '([^']*)'", README + TOUR)
    assert inputs
    assert [json.loads(text) for text in inputs] == [{"start_seq": 1, "end_seq": 11}] * len(inputs)


def test_the_options_that_the_tour_explains_exist() -> None:
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", strip_blocks(TOUR)))
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
