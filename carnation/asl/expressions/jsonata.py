"""JSONata: parsed and cached, and evaluated by jsonata-python with AWS's functions and bindings.

Reading an expression hardly ever loads the library: `jsonata_grammar` reads nearly all of them.
`jsonata_dialect` has what the library does otherwise than AWS.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from math import isfinite
from types import ModuleType

from carnation.asl.expressions.jsonata_grammar import UnsureError, read_tree
from carnation.asl.expressions.jsonata_uses import FunctionReference, Uses, find_uses
from carnation.asl.expressions.jsonata_values import (
    MEMORY,
    UNDEFINED,
    InternalError,
    LimitError,
    UnsupportedResultError,
    format_number,
    to_number,
)
from carnation.asl.expressions.scanner import check_length, cut_text
from carnation.errors import EvaluationError, ExpressionError
from carnation.lazy import TYPE_CHECKING, re

if TYPE_CHECKING:
    from typing import Any

    from carnation.asl.expressions.scope import Scope

__all__ = ["FunctionReference", "Jsonata", "parse_jsonata"]

# Python's own errors that the library lets through
_LEAKS = (
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    OSError,
)
_FRAMES = 10_000
_NEWER = " AWS runs JSONata 2.0.6, which has neither '??' nor '?:'. Write '$exists(a) ? a : b'."


class Jsonata:
    """An expression, parsed.

    `tree` is its syntax tree; `uses` says what it uses; `functions`, `variables` (without those it
    defines itself) and `fields` (bare names at the top, where AWS has nothing) are parts of that.
    """

    def __init__(self, text: str, tree: Any, uses: Uses, compiled: Any = None) -> None:
        """Keep what `parse_jsonata` found."""
        self.text = text
        self.uses = uses
        self.functions, self.variables, self.fields = uses.functions, uses.variables, uses.fields
        self.tree = tree
        self._compiled = compiled
        self._calls = {use.name for use in (*self.functions, *self.variables)}

    def __repr__(self) -> str:
        """Show the text."""
        return f"Jsonata({self.text!r})"

    def prepare(self) -> Jsonata:
        """Have the library read it, too; raises `ExpressionError` where that is not installed."""
        self._compiled = self._compiled or _compile(self.text)
        return self

    def evaluate(self, scope: Scope) -> Any:
        """Compute its value; `UNDEFINED` where it finds nothing.

        `scope.variables` hold what `$states` and the workflow's variables are. Raises
        `EvaluationError` with AWS's code and text.
        """
        from carnation.asl.expressions.jsonata_functions import FUNCTIONS

        dialect, _ = _load(), self.prepare()
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
        except MemoryError:
            raise LimitError(MEMORY) from None
        except EvaluationError:
            raise
        except (re.error, *_LEAKS):
            raise InternalError("threw an internal error during evaluation.") from None


@lru_cache(maxsize=16_384)  # of one definition: several rules ask, one after the other
def parse_jsonata(text: str) -> Jsonata:
    """Parse an expression, without its `{% %}`; raises `ExpressionError` with the column.

    >>> from carnation.asl.expressions import Scope
    >>> parse_jsonata("$n + 1").evaluate(Scope(variables={"n": 2}))
    3
    >>> parse_jsonata("$n +")
    Traceback (most recent call last):
    carnation.errors.ExpressionError: the JSONata '$n +', column 5: Unexpected end of expression ...
    """
    check_length(text, "the JSONata")
    try:
        tree, compiled = read_tree(text), None
    except (UnsureError, RecursionError):
        compiled = _compile(text)
        tree = compiled.ast
    uses = find_uses(tree, binds=":=" in text)
    for use in (*uses.functions, *uses.variables):
        if use.name == "eval":
            raise _refusal(text, "AWS forbids $eval. Write the expression out.", use.column - 1)
    return Jsonata(text, tree, uses, compiled)


def _compile(text: str) -> Any:
    """Let the library read an expression, and word what is wrong with it."""
    import warnings

    dialect = _load()
    try:
        with warnings.catch_warnings(), _deep_stack():
            warnings.simplefilter("ignore")  # of `re`, about a pattern that is the user's
            return dialect.Expression(text)
    except dialect.JException as error:
        hint = _NEWER if isinstance(error, dialect.NewerError) else ""
        problem = f"{error} ({error.get_error()}).{hint}"
        raise _refusal(text, problem, error.location) from None
    except (RecursionError, re.error, *_LEAKS):
        raise _refusal(text, "it cannot be parsed.", 0) from None


def _refusal(text: str, problem: str, at: int) -> ExpressionError:
    shown = cut_text(text)
    return ExpressionError(f"the JSONata '{shown}', column {at + 1}: {problem}", at + 1)


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
    """Return a function that calls itself room, for as long as it is evaluated."""
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
        return to_number(value) if isfinite(value) else format_number(value)
    if isinstance(value, Mapping):
        return {key: _inner(item, dialect) for key, item in value.items()}
    if isinstance(value, list):
        return [_inner(value[at], dialect) for at in range(len(value))]
    raise UnsupportedResultError("returned an unsupported result type.")


def _inner(value: Any, dialect: ModuleType) -> Any:
    # inside a document, None is a null that was there before
    return None if value is None else _plain(value, dialect)
