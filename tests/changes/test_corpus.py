"""The figures on the corpus of published definitions, which lies beside the repository."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from carnation.asl import walk_states
from carnation.changes import find_definition_changes
from carnation.document import join_pointer, read_document
from carnation.errors import DocumentError
from tests.depth import every

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="needs ../shared/corpus")
SEED = 20_261_124


@lru_cache(maxsize=1)
def read_corpus() -> dict[str, Any]:
    found = {}
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and path.name != "MANIFEST.tsv":
            try:
                found[path.relative_to(CORPUS).as_posix()] = read_document(str(path)).value
            except DocumentError:
                continue  # what is no document is the reader's test
    return found


def list_valid() -> list[Any]:
    return [value for name, value in read_corpus().items() if name.startswith("valid/")]


def list_slots(value: Any, pointer: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Yield every place of a document: its holder, its key, its pointer."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        place = join_pointer(pointer, key)
        yield value, key, place
        if isinstance(inner, (dict, list)):
            yield from list_slots(inner, place)


def edit_once(document: Any, rng: random.Random) -> tuple[Any, str]:
    """Copy a document, with one value set, added or removed; give the pointer to it."""
    edited = copy.deepcopy(document)
    holder, key, pointer = rng.choice(list(list_slots(edited)))
    value = holder[key]
    way = rng.choice(["set", "set", "remove", "add"])
    if way == "remove":
        del holder[key]
    elif way == "add" and isinstance(value, dict):
        value["Edited"] = "x"
        pointer += "/Edited"
    elif way == "add" and isinstance(value, list):
        pointer += f"/{len(value)}"
        value.append("x")
    elif isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, (int, float)):
        holder[key] = value + 1
    else:
        holder[key] = f"{value}Edited" if isinstance(value, str) else "edited"
    return edited, pointer


def list_scopes(definition: Any) -> Iterator[dict[str, Any]]:
    yield definition
    for place in walk_states(definition):
        inner = [place.body.get("ItemProcessor"), place.body.get("Iterator")]
        branches = place.body.get("Branches")
        inner += branches if isinstance(branches, list) else []
        yield from (scope for scope in inner if isinstance(scope, dict))


def rename_one(definition: Any, rng: random.Random) -> tuple[Any, str, str]:
    """Copy a definition with one state renamed, wherever its scope names it."""
    renamed = copy.deepcopy(definition)
    scopes = [scope for scope in list_scopes(renamed) if isinstance(scope.get("States"), dict)]
    scope = rng.choice([scope for scope in scopes if scope["States"]])
    old = rng.choice(list(scope["States"]))
    new = rng.choice([f"{old} again", f"Name {rng.random()}"])
    scope["States"] = {new if k == old else k: v for k, v in scope["States"].items()}
    if scope.get("StartAt") == old:
        scope["StartAt"] = new
    for state in filter(lambda value: isinstance(value, dict), scope["States"].values()):
        items = [*(state.get("Choices") or ()), *(state.get("Catch") or ())]
        for holder in (state, *(item for item in items if isinstance(item, dict))):
            for field in ("Next", "Default"):
                if holder.get(field) == old:
                    holder[field] = new
    return renamed, old, new


def compare_all(old: Any, new: Any) -> int:
    changes = list(find_definition_changes(old, new))
    assert all(change.sentence and change.impact and change.fingerprint for change in changes)
    return len(changes)


def test_no_definition_differs_from_itself() -> None:
    differing = [
        name
        for name, value in read_corpus().items()
        if list(find_definition_changes(value, copy.deepcopy(value)))
    ]
    assert differing == []


@every(3)
def test_random_edits_are_found_with_their_pointer_among_the_records(stride: int) -> None:
    rng = random.Random(SEED)
    values = list_valid()[::stride]
    pairs = [(value, *edit_once(value, rng)) for value in values for _ in range(3)]
    missed = [
        pointer
        for old, new, pointer in pairs
        if pointer not in {change.pointer for change in find_definition_changes(old, new)}
    ]
    assert len(missed) <= len(pairs) * 0.01, missed


@every(3)
def test_a_renamed_state_with_an_unchanged_body_is_recognised(stride: int) -> None:
    rng = random.Random(SEED)
    values = [value for value in list_valid()[::stride] for _ in range(2)]
    pairs = [rename_one(value, rng) for value in values]
    missed = []
    for old, (new, before, after) in zip(values, pairs, strict=True):
        found = {(c.kind, c.before, c.after) for c in find_definition_changes(old, new)
                 if c.kind == "state-renamed"}  # fmt: skip
        if found != {("state-renamed", before, after)}:
            missed.append((before, after))
    assert len(missed) <= len(pairs) * 0.05, missed


def test_pairs_that_have_nothing_to_do_with_each_other_are_compared() -> None:
    rng = random.Random(SEED)
    values = list(read_corpus().values())
    assert sum(compare_all(rng.choice(values), rng.choice(values)) for _ in range(300)) > 300


@pytest.mark.slow
@every(10)
def test_ten_thousand_pairs_are_compared_without_a_traceback(stride: int) -> None:
    rng = random.Random(SEED + 1)
    values = list(read_corpus().values())
    for number in range(10_000 // stride):
        old = rng.choice(values)
        new = rng.choice(values) if number % 2 else edit_once(old, rng)[0] if old else old
        compare_all(old, new)
