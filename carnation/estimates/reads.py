"""What an expression reads, by its syntax tree: the names along each path, and as what.

Paths, intrinsic functions and JSONata are read alike. Names begin behind what is not of the data:
`$.a.b`, `$states.input.a.b`, `$$.Execution.Input.a.b` and `$kept.a.b` read `a` and `b`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from carnation.asl.expressions import Intrinsic, Path, parse_intrinsic, parse_jsonata, parse_path
from carnation.asl.expressions.jsonata_uses import walk_tree
from carnation.errors import CarnationError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_ITEM = ["Map", "Item", "Value"]
_GIVEN = ["Execution", "Input"]
_COUNTED = frozenset({
    "abs", "ceil", "floor", "formatBase", "formatInteger", "formatNumber", "power", "round", "sqrt",
    "number", "sum", "max", "min", "average", "fromMillis",
})  # fmt: skip
_OVER_ITEMS = frozenset({"map", "filter", "single", "reduce", "sort"})
_ORDERS = {"=": 0, "<=": 0, ">=": 0, "<": -1, ">": 1}
_SWAPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ARITHMETIC = ("+", "-", "*", "/", "%")
_LITERALS = ("string", "number", "value")


class Read(NamedTuple):
    """A path: its names, whether its end is a list, and how long lists along it are at least.

    `in_item` tells that the item of a Map is read; `gathers` names the list of which each item
    gives a part, as in `$.users[*].name`.
    """

    names: tuple[str, ...]
    is_list: bool = False
    lengths: tuple[tuple[str, int], ...] = ()
    in_item: bool = False
    gathers: str = ""
    variable: str = ""


class Expression(NamedTuple):
    """What one text reads.

    `calls` are functions with the paths that they get (those of JSONata with a `$`), `numbers` the
    paths that are computed with, `compared` those that are compared, with a value for which that
    holds, `exists` the path that the whole expression asks for.
    """

    reads: tuple[Read, ...] = ()
    calls: tuple[tuple[str, tuple[Read, ...]], ...] = ()
    numbers: tuple[Read, ...] = ()
    compared: tuple[tuple[Read, Any], ...] = ()
    exists: Read | None = None


_EMPTY = Expression()
MADE = "()"
"""Stands for a variable where a path begins with what a function makes: `$parse(…).id`."""


def read_text(text: str) -> Expression:
    """Describe what a text reads, if it is an expression.

    >>> [read.names for read in read_text("States.Format('{}', $.order.id)").reads]
    [('order', 'id')]
    >>> read_text("{% $states.input.n > 3 %}").compared[0][1]
    4
    """
    return _read_expression(text) if text.startswith(("{%", "$", "States.")) else _EMPTY


@lru_cache(maxsize=4096)
def _read_expression(text: str) -> Expression:
    try:
        if text.startswith("{%") and text.endswith("%}"):
            return _read_tree(parse_jsonata(text[2:-2].strip()).tree)
        if text.startswith("$"):
            return Expression(_list_known([parse_path(text)]))
        if text.startswith("States."):
            return _read_call(parse_intrinsic(text))
    except CarnationError:
        pass  # what runs it says so
    return _EMPTY


def list_texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value."""
    waiting = [value]
    for item in waiting:  # grows while we walk
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def list_reads(value: Any) -> list[Read]:
    """List what the texts in a value read of the data; items of Maps are apart."""
    return [read for text in list_texts(value) for read in read_text(text).reads
            if read.names and not read.in_item]  # fmt: skip


def _read_call(call: Intrinsic) -> Expression:
    calls = tuple(
        (each.name.removeprefix("States."),
         _list_known([one for one in each.arguments if isinstance(one, Path)]))
        for each in call.calls()
    )  # fmt: skip
    return Expression(_list_known(list(call.paths())), calls)


def _list_known(paths: Sequence[Path]) -> tuple[Read, ...]:
    found = (_read_path(path) for path in paths)
    return tuple(read for read in found if read is not None)


def _read_path(path: Path) -> Read | None:
    parts: list[tuple[str, int]] = []
    for step in path.steps:
        if step.kind == "field":
            parts.append((str(step.value), 0))
        elif step.kind == "index":
            parts.append(("", max(step.value, 0) + 1))
        elif step.kind in ("wildcard", "slice", "filter", "indexes"):
            parts.append(("", -1 if step.kind in ("wildcard", "slice") else 1))
        else:
            break
    return _make(path.root, parts)


def _make(root: str, parts: list[tuple[str, int]]) -> Read | None:
    """Make a read of the parts of a path: names, and what is taken of lists."""
    names = [name for name, _ in parts if name]
    skipped, in_item = 0, False
    if root == "$$":
        in_item = names[:3] == _ITEM
        skipped = 3 if in_item else 2
        if not in_item and names[:2] != _GIVEN:
            return None
    lengths: dict[str, int] = {}
    kept: list[str] = []
    is_list, gathers = False, ""
    for name, taken in parts:
        if name:
            if is_list and "*" in lengths and kept:
                gathers = gathers or kept[-1]
            kept.append(name)
            is_list = False
        else:
            is_list = True
            if taken < 0:
                lengths["*"] = 1
            if kept[skipped:]:
                lengths[kept[-1]] = max(lengths.get(kept[-1], 1), abs(taken))
    lengths.pop("*", None)
    variable = root[1:] if root not in ("$", "$$") else ""
    found = tuple(kept[skipped:])
    return Read(found, is_list, tuple(lengths.items()), in_item, gathers, variable)


def _read_tree(tree: Any) -> Expression:
    reads: list[Read] = []
    numbers: list[Read] = []
    compared: list[tuple[Read, Any]] = []
    calls: list[tuple[str, tuple[Read, ...]]] = []
    bound: dict[str, Read] = {}
    for node in walk_tree(tree):
        found = _read_node(node)
        if found and found.variable in bound:
            found = _enter(bound[found.variable], found)
        reads += [found] if found else []
        if node.type == "function":
            name = str(getattr(node.procedure, "value", ""))
            given = tuple(filter(None, map(_read_node, node.arguments[:1])))
            calls.append((f"${name}", given))
            bound |= _bind_items(name, node.arguments, given)
            numbers += given if name in _COUNTED else ()
        elif node.type == "binary" and node.value in _ARITHMETIC:
            sides = filter(None, map(_read_node, (node.lhs, node.rhs)))
            numbers += [one for one in sides if one.names]
        elif node.type == "binary" and node.value in _ORDERS:
            compared += _compare(node)
    return Expression(
        tuple(reads), tuple(calls), tuple(numbers), tuple(compared), _find_asked(tree)
    )


def _read_node(node: Any) -> Read | None:
    """Read a path or a variable; of `$states` what is the input or a result."""
    kind = getattr(node, "type", "")
    steps = node.steps if kind == "path" else [node] if kind == "variable" else []
    made = bool(steps) and steps[0].type in ("function", "block", "condition")
    if not made and (not steps or steps[0].type != "variable" or steps[0].value == ""):
        return None
    parts: list[tuple[str, int]] = []
    for step in steps[1:]:
        if step.type not in ("name", "string", "wildcard"):
            break
        if step.type != "wildcard":
            parts.append((str(step.value), 0))
        for stage in [*(step.stages or ()), *(step.predicate or ())]:
            number = stage.expr.value if type(stage.expr.value) in (int, float) else 0
            parts.append(("", int(max(number, 0)) + 1))
    if made:
        return _make(f"${MADE}", parts) if parts else None
    if steps[0].value != "states":
        return _make(f"${steps[0].value}", parts)
    first = parts.pop(0)[0] if parts else ""
    if first == "context":
        return _make("$$", parts)
    return _make("$", parts) if first in ("input", "result") else None


def _bind_items(name: str, arguments: Sequence[Any], given: Sequence[Read]) -> dict[str, Read]:
    """Map the variables of a function to the lists of their items: `$map(xs, function($x)…)`."""
    if name not in _OVER_ITEMS or len(arguments) < 2 or not given:
        return {}
    body = arguments[1]
    if getattr(body, "type", "") != "lambda":
        return {}
    taken = body.arguments[1:2] if name == "reduce" else body.arguments[:1]
    return {str(one.value): given[0] for one in taken}


def _enter(items: Read, read: Read) -> Read:
    """Read what is read of an item as a part of its list."""
    if not items.names or not read.names:
        return read
    lengths = ((items.names[-1], 1), *read.lengths)
    return read._replace(
        names=(*items.names, *read.names), lengths=lengths, in_item=items.in_item, variable=""
    )


def _compare(node: Any) -> Iterator[tuple[Read, Any]]:
    left, right, order = node.lhs, node.rhs, node.value
    if left.type in _LITERALS:
        left, right, order = right, left, _SWAPPED.get(order, order)
    read = _read_node(left)
    if read and right.type in _LITERALS and isinstance(right.value, (str, int, float)):
        value: Any = right.value
        is_number = not isinstance(value, (str, bool))
        yield read, value + _ORDERS[order] if is_number else value


def _find_asked(tree: Any) -> Read | None:
    if tree.type != "function" or getattr(tree.procedure, "value", "") != "exists":
        return None
    return _read_node(tree.arguments[0]) if len(tree.arguments) == 1 else None
