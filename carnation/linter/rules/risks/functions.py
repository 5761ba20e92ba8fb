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

_COUNTS = {
    name: (int(least), int(most))
    for least, most, names in (
        (0, 0, "millis uuid"),
        (0, 1, "random"),
        (0, 2, "now string error"),
        (1, 1, "length uppercase lowercase trim base64encode base64decode encodeUrl decodeUrl "
               "encodeUrlComponent decodeUrlComponent number abs floor ceil sqrt sum max min "
               "average boolean not exists count reverse shuffle distinct keys spread merge type "
               "parse"),
        (1, 2, "join round formatBase sort each sift assert single hash"),
        (1, 3, "fromMillis toMillis"),
        (2, 2, "substringBefore substringAfter contains power formatInteger parseInteger append "
               "lookup map filter partition"),
        (2, 3, "substring pad split match formatNumber reduce"),
        (3, 3, "range"),
        (3, 4, "replace"),
    )
    for name in names.split()
}  # fmt: skip
"""How many arguments functions of JSONata take: at least, and at the most."""
_HASHES = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")


@risk("wrong-function-argument", WARNING)
def find_wrong_arguments(machine: Machine) -> Iterator[Problem]:
    """A function is called with an argument that it cannot take.

    Problem: `States.Format` has another number of places `{}` than of values, a hash algorithm does
    not exist, a string is given where an array is expected, an argument too many: the state fails
    when it runs
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
        known = {one.name for one in expression.uses.functions}
        for name, arguments, column in expression.uses.calls:
            message = _check_count(name, len(arguments)) if name in known else ""
            if message:
                yield use.part.problem(f"'${name}' (column {column}) {message}", use.inner)
            algorithm = arguments[1] if name == "hash" and len(arguments) == 2 else None
            if algorithm is not None and algorithm not in _HASHES:
                hashes = ", ".join(_HASHES)
                message = (
                    f"'$hash' (column {column}) does not know '{algorithm[:20]}'; it knows {hashes}"
                )
                yield use.part.problem(message, use.inner)


def _check_count(name: str, count: int) -> str:
    """Describe that a function gets too many or too few arguments; one may come by `~>`."""
    least, most = _COUNTS.get(name, (0, count))
    if least - 1 <= count <= most:
        return ""
    wanted = str(most) if least == most else f"{least} to {most}"
    return f"expects {wanted} argument{'' if wanted == '1' else 's'}, not {count}"


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
                message = f"function '${name}' not found (column {column}).{near}"
                yield use.part.problem(message, use.inner)
