"""Evaluating paths: a path's steps become one closure, the shortest that does it.

Jayway's semantics, as AWS uses them: a path that leads to one place (definite) gives the value
there or no match; one that may lead to several gives a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from carnation.asl.expressions.path_grammar import Step
from carnation.asl.expressions.steps import NoMatchError, select_many, select_one
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from carnation.asl.expressions.scope import Scope


def compile_root(root: str, find: Callable[[Any], Any]) -> Callable[[Scope], Any]:
    """Make what looks into the part of a scope that a root stands for."""
    if root == "$":
        return lambda scope: find(scope.document)
    if root == "$$":
        return lambda scope: find(scope.context)
    name = root[1:]

    def evaluate(scope: Scope) -> Any:
        if name not in scope.variables:
            raise NoMatchError(f"No results for path: ${name}")
        return find(scope.variables[name])

    return evaluate


def compile_steps(steps: tuple[Step, ...]) -> Callable[[Any], Any]:
    """Make what follows the steps from a value; raises `NoMatchError`."""
    if not steps:
        return lambda document: document
    chain = [(step, _Shown(steps, end)) for end, step in enumerate(steps, 1)]
    if all(step.kind == "field" for step in steps):
        return _compile_fields([step.value for step in steps], chain[-1][1])
    last = steps[-1]
    if last.kind == "fields" and all(step.is_definite for step in steps[:-1]):
        return _compile_merge(chain[:-1], last.value)
    if all(step.is_definite for step in steps):
        return _compile_one(chain)
    return _compile_many(list(steps))


class _Shown:
    """How a path is written up to one of its steps, put together when an error needs it."""

    def __init__(self, steps: tuple[Step, ...], end: int) -> None:
        self._steps, self._end = steps, end

    def __str__(self) -> str:
        return "$" + "".join(map(_shown, self._steps[: self._end]))


def _compile_fields(names: list[str], shown: _Shown) -> Callable[[Any], Any]:
    """Most paths are names alone; they deserve the shortest way."""

    def find(document: Any) -> Any:
        value = document
        for name in names:
            try:
                value = value[name]
            except (KeyError, TypeError, IndexError):
                raise NoMatchError(f"No results for path: {shown}") from None
        return value

    return find


def _compile_one(chain: list[tuple[Step, _Shown]]) -> Callable[[Any], Any]:
    def find(document: Any) -> Any:
        value = document
        for step, shown in chain:
            value = select_one(step, value, shown)
        return value

    return find


def _compile_merge(chain: list[tuple[Step, _Shown]], names: list[str]) -> Callable[[Any], Any]:
    find_holder = _compile_one(chain)
    return lambda document: _merged(names, find_holder(document))


def _compile_many(steps: list[Step]) -> Callable[[Any], Any]:
    function = steps.pop() if steps[-1].kind == "function" else None

    def find(document: Any) -> Any:
        values = [document]
        for step in steps:
            values = select_many(step, values, document)
        return values if function is None else select_one(function, values, function.value)

    return find


def _merged(names: list[str], value: Any) -> dict[str, Any]:
    """Several names at the end of a path make one object of those that are there."""
    if not isinstance(value, Mapping):
        raise NoMatchError(f"No results for path: {names}")
    return {name: value[name] for name in names if name in value}


def _shown(step: Step) -> str:
    """Write a step as Jayway does in its errors."""
    kind, value = step.kind, step.value
    if kind == "field":
        return f"['{value}']"
    if kind in ("fields", "indexes"):
        return (
            "[" + ",".join(f"'{item}'" if kind == "fields" else str(item) for item in value) + "]"
        )
    if kind == "index":
        return f"[{value}]"
    if kind == "slice":
        return "[" + ":".join("" if bound is None else str(bound) for bound in value) + "]"
    if kind == "descend":
        return ".." + _shown(value)
    return {"wildcard": "[*]", "filter": "[?]"}.get(kind, f".{value}()")
