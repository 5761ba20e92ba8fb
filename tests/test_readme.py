from __future__ import annotations

import importlib
import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from carnation.__main__ import VERBS
from carnation.asl import walk_states

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"),
                    *(ROOT / "benchmarks").glob("*.md")])  # fmt: skip


# the picture

NODE = re.compile(r"(\w+)(?:\(\((.*?)\)\)|\[(.*?)\]|\{(.*?)\})?")
ARROW = re.compile(r"\s*(?:-->|-- [^->]+ -->|-\. [^.]+ \.->)\s*")


Picture = tuple[dict[str, str], set[tuple[str, str]], dict[str, str]]


def read_picture() -> list[str]:
    blocks = re.findall(r"^```mermaid\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    return [line.strip() for line in blocks[0].splitlines()[1:]]


def parse_picture(lines: list[str]) -> Picture:
    """Read the picture: each node's label, the edges, and the subgraph each node is drawn in."""
    labels: dict[str, str] = {}
    edges: set[tuple[str, str]] = set()
    scopes: dict[str, str] = {}
    scope = ""
    for line in lines:
        opening = re.fullmatch(r"subgraph (\w+) \[(.*)\]", line)
        if opening:
            scope = opening[1]
            labels[scope] = opening[2]
            scopes[scope] = ""
            continue
        if line == "end":
            scope = ""
            continue
        names = []
        for part in ARROW.split(line):
            node = NODE.fullmatch(part)
            assert node, f"not a node of the picture: {part!r} in {line!r}"
            names.append(node[1])
            scopes.setdefault(node[1], scope)
            label = next((group for group in node.groups()[1:] if group is not None), None)
            if label is not None:
                labels[node[1]] = label
        edges |= set(pairwise(names))
    return labels, edges, scopes


def read_definition() -> Mapping[str, Any]:
    path = ROOT / "build" / "carnation" / "code" / "state-machine" / "carnation.asl.json"
    definition: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


def list_transitions(state: Mapping[str, Any]) -> Iterator[str]:
    """List where a state may move: its Next and Default, its choices', its catchers'."""
    for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        for field in ("Next", "Default"):
            if field in holder:
                yield holder[field]


@pytest.fixture(scope="module")
def picture() -> Picture:
    return parse_picture(read_picture())


def test_the_picture_has_every_state_and_no_other(
    picture: Picture,
) -> None:
    _, _, scopes = picture
    places = {place.name: place for place in walk_states(read_definition())}
    assert set(scopes) - {"start"} == set(places)
    for name, place in places.items():
        inside = place.pointer.split("/")[2] if place.pointer.count("/States/") > 1 else ""
        assert scopes[name] == inside, f"{name} is drawn in the wrong scope"


def test_each_state_is_labelled_with_its_name(
    picture: Picture,
) -> None:
    labels, _, scopes = picture
    assert set(labels) == set(scopes)
    wrong = [name for name, label in labels.items() if name != "start" and name not in label]
    assert wrong == []


def test_the_arrows_of_the_picture_are_the_transitions(
    picture: Picture,
) -> None:
    _, edges, _ = picture
    definition = read_definition()
    # a deletion that fails and one that succeeds move to the same state: one arrow
    transitions = {
        (place.name, target)
        for place in walk_states(definition)
        for target in list_transitions(place.state)
    }
    assert edges == transitions | {("start", definition["StartAt"])}


def test_a_dotted_arrow_is_a_catcher() -> None:
    dotted = {
        tuple(
            re.findall(r"\w+", re.sub(r"-\. .*? \.->", " ", re.sub(r"[\[{(].*?[\]})]", "", line)))
        )
        for line in read_picture()
        if "-." in line
    }
    caught = {
        (place.name, catcher["Next"])
        for place in walk_states(read_definition())
        for catcher in place.state.get("Catch", ())
        if catcher["Next"] != place.state.get("Next")
    }
    assert dotted == caught


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


COMMANDS = [
    pytest.param(command, id=f"{document.name}: {command}")
    for document in DOCUMENTS
    for command in list_commands(document.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_verb_takes_each_command_that_is_written_down(command: str) -> None:
    verb, *arguments = shlex.split(command.partition(" #")[0])
    assert verb in VERBS, f"there is no verb '{verb}'"
    parser = importlib.import_module(f"carnation.{verb}")._make_parser()
    if "…" in arguments or not arguments:
        return  # it only names the verb
    try:
        parser.parse_args(arguments)
    except SystemExit as stop:
        pytest.fail(f"`carnation {command}` is refused, with status {stop.code}")


def test_the_readme_shows_each_verb() -> None:
    shown = {command.split()[0] for command in list_commands(README)}
    assert shown == set(VERBS)


def test_the_input_in_the_readme_is_json() -> None:
    inputs = re.findall(r"--input '([^']*)'", README)
    assert inputs
    assert [json.loads(text) for text in inputs] == [{"start_seq": 1, "end_seq": 11}] * len(inputs)


def test_the_options_the_readme_explains_exist() -> None:
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", strip_blocks(README)))
    known: set[str] = set()
    for verb in VERBS:
        help_text = importlib.import_module(f"carnation.{verb}")._make_parser().format_help()
        known |= set(re.findall(r"--[a-z][a-z-]+", help_text))
    assert options - known == set()


def test_ci_finds_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"sed -n 's/\^\\\((.*?)\\\)\$/", script)
    assert pattern
    commands = re.findall(f"^{pattern[1]}$", README, re.MULTILINE)
    assert len(commands) == 1
    assert os.access(ROOT / ".ci" / "check", os.X_OK)
