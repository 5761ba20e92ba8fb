"""Workflow variables that the states of a definition refer to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache

from carnation.asl.expressions import parse_intrinsic, parse_jsonata, parse_path
from carnation.errors import CarnationError
from carnation.linter.expression_sites import list_expressions, read_expression
from carnation.linter.machine import Machine

_RESERVED = ("states", "", "$")


@lru_cache(maxsize=64)
def list_variables(definition: str) -> dict[str, list[str]]:
    """Return the names of the variables that each state refers to.

    >>> list_variables('{"StartAt": "A", "States": {"A": {"Type": "Fail", "CausePath": "$why"}}}')
    {'A': ['why']}
    """
    found: dict[str, set[str]] = {}
    for use in list_expressions(Machine(json.loads(definition))):
        if use.part.state is not None and isinstance(use.value, str):
            found.setdefault(use.part.state.name, set()).update(_list_names(use.kind, use.value))
    return {state: sorted(names) for state, names in found.items() if names}


def _list_names(kind: str, text: str) -> Iterator[str]:
    """List the variables of an expression; one that cannot be read has none."""
    try:
        if kind == "jsonata":
            expression = read_expression(text)
            used = parse_jsonata(expression).variables if expression else ()
            yield from (use.name for use in used if use.name not in _RESERVED)
        elif text.startswith("States."):
            yield from (path.variable for path in parse_intrinsic(text).paths() if path.variable)
        elif text.startswith("$"):
            name = parse_path(text).variable
            yield from (name,) if name else ()
    except CarnationError:
        return
