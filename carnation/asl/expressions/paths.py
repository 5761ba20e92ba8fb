"""Paths: what `$.orders[0].id` finds in a document, and where `ResultPath` puts a value.

A path is parsed once, into a closure. Jayway's semantics, as AWS uses them: a path that leads to
one place (definite) gives the value there or no match; one that may lead to several gives a list.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache

from carnation.asl.expressions.path_grammar import Step, read_plain, read_root, read_steps
from carnation.asl.expressions.scanner import Scanner
from carnation.errors import EvaluationError
from carnation.lazy import TYPE_CHECKING, json

if TYPE_CHECKING:
    from typing import Any

    from carnation.asl.expressions.scope import Scope

__all__ = ["Path", "parse_path", "parse_reference_path", "read_path"]


class Path:
    """A path, parsed.

    `root` is `$`, `$$` or `$name`; `steps` follow it; `find` looks into what the root stands for.
    Who only reads paths does not load what follows them.
    """

    def __init__(self, text: str, root: str, steps: tuple[Step, ...]) -> None:
        """Compile; `parse_path` makes paths."""
        self.text, self.root, self.steps = text, root, steps
        self.is_definite = all(
            step.is_definite or (step.kind == "fields" and step is steps[-1]) for step in steps
        ) or (bool(steps) and steps[-1].kind == "function")

    @cached_property
    def find(self) -> Callable[[Any], Any]:
        """What finds it in a document."""
        from carnation.asl.expressions.path_evaluation import compile_steps

        return compile_steps(self.steps)

    @cached_property
    def evaluate(self) -> Callable[[Scope], Any]:
        """What finds it in what its root stands for in a scope; raises `NoMatchError`."""
        from carnation.asl.expressions.path_evaluation import compile_root

        return compile_root(self.root, self.find)

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
    plain = read_plain(text)
    if plain:
        return Path(text, *plain)
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
