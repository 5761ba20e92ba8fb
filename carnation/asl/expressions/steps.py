"""What the steps of a path do: each takes the values reached so far and returns the next ones.

A path that leads to one place has no match where a field is missing; a path that may lead to
several passes over what is missing, which is how AWS sets Jayway up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from carnation.asl.expressions.filters import MISSING, Operand, Predicate, holds
from carnation.asl.expressions.path_grammar import Step
from carnation.errors import EvaluationError
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class NoMatchError(EvaluationError):
    """A path that leads to one place leads nowhere in this document."""


def select_one(step: Step, value: Any, walked: object) -> Any:
    """Take a definite step from one value; raises `NoMatchError`."""
    found = _one(step, value)
    if found is MISSING:
        raise NoMatchError(f"No results for path: {walked}")
    return found


def select_many(step: Step, values: list[Any], root: Any) -> list[Any]:
    """Take a step from several values, passing over those that have nothing there."""
    return [found for value in values for found in _each(step, value, root)]


def _one(step: Step, value: Any) -> Any:
    if step.kind == "field":
        return value.get(step.value, MISSING) if isinstance(value, Mapping) else MISSING
    if step.kind == "index":
        inside = isinstance(value, list) and -len(value) <= step.value < len(value)
        return value[step.value] if inside else MISSING
    return _AGGREGATES[step.value](value)


def _each(step: Step, value: Any, root: Any) -> Iterator[Any]:
    if step.is_definite:
        found = _one(step, value)
        if found is not MISSING:
            yield found
    else:
        yield from _SEVERAL[step.kind](step.value, value, root)


def _wildcard(_: None, value: Any, root: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _fields(names: list[str], value: Any, root: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name in names:
            if name in value:
                yield value[name]


def _indexes(numbers: list[int], value: Any, root: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for number in numbers:
            if -len(value) <= number < len(value):
                yield value[number]


def _slice(bounds: tuple[int | None, int | None], value: Any, root: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value[bounds[0] : bounds[1]]


def _filter(predicate: Predicate, value: Any, root: Any) -> Iterator[Any]:
    # a filter on an object keeps or drops the object itself
    for item in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:

        def value_of(operand: Operand, item: Any = item) -> Any:
            kind, content = operand
            return content if kind == "value" else _operand(content, item, root)

        if holds(predicate, value_of):
            yield item


def _operand(path: tuple[str, tuple[Step, ...]], item: Any, root: Any) -> Any:
    values = [item if path[0] == "@" else root]
    for step in path[1]:
        values = select_many(step, values, root)
    if all(step.is_definite for step in path[1]):
        return values[0] if values else MISSING
    return values


def _descend(inner: Step, value: Any, root: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (Mapping, list)):
            yield from _each(inner, node, root)
            waiting.extend(reversed(list(node.values() if isinstance(node, Mapping) else node)))


_SEVERAL: Mapping[str, Callable[[Any, Any, Any], Iterator[Any]]] = {
    "wildcard": _wildcard,
    "fields": _fields,
    "indexes": _indexes,
    "slice": _slice,
    "filter": _filter,
    "descend": _descend,
}


def _on_numbers(compute: Callable[[list[float]], float]) -> Callable[[Any], Any]:
    def aggregate(value: Any) -> Any:
        numbers = [
            item
            for item in (value if isinstance(value, list) else [])
            if isinstance(item, (int, float)) and not isinstance(item, bool)
        ]
        if not numbers:
            raise EvaluationError(
                "Aggregation function attempted to calculate value using empty array"
            )
        return compute(numbers)

    return aggregate


def _spread(numbers: Any) -> float:
    import statistics  # 10 ms, and hardly a path asks for it

    return float(statistics.pstdev(numbers))


_AGGREGATES: Mapping[str, Callable[[Any], Any]] = {
    "length": lambda value: len(value) if isinstance(value, (list, str, dict)) else MISSING,
    "keys": lambda value: list(value) if isinstance(value, dict) else MISSING,
    "first": lambda value: value[0] if isinstance(value, list) and value else MISSING,
    "last": lambda value: value[-1] if isinstance(value, list) and value else MISSING,
    "min": _on_numbers(lambda numbers: float(min(numbers))),
    "max": _on_numbers(lambda numbers: float(max(numbers))),
    "sum": _on_numbers(lambda numbers: float(sum(numbers))),
    "avg": _on_numbers(lambda numbers: float(sum(numbers) / len(numbers))),
    "stddev": _on_numbers(_spread),
}
