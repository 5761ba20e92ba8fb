"""JSONata, by jsonata-python: parsed and cached, with AWS's functions, bindings and refusals.

The library is imported when the first expression is parsed; what it does otherwise than AWS is in
`jsonata_dialect`.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html.
"""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

from carnation.asl.expressions.jsonata_functions import FUNCTIONS
from carnation.asl.expressions.jsonata_values import (
    UNDEFINED,
    InternalError,
    LimitError,
    UnsupportedResultError,
    format_number,
    to_number,
)
from carnation.asl.expressions.scope import Scope
from carnation.errors import EvaluationError, ExpressionError

# Python's own errors that the library lets through
_LEAKS = (
    *(ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError),
    *(OSError, re.error),
)
_FRAMES = 10_000


class Use(NamedTuple):
    """A function, a variable or a bare name that an expression uses, and its column."""

    name: str
    column: int


class Jsonata:
    """An expression, parsed.

    `functions`, `variables` (without those it defines itself) and `fields` (names that look into
    the input from the top, which AWS has none of) say what it uses.
    """

    def __init__(self, text: str, compiled: Any, uses: Mapping[str, tuple[Use, ...]]) -> None:
        """Keep what `parse_jsonata` found."""
        self.text = text
        self.functions, self.variables, self.fields = (
            uses["function"],
            uses["variable"],
            uses["name"],
        )
        self._compiled = compiled
        self._calls = {use.name for use in (*self.functions, *self.variables)}

    def __repr__(self) -> str:
        """Show the text."""
        return f"Jsonata({self.text!r})"

    def evaluate(self, scope: Scope) -> Any:
        """Compute its value; `UNDEFINED` where it finds nothing.

        `scope.variables` hold what `$states` and the workflow's variables are. Raises
        `EvaluationError` with AWS's code and text.
        """
        dialect = _load()
        bindings = {
            name: dialect.NULL if value is None else value
            for name, value in scope.variables.items()
            if name in self._calls
        }
        for name in self._calls & FUNCTIONS.keys():
            bindings[name] = dialect.Jsonata.JLambda(FUNCTIONS[name](scope, dialect))
        try:
            with _deep_stack():
                return _plain(self._compiled.run(bindings), dialect)
        except dialect.JException as error:
            raise EvaluationError(dialect.describe(error), error.location + 1) from None
        except RecursionError:
            raise LimitError(dialect.DEPTH) from None
        except EvaluationError:
            raise
        except _LEAKS:
            raise InternalError("threw an internal error during evaluation.") from None


@lru_cache(maxsize=2048)
def parse_jsonata(text: str) -> Jsonata:
    """Parse an expression, without its `{% %}`; raises `ExpressionError` with the column.

    >>> parse_jsonata("$n + 1").evaluate(Scope(variables={"n": 2}))
    3
    >>> parse_jsonata("$n +")
    Traceback (most recent call last):
    carnation.errors.ExpressionError: the JSONata '$n +', column 5: Unexpected end of expression ...
    """
    dialect = _load()
    try:
        with warnings.catch_warnings(), _deep_stack():
            warnings.simplefilter("ignore")  # of `re`, about a pattern that is the user's
            compiled = dialect.Expression(text)
    except dialect.JException as error:
        raise _refusal(text, f"{error} ({error.get_error()}).", error.location) from None
    except (RecursionError, *_LEAKS):
        raise _refusal(text, "it cannot be parsed.", 0) from None
    uses: dict[str, list[Use]] = {"function": [], "variable": [], "name": [], "lambda": []}
    for kind, use in _find_uses(compiled.ast):
        uses[kind].append(use)
    for use in (*uses["function"], *uses["variable"]):
        if use.name == "eval":
            raise _refusal(text, "AWS forbids $eval. Write the expression out.", use.column - 1)
    return Jsonata(text, compiled, {kind: tuple(found) for kind, found in uses.items()})


def _refusal(text: str, problem: str, at: int) -> ExpressionError:
    return ExpressionError(f"the JSONata '{text}', column {at + 1}: {problem}", at + 1)


@lru_cache(maxsize=1)
def _load() -> ModuleType:
    limit = sys.getrecursionlimit()
    try:
        import jsonata  # noqa: F401 - the dialect may be loaded, and the library gone

        from carnation.asl.expressions import jsonata_dialect
    except ImportError as error:
        raise ExpressionError(
            "JSONata needs jsonata-python: pip install 'carnation[jsonata]'."
        ) from error
    finally:
        sys.setrecursionlimit(limit)  # the library raises it for the whole process
    return jsonata_dialect


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Give a function that calls itself room, for as long as it is evaluated."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _plain(value: Any, dialect: ModuleType) -> Any:
    """Turn the library's values into JSON values; anything else is of no type JSON has."""
    if value is None:
        return UNDEFINED
    if value is dialect.NULL:
        return None
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float):  # JSON has no Infinity and no NaN: AWS writes their names
        return to_number(value) if math.isfinite(value) else format_number(value)
    if isinstance(value, Mapping):
        return {key: _inner(item, dialect) for key, item in value.items()}
    if isinstance(value, list):
        return [_inner(value[at], dialect) for at in range(len(value))]
    raise UnsupportedResultError("returned an unsupported result type.")


def _inner(value: Any, dialect: ModuleType) -> Any:
    # inside a document, None is a null that was there before
    return None if value is None else _plain(value, dialect)


_CHILDREN = (
    *("arguments", "body", "condition", "expr", "expression", "expressions", "group", "lhs"),
    *("lhs_object", "pattern", "procedure", "rhs", "rhs_object", "rhs_terms", "then", "_else"),
    *("update", "delete", "terms"),
)
_INSIDE = ("predicate", "stages")


def _find_uses(ast: Any) -> Iterator[tuple[str, Use]]:
    """Walk the tree: (kind, use); a name counts only where it looks into the top."""
    waiting: list[tuple[Any, bool, frozenset[str]]] = [(ast, True, frozenset())]
    seen: set[int] = set()
    while waiting:
        node, at_top, own = waiting.pop()
        if isinstance(node, (list, tuple)):
            waiting.extend((item, at_top, own) for item in reversed(node))
            continue
        if not hasattr(node, "position") or id(node) in seen:
            continue
        seen.add(id(node))
        if node.type == "lambda":
            own = own | {argument.value for argument in node.arguments}
            yield "lambda", Use("function", node.position)
        yield from _uses_of(node, at_top, own)
        waiting.extend(reversed(list(_children(node, at_top, own | _bound_in(node)))))


def _uses_of(node: Any, at_top: bool, own: frozenset[str]) -> Iterator[tuple[str, Use]]:
    if node.type in ("function", "partial") and getattr(node.procedure, "type", "") == "variable":
        name = node.procedure.value
        kind = "variable" if name in own else "function"
        if kind == "function":
            yield kind, Use(name, node.procedure.position - len(name))
    elif node.type == "variable" and node.value not in own:
        yield "variable", Use(node.value, node.position - len(str(node.value)))
    elif node.type == "name" and at_top:
        yield "name", Use(str(node.value), node.position - len(str(node.value)) + 1)


def _bound_in(node: Any) -> frozenset[str]:
    """Names that a block binds with `:=`."""
    bound = set()
    for expression in node.expressions or () if node.type == "block" else ():
        if getattr(expression, "type", None) == "bind":
            bound.add(expression.lhs.value)
    return frozenset(bound)


def _children(
    node: Any, at_top: bool, own: frozenset[str]
) -> Iterator[tuple[Any, bool, frozenset[str]]]:
    for at, step in enumerate(node.steps or ()):
        yield step, at_top and at == 0, own
    for name in _INSIDE:
        yield getattr(node, name, None), False, own
    for name in _CHILDREN:
        skip = (name == "procedure" and getattr(node.procedure, "type", "") == "variable") or (
            name == "lhs" and node.type == "bind"
        )
        if not skip:
            yield getattr(node, name, None), at_top, own
