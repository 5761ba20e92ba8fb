"""Retriers in words: how often, and how long an execution may wait for it at worst.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from carnation.changes.context import (
    StatePair,
    describe_comment,
    has_objects,
    is_reordered,
    match_objects,
)
from carnation.changes.records import MISSING, Change, Edit
from carnation.changes.wording import contrast, format_list, format_seconds
from carnation.document.values import Json

_DEFAULTS = {"IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2.0}
_COUNTED = (*_DEFAULTS, "MaxDelaySeconds")
_MANY_ROUNDS = 100_000


def measure_wait(retrier: Mapping[str, Json]) -> float:
    """Return the seconds that a retrier adds at worst; jitter only shortens a wait.

    >>> measure_wait({"MaxAttempts": 6}), measure_wait({"MaxAttempts": 2, "IntervalSeconds": 2})
    (63.0, 6.0)
    >>> measure_wait({"MaxAttempts": 4, "BackoffRate": 10, "MaxDelaySeconds": 30})
    71.0
    """
    interval, attempts, rate = (_read(retrier, name) for name in _DEFAULTS)
    longest = _number(retrier.get("MaxDelaySeconds"), math.inf)
    total, delay = 0.0, interval
    for done in range(min(int(attempts), _MANY_ROUNDS)):
        if delay >= longest or rate == 1 or math.isinf(delay):
            return total + (attempts - done) * min(delay, longest)
        total += delay
        delay *= rate
    return total


def _read(retrier: Mapping[str, Json], name: str) -> float:
    return _number(retrier.get(name), _DEFAULTS[name])


def _number(value: Json, default: float) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return min(max(float(value), 0.0), 1e300) if known and value == value else float(default)


def format_retrier(retrier: Mapping[str, Json]) -> str:
    """Describe how often a retrier tries, and how long that takes at worst.

    >>> format_retrier({"ErrorEquals": ["States.ALL"], "MaxAttempts": 1})
    '1 attempt, worst-case wait 1 s'
    """
    return f"{_format_attempts(retrier)}, worst-case wait {format_seconds(measure_wait(retrier))}"


def _format_attempts(retrier: Mapping[str, Json]) -> str:
    attempts = int(_read(retrier, "MaxAttempts"))
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"


def error_names(item: Mapping[str, Json]) -> str:
    """Name the errors that a retrier or a catcher is for."""
    errors = item.get("ErrorEquals")
    if not isinstance(errors, list) or not errors:
        return "no error"
    return format_list([str(error) for error in errors], 2)


def find_retry_changes(sides: StatePair) -> Iterator[Change]:
    """Yield what has become of a state's retriers."""
    old, new = sides.old.get("Retry", []), sides.new.get("Retry", [])
    if not has_objects(old) or not has_objects(new):
        yield from (sides.describe(edit, "retry-changed") for edit in sides.find_edits("Retry"))
        return
    pairs, removed, added = match_objects(old, new, (*_COUNTED, "Comment", "JitterStrategy"))
    for i in removed:
        sentence = f"no longer retries {error_names(old[i])} ({format_retrier(old[i])})"
        yield sides.remove("retry-removed", "Retry", i, sentence)
    for i, j in pairs:
        yield from _compare_retriers(sides.enter("Retry", i, j))
    for j in added:
        sentence = f"now retries {error_names(new[j])}: {format_retrier(new[j])}"
        yield sides.add("retry-added", "Retry", j, sentence)
    if is_reordered(pairs):
        sentence = "its retriers are in another order, and the first that matches applies"
        yield Change("retry-changed", f"{sides.new_at}/Retry", sides.subject, sentence, old, new)


def _compare_retriers(sides: StatePair) -> Iterator[Change]:
    yield from describe_comment(sides)
    yield from find_error_changes(sides, "retry", "retries")
    counted = [edit for name in _COUNTED for edit in sides.find_edits(name)]
    if counted:
        yield _describe_counts(sides, counted)
    known = ("Comment", "ErrorEquals", *_COUNTED)
    for name in dict.fromkeys([*sides.new, *sides.old]):
        for edit in sides.find_edits(name) if name not in known else ():
            sentence = f"{error_names(sides.new)}: {name} {contrast(edit.before, edit.after)}"
            yield edit.describe("retry-changed", sides.subject, sentence)


def _describe_counts(sides: StatePair, edits: list[Edit]) -> Change:
    """Make one record of a retrier's numbers; of a single one, at its place."""
    attempts = [_format_attempts(sides.old), _format_attempts(sides.new)]
    waits = [format_seconds(measure_wait(side)) for side in (sides.old, sides.new)]
    first = attempts[0] if attempts[0] == attempts[1] else f"{attempts[0]} to {_count(sides.new)}"
    wait = waits[0] if waits[0] == waits[1] else f"{waits[0]} to {waits[1]}"
    sentence = f"{error_names(sides.new)}: {first}, worst-case wait {wait}"
    never = [_read(side, "MaxAttempts") == 0 for side in (sides.old, sides.new)]
    kind = "retry-changed"
    if all(_read(sides.old, name) == _read(sides.new, name) for name in _DEFAULTS) and not (
        sides.find_edits("MaxDelaySeconds")
    ):
        kind, sentence = "layout-changed", f"{error_names(sides.new)}: the numbers of no field"
    if never[0] != never[1]:
        kind = "retry-removed" if never[1] else "retry-added"
    if len(edits) == 1:
        name = edits[0].pointer.rpartition("/")[2]
        return edits[0].describe(kind, sides.subject, f"{sentence} ({name})")
    return Change(kind, sides.new_at, sides.subject, sentence, dict(sides.old), dict(sides.new))


def _count(retrier: Mapping[str, Json]) -> int:
    return int(_read(retrier, "MaxAttempts"))


def find_error_changes(sides: StatePair, stem: str, verb: str) -> Iterator[Change]:
    """Yield which errors a retrier or a catcher is for now, and is for no longer."""
    for edit in sides.find_edits("ErrorEquals"):
        if edit.before is MISSING:
            kind, sentence = f"{stem}-added", f"{verb} {_name(edit.after)} as well"
        elif edit.after is MISSING:
            kind, sentence = f"{stem}-removed", f"no longer {verb} {_name(edit.before)}"
        else:
            kind = f"{stem}-changed"
            sentence = f"{verb} {_name(edit.after)} instead of {_name(edit.before)}"
        yield edit.describe(kind, sides.subject, sentence)


def _name(errors: Json) -> str:
    return errors if isinstance(errors, str) else error_names({"ErrorEquals": errors})
