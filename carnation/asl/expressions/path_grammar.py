"""The grammar of paths: `$.orders[0].id`, `$$.Execution.Id`, `$total.sum`, `$.items[?(@.n > 1)]`.

The language is Jayway's JsonPath, which AWS runs. A path becomes a root and a tuple of steps;
`carnation.asl.expressions.steps` makes functions of them.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html and
https://github.com/json-path/JsonPath.
"""

from __future__ import annotations

from carnation.asl.expressions.scanner import Scanner
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

FUNCTIONS = ("length", "min", "max", "avg", "sum", "stddev", "keys", "first", "last")


class Step(NamedTuple):
    """One step of a path.

    `kind` is field, fields, index, indexes, slice, wildcard, filter, descend or function; `value`
    what it selects: a name, names, a number, bounds, a predicate, the step below a `..`.
    """

    kind: str
    value: Any
    column: int

    @property
    def is_definite(self) -> bool:
        """Whether the step leads to one place at most."""
        return self.kind in ("field", "index", "function")


_VARIABLE = compile_lazily(r"\$([^\W\d]\w*)")
_NAME = compile_lazily(r"[^.\[\]()\s,'\"?*]+")
_NAME_IN_FILTER = compile_lazily(r"[^.\[\]()\s,'\"?*<>=!&|~]+")
_WHOLE = compile_lazily(r"-?\d+")


def read_plain(text: str) -> tuple[str, tuple[Step, ...]] | None:
    """Read the root and steps of a path that is words and dots alone, as most are."""
    root, *names = text.split(".")
    if not text.isascii() or not (root in ("$", "$$") or (root[:1] == "$" and _is_word(root[1:]))):
        return None
    steps, column = [], len(root) + 2
    for name in names:
        if not _is_word(name):
            return None
        steps.append(Step("field", name, column))
        column += len(name) + 1
    return root, tuple(steps)


_is_word = str.isidentifier


def read_root(scanner: Scanner) -> str:
    """Read `$`, `$$`, `$name` or, in a filter, `@`."""
    if scanner.accept("$$"):
        return "$$"
    found = scanner.match(_VARIABLE)
    if found:
        return found[0]
    for root in ("$", "@"):
        if scanner.accept(root):
            return root
    return scanner.reject("a path starts with '$'.")


def read_steps(scanner: Scanner) -> tuple[Step, ...]:
    """Read steps for as long as they come."""
    steps: list[Step] = []
    while scanner.peek(".") or scanner.peek("["):
        if steps and steps[-1].kind == "function":
            scanner.reject("nothing can follow a function. End the path there.")
        steps.append(_read_step(scanner))
    return tuple(steps)


def _read_step(scanner: Scanner) -> Step:
    column = scanner.column
    if scanner.accept(".."):
        inner = _read_bracket(scanner) if scanner.peek("[") else _read_dotted(scanner)
        return Step("descend", inner, column)
    if scanner.accept(".") and not scanner.peek("["):  # Jayway takes `$.[0]` for `$[0]`
        return _read_dotted(scanner)
    return _read_bracket(scanner)


def _read_dotted(scanner: Scanner) -> Step:
    column = scanner.column
    if scanner.accept("*"):
        return Step("wildcard", None, column)
    found = scanner.match(_NAME_IN_FILTER if scanner.depth else _NAME)
    if found is None:
        scanner.reject("a field's name is missing. Write a name after the dot, or drop the dot.")
    if scanner.accept("("):
        if found[0] not in FUNCTIONS or not scanner.accept(")"):
            scanner.reject(f"unknown function '{found[0]}'. Known: {', '.join(FUNCTIONS)}.")
        return Step("function", found[0], column)
    return Step("field", found[0], column)


def _read_bracket(scanner: Scanner) -> Step:
    column = scanner.column
    scanner.accept("[")
    scanner.skip_blanks()
    if scanner.accept("*"):
        step = Step("wildcard", None, column)
    elif scanner.accept("?"):
        from carnation.asl.expressions.filters import parse_filter  # few paths have one

        step = Step("filter", parse_filter(scanner, read_operand), column)
    elif scanner.peek("'") or scanner.peek('"'):
        step = _read_names(scanner, column)
    else:
        step = _read_numbers(scanner, column)
    scanner.skip_blanks()
    scanner.expect("]", "the bracket does not end. Close it with ']'.")
    return step


def _read_names(scanner: Scanner, column: int) -> Step:
    names = [scanner.accept_quoted()]
    scanner.skip_blanks()
    while scanner.accept(","):
        scanner.skip_blanks()
        if not (scanner.peek("'") or scanner.peek('"')):
            scanner.reject("a quoted name is missing after the comma.")
        names.append(scanner.accept_quoted())
        scanner.skip_blanks()
    return Step("field", names[0], column) if len(names) == 1 else Step("fields", names, column)


def _read_numbers(scanner: Scanner, column: int) -> Step:
    first = _read_whole(scanner)
    if scanner.accept(":"):
        scanner.skip_blanks()
        return Step("slice", (first, _read_whole(scanner)), column)
    if first is None:
        scanner.reject("brackets hold a number, a quoted name, '*', a slice or '?(…)'.")
    numbers = [first]
    while scanner.accept(","):
        scanner.skip_blanks()
        number = _read_whole(scanner)
        if number is None:
            scanner.reject("a number is missing after the comma.")
        numbers.append(number)
    if len(numbers) > 1:
        return Step("indexes", numbers, column)
    return Step("index", first, column)


def _read_whole(scanner: Scanner) -> int | None:
    found = scanner.match(_WHOLE)
    scanner.skip_blanks()
    return int(found[0]) if found else None


def read_operand(scanner: Scanner) -> tuple[str, tuple[Step, ...]]:
    """Read a path inside a filter: its root (`@` or `$`) and its steps."""
    scanner.descend()
    root = read_root(scanner)
    steps = read_steps(scanner)
    scanner.depth -= 1
    return root, steps
