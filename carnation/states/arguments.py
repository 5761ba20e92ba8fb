"""What is given to a block: its arguments checked against the table of fields.

The table decides which fields a place has, what they take, which exclude each other and to which
query language they belong. Values are checked when a block is made, so that a mistake shows on the
line of Python that made it.
"""

from __future__ import annotations

import os
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

from carnation.asl import EXCLUSIONS, KNOWN, Field, fields_of, find_problem
from carnation.asl.fields import ATA, is_expression
from carnation.errors import DefinitionError, suggest_name


class Unset:
    """The default of every optional field: the field is not written."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = Unset()
WIRED = frozenset({"branches", "processor", "retriers", "catchers", "choices", "target", "states"})
"""The kinds of fields that are no values: blocks and graphs, or where the flow goes."""

_EXCLUSIONS: dict[str, list[tuple[str, ...]]] = {}
for _places, _names, _ in EXCLUSIONS:
    for _place in _places:
        _EXCLUSIONS.setdefault(_place, []).append(_names)


def read_arguments(
    place: str, owner: str, arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that were given (by argument, in the table's order), and the extra ones.

    `arguments` are a constructor's; `extra` among them is a mapping of fields as ASL writes them.
    Raises `DefinitionError` for a value that cannot be, for fields that exclude each other, and for
    an extra field that has its place elsewhere.
    """
    given: dict[str, Any] = {}
    names = []
    for field in fields_of(place, legacy=True):
        value = arguments.get(field.argument, UNSET)
        if value is UNSET or field.kind in WIRED:
            continue
        _reject_value(field, value, owner)
        given[field.argument] = value
        names.append(field.name)
    extra = _read_extra(place, owner, arguments.get("extra", UNSET), names)
    reject_exclusions(place, owner, [*names, *extra])
    return given, extra


def _reject_value(field: Field, value: Any, owner: str) -> None:
    problem = find_problem(field, value)
    if problem and not is_dynamic(value):
        raise DefinitionError(f"{owner} ({find_line()}): {field.name} {problem}.")


def is_dynamic(value: object) -> bool:
    """Return whether a value is an expression in Python: a placeholder, the SDK's or ours."""
    return hasattr(value, "to_jsonpath")


def _read_extra(place: str, owner: str, extra: Any, given: list[str]) -> dict[str, Any]:
    """Check fields as ASL writes them by what is known of them; what is not known passes."""
    if extra is UNSET:
        return {}
    if not isinstance(extra, Mapping):
        raise DefinitionError(
            f"{owner} ({find_line()}): expected extra to be a mapping of ASL fields, got {extra!r}."
        )
    for name, value in extra.items():
        field = KNOWN[place].get(name)
        if name in given or (field is not None and (field.kind in WIRED or name == "Type")):
            raise DefinitionError(
                f"{owner} ({find_line()}): extra holds '{name}', which is an argument of its own."
            )
        if field is not None:
            _reject_value(field, value, owner)
        else:
            reject_misplaced(place, owner, name)
    return dict(extra)


def reject_misplaced(place: str, owner: str, name: str) -> None:
    """Raise `DefinitionError` for a field that is known, and not here; pass one nobody knows."""
    places = [other for other in KNOWN if name in KNOWN[other]]
    if places:
        raise DefinitionError(
            f"{owner} ({find_line()}): '{name}' has no place in a {place}; it belongs to "
            f"{', '.join(places)}."
        )


def reject_exclusions(place: str, owner: str, names: Iterable[str]) -> None:
    """Raise `DefinitionError` where two fields stand of which only one may."""
    there = set(names)
    for group in _EXCLUSIONS.get(place, ()):
        both = [name for name in group if name in there]
        if len(both) > 1:
            raise DefinitionError(
                f"{owner} ({find_line()}): {' and '.join(both)} exclude each other; set one."
            )


def list_languages(place: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field that says which query language it is written in, with that language."""
    for field in fields_of(place, legacy=True):
        value = given.get(field.argument, UNSET)
        if value is UNSET:
            continue
        if field.name == "QueryLanguage":
            yield f"QueryLanguage={value!r}", str(value)
        elif field.language:
            yield field.name, field.language
        elif field.dynamic and is_expression(value):
            yield f"{field.name}={value!r}", ATA


def reject_mixture(owner: str, found: Iterable[tuple[str, str]]) -> None:
    """Raise `DefinitionError`, naming both, where fields of both query languages stand together."""
    first: dict[str, str] = {}
    for name, language in found:
        first.setdefault(language, name)
    if len(first) > 1:
        (one, name), (other, second) = first.items()
        raise DefinitionError(
            f"{owner} ({find_line()}): {name} belongs to {one} and {second} to {other}. A state is "
            "written in one query language; keep the fields of one."
        )


def suggest_argument(place: str, name: str) -> str:
    """Suggest the argument that was probably meant, as a sentence to append."""
    return suggest_name(name, [field.argument for field in KNOWN.get(place, {}).values()])


def find_line() -> str:
    """Find the line of Python, outside this package, on which a block is being made."""
    return render_line(*mark_line())


def mark_line() -> tuple[CodeType, int]:
    """Mark where a block is being made: the code outside this package, and its instruction."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("carnation."):
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


def render_line(code: CodeType, instruction: int) -> str:
    """Render the file and the line of an instruction.

    A frame counts its line from the top of its function, each time that it is asked; functions
    that draw thousands of states have their lines listed once.
    """
    if id(code) not in _LINES:
        if len(_LINES) == _MAX_LISTED:
            _LINES.clear()
        places = [(start, line) for start, _, line in code.co_lines() if line]
        _LINES[id(code)] = code, [start for start, _ in places], [line for _, line in places]
    _, starts, lines = _LINES[id(code)]
    line = lines[bisect_right(starts, instruction) - 1]
    return f"{code.co_filename.removeprefix(os.getcwd() + os.sep)}:{line}"


_LINES: dict[int, tuple[CodeType, list[int], list[int]]] = {}
"""By the identity of code, which is kept so that no other gets it: where its lines start."""
_MAX_LISTED = 64
