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

from carnation.asl.expressions.jsonata_functions import FUNCTIONS
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
from carnation.asl.expressions.scope import Scope
from carnation.errors import EvaluationError, ExpressionError
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

__all__ = ["FunctionReference", "Jsonata", "parse_jsonata"]

# Python's own errors that the library lets through
_LEAKS = (
    *(ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError),
    *(OSError, re.error),
)
_FRAMES = 10_000
_NEWER = " AWS runs JSONata 2.0.6, which has neither '??' nor '?:'. Write '$exists(a) ? a : b'."


class Jsonata:
    """An expression, parsed.

    `tree` is its syntax tree; `uses` says what it uses; `functions`, `variables` (without those it
    defines itself) and `fields` (bare names at the top, where AWS has nothing) are parts of that.
    """

    def __init__(self, text: str, compiled: Any, uses: Uses) -> None:
        """Keep what `parse_jsonata` found."""
        self.text = text
        self.uses = uses
        self.functions, self.variables, self.fields = uses.functions, uses.variables, uses.fields
        self.tree: Any = compiled.ast
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
        except MemoryError:
            raise LimitError(MEMORY) from None
        except EvaluationError:
            raise
        except _LEAKS:
            raise InternalError("threw an internal error during evaluation.") from None


@lru_cache(maxsize=16_384)  # of one definition: several rules ask, one after the other
def parse_jsonata(text: str) -> Jsonata:
    """Parse an expression, without its `{% %}`; raises `ExpressionError` with the column.

    >>> parse_jsonata("$n + 1").evaluate(Scope(variables={"n": 2}))
    3
    >>> parse_jsonata("$n +")
    Traceback (most recent call last):
    carnation.errors.ExpressionError: the JSONata '$n +', column 5: Unexpected end of expression ...
    """
    check_length(text, "the JSONata")
    dialect = _load()
    try:
        with warnings.catch_warnings(), _deep_stack():
            warnings.simplefilter("ignore")  # of `re`, about a pattern that is the user's
            compiled = dialect.Expression(text)
    except dialect.JException as error:
        hint = _NEWER if isinstance(error, dialect.NewerError) else ""
        problem = f"{error} ({error.get_error()}).{hint}"
        raise _refusal(text, problem, error.location) from None
    except (RecursionError, *_LEAKS):
        raise _refusal(text, "it cannot be parsed.", 0) from None
    uses = find_uses(compiled.ast, binds=":=" in text)
    for use in (*uses.functions, *uses.variables):
        if use.name == "eval":
            raise _refusal(text, "AWS forbids $eval. Write the expression out.", use.column - 1)
    return Jsonata(text, compiled, uses)


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
        return to_number(value) if math.isfinite(value) else format_number(value)
    if isinstance(value, Mapping):
        return {key: _inner(item, dialect) for key, item in value.items()}
    if isinstance(value, list):
        return [_inner(value[at], dialect) for at in range(len(value))]
    raise UnsupportedResultError("returned an unsupported result type.")


def _inner(value: Any, dialect: ModuleType) -> Any:
    # inside a document, None is a null that was there before
    return None if value is None else _plain(value, dialect)
