"""Substitutions filled in before a definition is run: texts, numbers and whole parts.

Where a number or a part has to stand, what `--set` gives is read as JSON. What nobody gives is left
out where AWS lets it be left out, and asked for where not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from carnation.asl.expressions import parse_jsonata
from carnation.asl.expressions.jsonata_uses import walk_tree
from carnation.asl.fields import FIELDS, is_expression
from carnation.cloudformation.substitutions import fill_substitutions, find_substitutions
from carnation.errors import ExpressionError, UsageError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_WHOLE = re.compile(r"\$\{([A-Za-z0-9_.:-]+)\}\Z")
_TYPED = {row.name for row in FIELDS if row.kind in ("whole", "number", "object", "names", "flag")}
_TYPED |= {"Retry", "Catch", "Choices", "Branches", "States", "ItemProcessor", "Iterator"}
_NEEDED = {"Seconds", "Choices", "Branches", "States", "ItemProcessor", "Iterator", "ErrorEquals"}
_PAYLOADS = {
    *("Arguments", "Assign", "BatchInput", "ItemSelector", "Items", "Output", "Parameters"),
    *("Result", "ResultSelector"),
}
_MARK = "9190719"  # a number no expression has, and a part of any string
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z0-9_.:-]+\}")
_COMPARED = re.compile(r"Numeric[A-Za-z]+(?<!Path)\Z|BooleanEquals\Z")


class Filled(NamedTuple):
    """A definition without substitutions where they would matter, and what was left out of it."""

    definition: Any
    left: tuple[tuple[str, str], ...]
    """Fields, each with the name of the substitution that would have given it."""


def fill_definition(definition: Any, given: Mapping[str, str], zeros: Mapping[str, str]) -> Filled:
    """Put values instead of substitutions; `zeros` are those that an expression reads.

    Raises `UsageError` for a substitution that has to be given.
    """
    left: dict[tuple[str, str], None] = {}
    parts = _fill_parts(definition, given, left)
    for name, text in _list_expressions(parts):
        if name not in given and name not in zeros and not _is_quoted(name, text):
            raise UsageError(
                f"an expression reads ${{{name}}}, which is not set. Set it: --set {name}=VALUE"
            )
    known = {"Partition": "aws", "AWS::Partition": "aws", **zeros, **given}
    return Filled(fill_substitutions(parts, known), tuple(left))


def _fill_parts(value: Any, given: Mapping[str, str], left: dict[tuple[str, str], None]) -> Any:
    if isinstance(value, list):
        return [_fill_parts(item, given, left) for item in value]
    if not isinstance(value, Mapping):
        return value
    made = {}
    for key, item in value.items():
        match = _WHOLE.match(item) if isinstance(item, str) and _is_typed(key) else None
        if key in _PAYLOADS:
            made[key] = item
        elif match is None:
            made[key] = _fill_parts(item, given, left)
        elif match[1] in given:
            made[key] = _read_part(key, match[1], given[match[1]])
        elif key in _NEEDED or _COMPARED.match(key):
            raise UsageError(
                f"'{key}' is ${{{match[1]}}}, which is not set. Set it: --set {match[1]}=VALUE"
            )
        else:
            left[(key, match[1])] = None
    return made


def _is_typed(key: str) -> bool:
    return key in _TYPED or _COMPARED.match(key) is not None


def _read_part(key: str, name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"--set {name}={text[:40]}: '{key}' expects a number or JSON.") from error


def _list_expressions(definition: Any) -> Iterator[tuple[str, str]]:
    """Yield the substitutions that are in expressions, each with the text around it."""
    waiting = [definition]
    for value in waiting:  # grows while we walk
        if isinstance(value, str) and "${" in value and is_expression(value.strip()):
            yield from ((name, value) for name in find_substitutions(value))
        elif isinstance(value, (Mapping, list)):
            waiting.extend(value.values() if isinstance(value, Mapping) else value)


def _is_quoted(name: str, text: str) -> bool:
    """Return whether a substitution is in a string of an expression, where any text will do."""
    marked = text.strip()[2:-2].replace(f"${{{name}}}", _MARK).strip()
    try:
        tree = parse_jsonata(_PLACEHOLDER.sub("0", marked)).tree
    except ExpressionError:
        return False
    kinds = {node.type for node in walk_tree(tree) if _MARK in str(node.value)}
    return kinds <= {"string", "regex"}
