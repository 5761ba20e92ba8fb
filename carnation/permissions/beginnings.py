"""How a value that an execution works out begins: by the parsers of intrinsics and of JSONata."""

from __future__ import annotations

import os

from carnation.asl.expressions import Intrinsic, Path, parse_intrinsic, parse_jsonata
from carnation.document.values import Json
from carnation.errors import ExpressionError

_MAX_DEPTH = 40


def find_beginning(text: str) -> tuple[str, bool]:
    """Return how the value of an expression begins, and whether that is all of it.

    >>> find_beginning("States.Format('a/{}/{}', 'b', $.key)")
    ('a/b/', False)
    >>> find_beginning("{% 'a/' & ('b' & $key) %}")
    ('a/b', False)
    >>> find_beginning("$.key")
    ('', False)
    """
    text = text.strip()
    try:
        if text.startswith("{%"):
            return _begin_node(parse_jsonata(text[2:].removesuffix("%}").strip()).tree, 0)
        return _begin_argument(parse_intrinsic(text)) if text.startswith("States.") else ("", False)
    except ExpressionError:
        return "", False


def _begin_argument(argument: Json) -> tuple[str, bool]:
    if isinstance(argument, Path):
        return "", False
    if not isinstance(argument, Intrinsic):
        return _begin_value(argument.value)
    template = argument.arguments[0] if argument.name == "States.Format" else None
    if template is None or isinstance(template, (Path, Intrinsic)):
        return "", False
    begun, *rest = _split_places(template.raw)
    for value, piece in zip(argument.arguments[1:], rest, strict=False):
        inner, is_whole = _begin_argument(value)
        begun += inner
        if not is_whole:
            return begun, False
        begun += piece
    return begun, len(rest) < len(argument.arguments)


def _split_places(raw: str) -> list[str]:
    """Split the text of States.Format at its `{}`; a backslash keeps what is behind it."""
    pieces, at = [""], 0
    while at < len(raw):
        if raw.startswith("{}", at):
            pieces.append("")
            at += 2
            continue
        at += raw[at] == "\\"
        pieces[-1] += raw[at : at + 1]
        at += 1
    return pieces


def _begin_node(node: Json, depth: int) -> tuple[str, bool]:
    if depth > _MAX_DEPTH or node.predicate or node.stages or node.group:
        return "", False
    if node.type == "string":
        return _begin_value(node.value)
    if node.type == "block" and len(node.expressions) == 1:
        return _begin_node(node.expressions[0], depth + 1)
    if node.type == "binary" and node.value == "&":
        left, is_whole = _begin_node(node.lhs, depth + 1)
        right, ends = _begin_node(node.rhs, depth + 1) if is_whole else ("", False)
        return left + right, ends
    if node.type == "condition" and node._else is not None:
        sides = [_begin_node(side, depth + 1) for side in (node.then, node._else)]
        if sides[0] == sides[1]:
            return sides[0]
        common = os.path.commonprefix([begun for begun, _ in sides])  # noqa: RUF071 - characters
        return common, False
    return "", False


def _begin_value(value: Json) -> tuple[str, bool]:
    return (value, True) if isinstance(value, str) else ("", False)
