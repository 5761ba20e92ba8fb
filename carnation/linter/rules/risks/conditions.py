"""Conditions of JSONata in the words of a JSONPath Choice, so that both are judged alike.

`$states.input.n > 5 and $exists($x)` becomes an And of a `NumericGreaterThan` and an `IsPresent`;
what has no such words is a question of its own (`Asks`), equal only to itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from carnation.document.values import Json
from carnation.errors import ExpressionError

_ORDERS = {"=": "Equals", "<": "LessThan", "<=": "LessThanEquals", ">": "GreaterThan",
           ">=": "GreaterThanEquals"}  # fmt: skip
_SWAPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TYPES = {"number": "IsNumeric", "string": "IsString", "boolean": "IsBoolean", "null": "IsNull"}
_MAX_DEPTH = 20


@lru_cache(maxsize=1024)
def read_condition(text: str) -> dict[str, Json] | None:
    """Read a condition, without its `{% %}`; None if it cannot be parsed.

    >>> read_condition("$states.input.n > 5")
    {'Variable': '$states.input.n', 'NumericGreaterThan': 5}
    """
    from carnation.asl.expressions import parse_jsonata  # only who writes JSONata pays

    try:
        return _read(parse_jsonata(text).tree, 0)
    except ExpressionError:
        return None


def _read(node: Json, depth: int) -> dict[str, Json]:
    if depth < _MAX_DEPTH:
        if node.type == "block" and len(node.expressions) == 1:
            return _read(node.expressions[0], depth + 1)
        if node.type == "binary" and node.value in ("and", "or"):
            sides = [_read(side, depth + 1) for side in (node.lhs, node.rhs)]
            name = "And" if node.value == "and" else "Or"
            return {name: [part for side in sides for part in side.get(name, [side])]}
        if node.type == "value" and isinstance(node.value, bool):
            return {"Always": node.value}
        read = _read_comparison(node) or _read_test(node, depth)
        if read:
            return read
    return {"Asks": render_node(node)}


def _read_comparison(node: Json) -> dict[str, Json] | None:
    if node.type != "binary" or node.value not in _ORDERS:
        return None
    left, right, order = node.lhs, node.rhs, node.value
    if _is_literal(left):
        left, right, order = right, left, _SWAPPED[order]
    if not _is_literal(right):
        return None
    value = right.value
    if _calls(left) == "type" and order == "=" and value in _TYPES and left.arguments:
        return {"Variable": render_node(left.arguments[0]), _TYPES[value]: True}
    if isinstance(value, bool):
        return {"Variable": render_node(left), "BooleanEquals": value} if order == "=" else None
    family = "String" if isinstance(value, str) else "Numeric"
    return {"Variable": render_node(left), family + _ORDERS[order]: value}


def _read_test(node: Json, depth: int) -> dict[str, Json] | None:
    name = _calls(node)
    if name == "not" and len(node.arguments) == 1:
        return {"Not": _read(node.arguments[0], depth + 1)}
    if name == "boolean" and len(node.arguments) == 1:
        return _read(node.arguments[0], depth + 1)
    if name == "exists" and len(node.arguments) == 1:
        return {"Variable": render_node(node.arguments[0]), "IsPresent": True}
    return None


def _is_literal(node: Json) -> bool:
    return node.type in ("string", "number") or (
        node.type == "value" and isinstance(node.value, bool)
    )


def _calls(node: Json) -> str:
    """Name the function that a node calls; '' if it is no such call."""
    if node.type != "function" or getattr(node.procedure, "type", "") != "variable":
        return ""
    return str(node.procedure.value)


_NEVER_BOOLEAN = frozenset({
    "abs", "append", "average", "base64decode", "base64encode", "ceil", "count", "distinct", "each",
    "floor", "formatNumber", "fromMillis", "hash", "join", "keys", "length", "lowercase", "map",
    "merge", "millis", "now", "number", "pad", "partition", "power", "random", "range", "replace",
    "reverse", "round", "shuffle", "sort", "split", "spread", "sqrt", "string", "substring",
    "substringAfter", "substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "uuid",
})  # fmt: skip
_MATHS = frozenset({"+", "-", "*", "/", "%", "&", ".."})


_GIVES = {
    **dict.fromkeys(
        ("abs", "average", "ceil", "count", "floor", "length", "millis", "number", "power",
         "random", "round", "sqrt", "sum", "toMillis"), "number"),
    **dict.fromkeys(
        ("base64decode", "base64encode", "formatNumber", "fromMillis", "hash", "join", "lowercase",
         "now", "pad", "replace", "string", "substring", "substringAfter", "substringBefore",
         "trim", "type", "uppercase", "uuid"), "string"),
    **dict.fromkeys(("boolean", "contains", "exists", "not"), "boolean"),
}  # fmt: skip
_COMPARED = frozenset({"=", "!=", "<", "<=", ">", ">="})


def find_mismatches(tree: Json) -> Iterator[tuple[str, str, str]]:
    """Yield each comparison of values that are surely of two types: operator and both types.

    >>> from carnation.asl.expressions import parse_jsonata
    >>> [*find_mismatches(parse_jsonata("$count($x) = '3' and $y > 1").tree)]
    [('=', 'number', 'string')]
    """
    waiting, seen = [tree], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, (list, tuple)):
            waiting += reversed(node)
        elif hasattr(node, "type") and id(node) not in seen:
            seen.add(id(node))
            if node.type == "binary" and node.value in _COMPARED:
                left, right = _type_of(node.lhs), _type_of(node.rhs)
                if left and right and left != right:
                    yield node.value, left, right
            held = vars(node)
            if len(held) > _BARE:
                waiting += [held[name] for name in _PARTS_REVERSED if held.get(name)]


def _type_of(node: Json) -> str:
    """Name the type that a part of an expression surely gives; '' if that is not known."""
    while node.type == "block" and len(node.expressions) == 1:
        node = node.expressions[0]
    if node.type in ("string", "number"):
        return str(node.type)
    if node.type == "value" and isinstance(node.value, bool):
        return "boolean"
    if node.type == "binary" and node.value in _MATHS:
        return "string" if node.value == "&" else "" if node.value == ".." else "number"
    if node.type == "binary" and node.value in (*_COMPARED, "and", "or", "in"):
        return "boolean"
    return _GIVES.get(_calls(node), "")


def is_never_boolean(text: str) -> bool:
    """Return whether a condition surely gives neither true nor false.

    >>> is_never_boolean("$count($states.input.items)"), is_never_boolean("$states.input.ok")
    (True, False)
    """
    from carnation.asl.expressions import parse_jsonata  # only who writes JSONata pays

    try:
        node = parse_jsonata(text).tree
    except ExpressionError:
        return False
    while node.type == "block" and node.expressions:
        node = node.expressions[-1]
    if node.type in ("string", "number", "lambda", "regex", "unary"):
        return True
    if node.type == "value":
        return not isinstance(node.value, bool)
    if node.type == "binary":
        return node.value in _MATHS
    return _calls(node) in _NEVER_BOOLEAN


_PARTS = (
    "steps", "procedure", "arguments", "lhs", "rhs", "expression", "expressions", "lhs_object",
    "body", "condition", "then", "_else", "predicate", "stages", "expr", "group", "pattern",
    "update", "delete", "terms", "focus", "index",
)  # fmt: skip


_PARTS_REVERSED = _PARTS[::-1]
_BARE = 3  # a name or literal has a type, a value, and a position, and no parts


def render_node(node: Json, depth: int = 0) -> str:
    """Write a part of an expression; a path as it is usual, anything else by its structure."""
    if isinstance(node, (list, tuple)):
        return "[" + ",".join(render_node(one, depth + 1) for one in node) + "]"
    if not hasattr(node, "type"):
        return repr(node)
    if depth > _MAX_DEPTH:
        return f"…{id(node)}"
    held = vars(node)
    parts = [name for name in _PARTS if held.get(name)] if len(held) > _BARE else []
    if node.type == "variable" and not parts:
        return f"${node.value}"
    if node.type == "name" and not parts:
        return str(node.value)
    if node.type == "path" and parts == ["steps"]:
        return ".".join(render_node(step, depth + 1) for step in node.steps)
    inner = ",".join(f"{name}={render_node(getattr(node, name), depth + 1)}" for name in parts)
    return f"{node.type} {node.value!r} ({inner})"
