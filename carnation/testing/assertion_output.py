"""What a failed assertion shows: the path as a tree, and the part in which two values differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.history.visits import Scope, Visit

_MAX_LINE_LENGTH = 160
_SHOWN = 8  # of iterations, and of ways through a Map; the rest is counted


def draw_tree(scope: Scope, indent: str = "  ", *, waits: bool = True) -> Iterator[str]:
    """Yield the path, a state a line, what is inside a state below it.

    Iterations that went alike are drawn once, those in which something failed first. Jitter makes
    none unlike: where only the seconds that they waited differ, they are left out.
    """
    for visit in scope.visits:
        yield f"{indent}{visit.name}{_remark(visit, waits=waits)}"
        groups: dict[tuple[str, ...], list[Scope]] = {}
        for part in sorted(visit.scopes, key=_interest):
            key = tuple(draw_tree(part, f"{indent}    ", waits=False))
            groups.setdefault(key, []).append(part)
        for lines, alike in list(groups.items())[:_SHOWN]:
            yield f"{indent}  {_label(alike)}"
            ways = {tuple(draw_tree(part, f"{indent}    ")) for part in alike} if waits else ()
            yield from (next(iter(ways)) if len(ways) == 1 else lines)
        if len(groups) > _SHOWN:
            yield f"{indent}  and {len(groups) - _SHOWN} other ways"


def _interest(scope: Scope) -> tuple[bool, int]:
    """Put the iterations in which something failed first."""
    fine = not any(visit.errors or not visit.left for visit in scope.visits)
    return fine, scope.index or 0


def _label(scopes: list[Scope]) -> str:
    shown = " ".join(scope.label for scope in scopes[:_SHOWN])
    return f"{shown} …, {len(scopes)} alike" if len(scopes) > _SHOWN else shown


def _remark(visit: Visit, *, waits: bool) -> str:
    words = []
    if visit.errors:
        names = [name or "an error without a name" for name, _ in visit.errors]
        counted = [
            f"{name} ×{names.count(name)}" if names.count(name) > 1 else name
            for name in dict.fromkeys(names)
        ]
        words.append(f"failed: {', '.join(counted)}")
    if visit.retries:
        words.append(f"retried {visit.retries}×")
    if visit.waited and waits:
        words.append(f"waited {visit.waited:.4g} s")
    if not visit.left and visit.type not in ("Fail", "Succeed"):
        words.append("not left")
    return f"  ({'; '.join(words)})" if words else ""


def compare_paths(expected: list[str], taken: list[str]) -> Iterator[str]:
    """Yield both paths as one, with what only one of them has marked.

    >>> list(compare_paths(["A", "B"], ["A", "C"]))
    ['    A', '  - B   expected', '  + C   taken']
    """
    from difflib import SequenceMatcher

    for tag, a, b, c, d in SequenceMatcher(None, expected, taken, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (f"    {name}" for name in expected[a:b])
        else:
            yield from (f"  - {name}   expected" for name in expected[a:b])
            yield from (f"  + {name}   taken" for name in taken[c:d])


def compare_values(expected: Any, given: Any, where: str = "$") -> Iterator[str]:
    """Yield the places in which two JSON values differ.

    >>> list(compare_values({"a": [1, 2]}, {"a": [1, 3], "b": None}))
    ['$.a[1]: expected 2, got 3', '$.b: expected nothing, got null']
    """
    if isinstance(expected, Mapping) and isinstance(given, Mapping):
        for key in dict.fromkeys([*expected, *given]):
            here = f"{where}.{key}"
            if key not in given:
                yield f"{here}: expected {format_value(expected[key])}, got nothing"
            elif key not in expected:
                yield f"{here}: expected nothing, got {format_value(given[key])}"
            else:
                yield from compare_values(expected[key], given[key], here)
    elif isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        for at, (one, other) in enumerate(zip(expected, given, strict=True)):
            yield from compare_values(one, other, f"{where}[{at}]")
    elif expected != given:
        yield f"{where}: expected {format_value(expected)}, got {format_value(given)}"


def format_value(value: Any) -> str:
    """Write a value on one line, of bearable length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_LINE_LENGTH else f"{text[: _MAX_LINE_LENGTH - 1]}…"
