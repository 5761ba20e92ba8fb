"""Published definitions, made anew by the constructors: nothing that AWS accepts is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carnation.document import read_document
from carnation.errors import DefinitionError
from carnation.states import Raw, make_definition
from tests.conftest import SHARED
from tests.rebuilding import rebuild

VALID = SHARED / "corpus" / "valid"
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
