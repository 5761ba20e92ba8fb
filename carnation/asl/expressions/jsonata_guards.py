"""Guards in JSONata: which variables surely have a value where a condition is true, or is not."""

from __future__ import annotations

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

Names = frozenset[str]
NO_NAMES: Names = frozenset()
_STRICT = frozenset({"type", "length", "number", "string", "keys", "lowercase", "uppercase"})
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "in"})
_MAX_DEPTH = 40


def type_of(node: Any) -> str:
    """Name the kind of a node; '' of what is none."""
    return str(getattr(node, "type", ""))


def known_if(node: Any, *, holds: bool, depth: int = 0) -> Names:
    """List the variables that have a value where an expression is true (or is not)."""
    kind = type_of(node)
    if depth > _MAX_DEPTH:
        return NO_NAMES
    if kind == "block" and len(node.expressions) == 1:
        return known_if(node.expressions[0], holds=holds, depth=depth + 1)
    if kind == "binary" and node.value in ("and", "or"):
        sides = (node.lhs, node.rhs)
        left, right = (known_if(side, holds=holds, depth=depth + 1) for side in sides)
        return left | right if (node.value == "and") == holds else left & right
    if kind == "function" and type_of(node.procedure) == "variable" and node.arguments:
        return _known_by_test(node.procedure.value, node.arguments[0], holds, depth + 1)
    if not holds:
        return NO_NAMES
    if kind == "binary" and node.value in _COMPARISONS:
        return _known_if_compared(node.lhs, node.value) | _known_if_compared(node.rhs, node.value)
    return _root_of(node)


def _known_by_test(name: str, argument: Any, holds: bool, depth: int) -> Names:
    if name in ("not", "boolean"):
        return known_if(argument, holds=holds == (name == "boolean"), depth=depth)
    return _root_of(argument) if holds and name == "exists" else NO_NAMES


def _known_if_compared(node: Any, operator: str) -> Names:
    """List the variables of a comparison that holds: what is undefined equals nothing."""
    if type_of(node) == "function" and type_of(node.procedure) == "variable" and node.arguments:
        name = node.procedure.value
        counted = name == "count" and operator == ">"
        return _root_of(node.arguments[0]) if name in _STRICT or counted else NO_NAMES
    return _root_of(node)


def _root_of(node: Any) -> Names:
    """Return the variable that a value is, or is looked up in."""
    if type_of(node) == "path":
        node = node.steps[0]
    return frozenset({node.value}) if type_of(node) == "variable" and node.value else NO_NAMES
