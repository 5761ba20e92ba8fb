"""Languages: a state that went from JSONPath to JSONata is one change, with both texts whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from carnation.changes.context import StatePair
from carnation.changes.edits import find_edits
from carnation.changes.impacts import DANGEROUS
from carnation.changes.records import MISSING, Change
from carnation.changes.tasks import is_target
from carnation.changes.transitions import INPUT_LOST, loses_input
from carnation.document import join_pointer, split_pointer
from carnation.document.values import Json

_EXPRESSED = frozenset({
    "language-changed", "input-changed", "output-changed", "result-changed", "expression-changed",
    "variable-changed", "choice-changed", "catch-keeps-input",
})  # fmt: skip
_ERRORS = ("ResultPath", "Output")


def join_language_changes(sides: StatePair, changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes of a state; those that another language brings about, as one."""
    if sides.old_language == sides.language:
        yield from changes
        return
    fields: set[str] = set()
    for change in changes:
        if _is_expressed(change):
            base = sides.old_at if change.old else sides.new_at
            fields.update(split_pointer(change.pointer[len(base) :])[:1])
        else:
            yield change
    if fields:
        yield _describe(sides, fields)
        yield from _compare_constants(sides)
    if not sides.final and loses_input(sides):
        yield Change("input-lost", sides.new_at, sides.subject, INPUT_LOST)


def _is_expressed(change: Change) -> bool:
    last = change.pointer.rpartition("/")[2]
    if change.impact == DANGEROUS:
        return False
    if change.kind in _EXPRESSED or (change.kind == "catch-changed" and last in _ERRORS):
        return True
    values = (change.before, change.after)
    is_jsonata = any(isinstance(value, str) and value.startswith("{%") for value in values)
    return last.endswith("Path") or is_jsonata


def _describe(sides: StatePair, fields: set[str]) -> Change:
    before, after = (
        {name: value for name, value in side.items() if name in fields}
        for side in (sides.old, sides.new)
    )
    own = "QueryLanguage" in sides.new
    pointer = join_pointer(sides.new_at, "QueryLanguage") if own else sides.new_at
    sentence = f"is written in {sides.language} instead of {sides.old_language}"
    return Change("language-changed", pointer, sides.subject, sentence, before, after)


def _compare_constants(sides: StatePair) -> Iterator[Change]:
    """Yield what both languages spell alike, in the input of a task, and is another now."""
    names = ("Parameters", "Arguments")
    old, new = (
        next((name for name in names if name in side), "") for side in (sides.old, sides.new)
    )
    if not old or not new:
        return
    values = (_drop_expressions(sides.old[old]), _drop_expressions(sides.new[new]))
    at = (join_pointer(sides.old_at, old), join_pointer(sides.new_at, new))
    for edit in find_edits(*values, *at):
        if edit.before is not MISSING and edit.after is not MISSING:
            kind = "target-changed" if is_target(edit.pointer) else "input-changed"
            yield sides.describe(edit, kind)


def _drop_expressions(value: Json) -> Json:
    """Leave the constants of a value; lists, whose places tell, are left out."""
    if not isinstance(value, Mapping):
        return {}
    return {
        name: _drop_expressions(item) if isinstance(item, Mapping) else item
        for name, item in value.items()
        if not name.endswith(".$")
        and not isinstance(item, list)
        and not (isinstance(item, str) and item.startswith("{%"))
    }
