"""Published definitions, made again by the constructors: nothing that AWS accepts is refused,
and nothing that it refuses is built."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from carnation.artifacts import make_artifacts
from carnation.document import read_document
from carnation.errors import DefinitionError
from carnation.states import Raw, make_definition
from carnation.workflow import Workflow
from tests.conftest import SHARED
from tests.rebuilding import rebuild

VALID, INVALID = SHARED / "corpus" / "valid", SHARED / "corpus" / "invalid"
pytestmark = pytest.mark.skipif(not VALID.exists(), reason="needs ../shared/corpus")


def list_files() -> list[Path]:
    return sorted(path for path in VALID.rglob("*") if path.is_file())


def test_every_valid_definition_is_built_by_the_constructors_as_it_was() -> None:
    wrong = {}
    for path in list_files():
        definition = read_document(str(path)).value
        try:
            if rebuild(definition) != definition:
                wrong[path.name] = "is another"
        except DefinitionError as error:
            wrong[path.name] = str(error)
    assert wrong == {}


def test_every_state_of_a_valid_definition_may_be_raw() -> None:
    wrong = {}
    for path in list_files():
        definition = read_document(str(path)).value
        language = definition.get("QueryLanguage")
        start = definition["StartAt"]
        made = {name: Raw(name, body) for name, body in definition["States"].items()}
        for state in made.values():
            if state.next_step is not None:
                state.next_step = made[state.next_step]
            for field in ("Choices", "Catch"):
                if field in state.body:
                    blocks = state.body[field]
                    state.body[field] = [{**block, "Next": made[block["Next"]]} for block in blocks]
            if state.default is not None:
                state.default = made[state.default]
        first = make_definition(made[start], query_language=language)
        for name, state in first["States"].items():
            if state != definition["States"][name]:
                wrong[path.name] = json.dumps(state)[:200]
    assert wrong == {}


CANNOT_BE_WRITTEN = {
    "009_invalid-error-equals.json": "a catcher without ErrorEquals is Python's own TypeError",
    "024_validationStrings.ts_documentMapInvalidItemProcessorConfig.json": (
        "a Map's processor is a graph, so none lacks its States"
    ),
    "029_validationStrings.ts_documentStartAtInvalid.json": (
        "a graph begins at a state, not at the name of one"
    ),
    "033_invalid-parallel-branch-type.json": "a branch is a graph, and no list",
    "034_validationStrings.ts_documentUnreachableState.json": (
        "a graph begins at a state, and what nothing moves to is not in it"
    ),
}
"""Invalid definitions for which the constructors have no words, and why."""


def format_refusal(path: Path) -> tuple[str, str]:
    """Describe who refuses a definition, the constructors or the build, and in which words."""
    document = read_document(str(path))
    try:
        rebuild(document.value)
    except DefinitionError as error:
        return "constructors", str(error)
    workflow = Workflow(name="invalid", version="1.0.0", states=document.value)
    try:
        make_artifacts(str(path.parent), workflow)
    except DefinitionError as error:
        return "build", str(error)
    return "nobody", ""


def test_every_invalid_definition_is_refused_while_it_is_written_or_built() -> None:
    files = [path for path in sorted(INVALID.rglob("*")) if path.is_file()]
    expressible = [path for path in files if path.name not in CANNOT_BE_WRITTEN]
    assert len(files) - len(expressible) == len(CANNOT_BE_WRITTEN)
    said = {path.name: format_refusal(path) for path in expressible}
    assert [name for name, (who, _) in said.items() if who == "nobody"] == []
    assert {who for who, _ in said.values()} == {"constructors", "build"}
    placed = re.compile(r"'.+'|/[A-Z]|\w+\.py:\d+")
    assert [message for _, message in said.values() if not placed.search(message)] == []


@pytest.mark.parametrize("name", CANNOT_BE_WRITTEN)
def test_what_the_constructors_have_no_words_for_is_refused_as_a_plain_definition(
    name: str,
) -> None:
    (path,) = INVALID.rglob(name)
    with pytest.raises((TypeError, AttributeError, KeyError)):
        rebuild(read_document(str(path)).value)
    plain = Workflow(name="plain", version="1.0.0", states=read_document(str(path)).value)
    with pytest.raises(DefinitionError, match="AWS would reject the definition of 'plain'"):
        make_artifacts(str(path.parent), plain)
