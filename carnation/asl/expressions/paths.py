"""Paths: what `$.orders[0].id` finds in a document, and where `ResultPath` puts a value.

A path is parsed once, into a closure. Jayway's semantics, as AWS uses them: a path that leads to
one place (definite) gives the value there or no match; one that may lead to several gives a list.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from carnation.asl.expressions.path_grammar import Step, read_root, read_steps
from carnation.asl.expressions.scanner import Scanner
from carnation.asl.expressions.steps import NoMatchError, select_many, select_one
from carnation.errors import EvaluationError

if TYPE_CHECKING:
    from carnation.asl.expressions.scope import Scope

__all__ = ["NoMatchError", "Path", "parse_path", "parse_reference_path", "read_path"]


class Path:
    """A path, parsed.

    `root` is `$`, `$$` or `$name`; `steps` follow it; `find` looks into what the root stands for.
    """

    def __init__(self, text: str, root: str, steps: tuple[Step, ...]) -> None:
        """Compile; `parse_path` makes paths."""
        self.text, self.root, self.steps = text, root, steps
        self.is_definite = all(
            step.is_definite or (step.kind == "fields" and step is steps[-1]) for step in steps
        ) or (bool(steps) and steps[-1].kind == "function")
        self.find: Callable[[Any], Any] = _compile(steps)
        # finds it in what its root stands for in a scope; raises `NoMatchError`
        self.evaluate: Callable[[Scope], Any] = self._compile_root()

    def __repr__(self) -> str:
        """Show the text."""
        return f"Path({self.text!r})"

    @property
    def is_context(self) -> bool:
        """Whether the path looks into the Context object."""
        return self.root == "$$"

    @property
    def variable(self) -> str | None:
        """The name of the variable it looks into, if it does."""
        return self.root[1:] if self.root not in ("$", "$$") else None

    @property
    def is_reference(self) -> bool:
        """Whether it is a reference path: only names and indexes."""
        return all(
            step.kind == "field" or (step.kind == "index" and step.value >= 0)
            for step in self.steps
        )

    def _compile_root(self) -> Callable[[Scope], Any]:
        find, name = self.find, self.root[1:]
        if self.root == "$":
            return lambda scope: find(scope.document)
        if self.root == "$$":
            return lambda scope: find(scope.context)

        def evaluate(scope: Scope) -> Any:
            if name not in scope.variables:
                raise NoMatchError(f"No results for path: ${name}")
            return find(scope.variables[name])

        return evaluate

    def put(self, document: Any, value: Any) -> Any:
        """Return a copy of the document with a value at this path; what is in the way is made.

        >>> parse_path("$.a.b").put({"c": 1}, 2)
        {'c': 1, 'a': {'b': 2}}
        """
        if not self.steps:
            return value
        copy = {"": document}
        holder: Any = copy
        key: Any = ""
        for step in self.steps:
            holder[key] = self._opened(holder[key], step, document)
            holder, key = holder[key], step.value
        holder[key] = value
        return copy[""]

    def _opened(self, inner: Any, step: Step, document: Any) -> Any:
        """Copy what a step goes into, with room for the step."""
        if step.kind == "field" and isinstance(inner, Mapping):
            return {**inner, step.value: inner.get(step.value, {})}
        if step.kind == "index" and isinstance(inner, list) and step.value < len(inner):
            return list(inner)
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        raise EvaluationError(f"Unable to apply ReferencePath {self.text} to input {text}")


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Parse a path; raises `ExpressionError` with the column of what is wrong.

    >>> parse_path("$.items[1:].id").find({"items": [{"id": 1}, {"id": 2}, {"id": 3}]})
    [2, 3]
    >>> parse_path("$.items[0")
    Traceback (most recent call last):
    carnation.errors.ExpressionError: the path '$.items[0', column 10: the bracket does not end. ...
    """
    scanner = Scanner(text, "the path")
    path = read_path(scanner)
    if scanner.text[scanner.at :].strip():  # Jayway trims, and published definitions rely on it
        scanner.reject("a step starts with '.' or '['. For an odd name, write ['the name'].")
    return path


def parse_reference_path(text: str) -> Path:
    """Parse a path that may hold names and indexes only, as ResultPath does.

    >>> parse_reference_path("$.a[*]")
    Traceback (most recent call last):
    carnation.errors.ExpressionError: the path '$.a[*]', column 4: a reference path holds ...
    """
    path = parse_path(text)
    for step in path.steps:
        if not (step.kind == "field" or (step.kind == "index" and step.value >= 0)):
            Scanner(text, "the path").reject(
                "a reference path holds names and indexes from 0 only.", step.column
            )
    return path


def read_path(scanner: Scanner) -> Path:
    """Read a path where a scanner stands."""
    start = scanner.at
    root = read_root(scanner)
    if root == "@":
        scanner.reject("'@' is valid in filters only. A path starts with '$'.", start + 1)
    steps = read_steps(scanner)
    return Path(scanner.text[start : scanner.at], root, steps)


def _compile(steps: tuple[Step, ...]) -> Callable[[Any], Any]:
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
