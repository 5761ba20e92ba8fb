"""Risks of functions: arguments that cannot be, and functions that JSONata does not have."""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.graph import Problem
from carnation.errors import ExpressionError
from carnation.linter.expression_sites import list_expressions
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.expressions import list_jsonata
from carnation.linter.rules.risks.variables import LIBRARY

_HASHES = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")


@risk("wrong-function-argument", WARNING)
def find_wrong_arguments(machine: Machine) -> Iterator[Problem]:
    """A function is called with an argument that it cannot take.

    Problem: `States.Format` has another number of places `{}` than of values, a hash algorithm does
    not exist, a string is given where an array is expected: the state fails when it runs
    (`States.IntrinsicFailure`, `States.QueryEvaluationError`).
    Solution: correct the call as the message says. Algorithms are MD5, SHA-1, SHA-256, SHA-384 and
    SHA-512; a brace in a template is written `\\{`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
    """
    for use in list_expressions(machine):
        if use.kind in ("template", "either") and str(use.value).startswith("States."):
            for message in _find_in_intrinsic(use.value):
                yield use.part.problem(message, use.inner)
    for use, expression in list_jsonata(machine):
        for name, arguments, column in expression.uses.calls:
            algorithm = arguments[1] if name == "hash" and len(arguments) == 2 else None
            if algorithm is not None and algorithm not in _HASHES:
                known = ", ".join(_HASHES)
                message = (
                    f"'$hash' (column {column}) does not know '{algorithm[:20]}'; it knows {known}"
                )
                yield use.part.problem(message, use.inner)


def _find_in_intrinsic(text: str) -> Iterator[str]:
    from carnation.asl.expressions.intrinsic_arguments import find_wrong_arguments
    from carnation.asl.expressions.intrinsics import parse_intrinsic  # only who calls one pays

    try:
        yield from find_wrong_arguments(parse_intrinsic(text))
    except ExpressionError:
        return  # `invalid-intrinsic` says so


@risk("unknown-jsonata-function", WARNING)
def find_unknown_functions(machine: Machine) -> Iterator[Problem]:
    """An expression calls a function that neither JSONata nor Step Functions has.

    Problem: workflow variables hold no functions, so the call fails when it runs: "Attempted to
    invoke a non-function".
    Solution: correct the name, or define the function in the expression:
    `($f := function($x) { … }; $f(1))`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for use, expression in list_jsonata(machine):
        for name, column in dict.fromkeys(expression.uses.functions):
            if name not in LIBRARY and name != "eval":
                near = machine.suggest(name, LIBRARY)
                message = f"there is no function '${name}' (column {column}).{near}"
                yield use.part.problem(message, use.inner)
