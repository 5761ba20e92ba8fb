"""Choice rules: `Variable` with an operator, And, Or, Not; and JSONata's `Condition`.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from carnation.asl.expressions import MISSING, Path, Scope, parse_path
from carnation.document.values import Json, is_number
from carnation.engine.failures import RUNTIME, StateError
from carnation.engine.payloads import Compiled, compile_jsonata, is_jsonata
from carnation.engine.timestamps import parse_timestamp
from carnation.errors import DefinitionError, EvaluationError
from carnation.records import NamedTuple

Test = Callable[[Json], bool]


_CHECKS: Mapping[str, Test] = {
    "IsNull": lambda value: value is None,
    "IsPresent": lambda value: value is not MISSING,
    "IsNumeric": is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: parse_timestamp(value) is not None,
}
_ORDERS: Mapping[str, Callable[[Json, Json], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}


def _as_number(value: Json) -> Json:
    return value if is_number(value) else None


def _as_text(value: Json) -> Json:
    return value if isinstance(value, str) else None


def _as_flag(value: Json) -> Json:
    return value if isinstance(value, bool) else None


_KINDS: Mapping[str, Callable[[Json], Json]] = {
    "String": _as_text,
    "Numeric": _as_number,
    "Boolean": _as_flag,
    "Timestamp": parse_timestamp,
}
OPERATORS: Mapping[str, tuple[Callable[[Json], Json], Callable[[Json, Json], bool]]] = {
    f"{kind}{order}": (convert, compare)
    for kind, convert in _KINDS.items()
    for order, compare in _ORDERS.items()
    if kind != "Boolean" or order == "Equals"
}


def compile_rule(rule: Mapping[str, Json], language: str, where: str) -> Compiled:
    """Compile a rule into a test of a scope."""
    if language == "JSONata":
        return _compile_condition(rule, where)
    waiting: list[tuple[Mapping[str, Json], bool]] = [(rule, False)]
    done: list[Compiled] = []
    while waiting:  # rules nest as deep as their author likes
        part, opened = waiting.pop()
        inner = _inner_rules(part, where)
        if opened:
            tests = [done.pop() for _ in inner][::-1]
            done.append(_combine(part, tests))
        elif inner:
            waiting.append((part, True))
            waiting.extend((each, False) for each in reversed(inner))
        else:
            done.append(_compile_comparison(part, where))
    return done[0]


def _inner_rules(rule: Mapping[str, Json], where: str) -> list[Mapping[str, Json]]:
    for key in ("And", "Or", "Not"):
        if key in rule:
            inner = [rule[key]] if key == "Not" else rule[key]
            if (
                not isinstance(inner, list)
                or not inner
                or not all(isinstance(each, dict) for each in inner)
            ):
                raise DefinitionError(f"{where}: '{key}' must have at least one choice rule.")
            return inner
    return []


def _combine(rule: Mapping[str, Json], tests: list[Compiled]) -> Compiled:
    if "And" in rule:
        return lambda scope: all(test(scope) for test in tests)
    if "Or" in rule:
        return lambda scope: any(test(scope) for test in tests)
    return lambda scope: not tests[0](scope)


def _compile_condition(rule: Mapping[str, Json], where: str) -> Compiled:
    condition = rule.get("Condition")
    if isinstance(condition, bool):
        return lambda scope: condition
    if not is_jsonata(condition):
        raise DefinitionError(f"{where}: Condition must be '{{% … %}}', true, or false.")
    return compile_jsonata(str(condition), where.rpartition(" ")[2] + "/Condition", "boolean")


def _compile_comparison(rule: Mapping[str, Json], where: str) -> Compiled:
    variable = rule.get("Variable")
    name = next((key for key in rule if _is_operator(key)), None)
    if not isinstance(variable, str) or name is None:
        raise DefinitionError(
            f"{where}: a rule needs Variable and an operator such as StringEquals, or And, Or, Not."
        )
    path = parse_path(variable)

    def find(scope: Scope) -> Json:
        try:
            return path.evaluate(scope)
        except EvaluationError:
            return MISSING

    return _compile_operator(name, rule[name], find, variable)


def _is_operator(key: str) -> bool:
    return key in _CHECKS or key == "StringMatches" or key.removesuffix("Path") in OPERATORS


def _compile_operator(name: str, wanted: Json, find: Compiled, variable: str) -> Compiled:
    if name in _CHECKS:
        check = _CHECKS[name]
        if name == "IsPresent":
            return lambda scope: check(find(scope)) is wanted
        return lambda scope: check(_present(find(scope), variable)) is wanted
    if name == "StringMatches":
        pattern = compile_pattern(str(wanted))
        return lambda scope: (
            isinstance(value := _present(find(scope), variable), str) and pattern.takes_in(value)
        )
    if name.endswith("Path"):
        return _compile_other(name.removesuffix("Path"), parse_path(wanted), find, variable)
    convert, compare = OPERATORS[name]
    bound = convert(wanted)

    def test(scope: Scope) -> bool:
        left = convert(_present(find(scope), variable))
        return left is not None and bound is not None and compare(left, bound)

    return test


def _compile_other(name: str, other: Path, find: Compiled, variable: str) -> Compiled:
    """Compile a comparison with what a second path finds."""
    convert, compare = OPERATORS[name]

    def test(scope: Scope) -> bool:
        left = convert(_present(find(scope), variable))
        try:
            bound = convert(other.evaluate(scope))
        except EvaluationError:
            bound = _present(MISSING, other.text)
        return left is not None and bound is not None and compare(left, bound)

    return test


def _present(value: Json, variable: str) -> Json:
    if value is MISSING:
        raise StateError(
            RUNTIME,
            f"Invalid path '{variable}': The choice state's condition path references an "
            "invalid value.",
        )
    return value


def compile_pattern(text: str) -> TextPattern:
    r"""Compile StringMatches: `*` stands for anything, `\*` for itself.

    >>> compile_pattern("log-*.txt").takes_in("log-1.txt")
    True
    """
    parts = [""]
    for part in re.split(r"(\\.|\*)", text):
        if part == "*":
            parts.append("")
        else:
            parts[-1] += part[1:] if part.startswith("\\") else part
    return TextPattern(tuple(parts))


class TextPattern(NamedTuple):
    """A pattern by the texts between its stars, compared in one way through the text."""

    parts: tuple[str, ...]

    def takes_in(self, text: str) -> bool:
        """Return whether the pattern takes in a text: each part as early as it can be."""
        first, *middle, last = self.parts if len(self.parts) > 1 else (*self.parts, "")
        if len(self.parts) == 1:
            return text == first
        if not text.startswith(first):
            return False
        at = len(first)
        for part in middle:
            at = text.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return len(text) - at >= len(last) and text.endswith(last)
