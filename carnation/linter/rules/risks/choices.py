"""Risks of Choices: rules that never decide or cannot hold, and Choices that choose nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl.fields import ATA
from carnation.asl.graph import Node, Problem, State
from carnation.document.values import Json
from carnation.linter.expression_sites import read_expression
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.expressions import has_jsonata, list_jsonata
from carnation.linter.rules.risks.conditions import (
    find_mismatches,
    is_never_boolean,
    read_condition,
)
from carnation.linter.rules.risks.dataflow import list_compared
from carnation.linter.rules.risks.implications import bare_rule, contradicts, implies

_MAX_RULES = 100
_WHAT = {"text": "a string", "number": "a number", "boolean": "a boolean", "list": "a list",
         "object": "an object"}  # fmt: skip


@risk("shadowed-rule", WARNING)
def find_shadowed(machine: Machine) -> Iterator[Problem]:
    """A rule of a Choice holds only where one before it has held already.

    Problem: the first rule that holds decides, so this one never does: it asks the same, or
    something narrower (`$.n > 10` behind `$.n > 5`), or it is behind a rule that always holds.
    Solution: put the narrower rule first, correct the comparison, or take the rule out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for state in machine.by_type["Choice"]:
        asked = [_read(rule) for rule in state.rules[:_MAX_RULES]]
        named = [_list_variables(body) for body in asked]
        for index, later in enumerate(asked):
            before = (
                at
                for at in range(index)
                if "" in named[at] or not named[at].isdisjoint(named[index])
            )
            first = next((at for at in before if _shadows(asked[at], later)), None)
            if first is not None:
                how = "asks the same" if asked[first] == later else "holds whenever this one does"
                yield state.rules[index].problem(
                    f"rule {index + 1}, to '{state.rules[index].body.get('Next', '')}', is never "
                    f"taken: rule {first + 1} {how} and decides before it"
                )
        always = next((at for at, body in enumerate(asked) if body.get("Always") is True), None)
        default = state.body.get("Default")
        if always and default not in (None, state.rules[always].body.get("Next")):
            yield state.problem(f"rule {always + 1} always holds, so never 'Default'", "/Default")


def _read(rule: Node) -> dict[str, Json]:
    """Return what a rule asks; of JSONata in the words of JSONPath, as far as there are some."""
    body = bare_rule(rule)
    condition = body.get("Condition")
    if rule.language != ATA:
        return body
    if isinstance(condition, str):
        text = read_expression(condition)
        read = read_condition(text) if text is not None and has_jsonata() else None
        return read if read is not None else body
    return {"Always": condition} if isinstance(condition, bool) else body


def _list_variables(body: Json) -> set[str]:
    """Name the variables of a rule; only rules that share one can be compared."""
    found, waiting = set(), [body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            found.add(str(item.get("Variable", item.get("Asks", "" if "Always" in item else "&"))))
            waiting += [item.get(name) for name in ("And", "Or", "Not")]
    return found


def _shadows(earlier: Mapping[str, Json], later: Mapping[str, Json]) -> bool:
    return earlier.get("Always") is True or (bool(earlier) and implies(later, earlier))


@risk("impossible-rule", WARNING)
def find_impossible(machine: Machine) -> Iterator[Problem]:
    """An And joins comparisons that cannot hold together.

    Problem: a value cannot equal two different ones, be below 5 and above 10, or be a string and a
    number, so the rule never holds.
    Solution: Or is meant, or another variable.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for part in machine.parts_of("Rule", "NestedRule") if machine.by_type["Choice"] else ():
        joined = (_read(part) if part.language == ATA else part.body).get("And")
        rules = joined[:_MAX_RULES] if isinstance(joined, list) else []
        for index, rule in enumerate(rules):
            if any(contradicts(one, rule) for one in rules[:index]):
                inner = "/And" if "And" in part.body else "/Condition"
                name = rule["Variable"] if "(" not in rule["Variable"] else "a value"
                yield part.problem(f"'{name}' cannot be both", inner)
                break


@risk("single-way-choice", WARNING)
def find_single_ways(machine: Machine) -> Iterator[Problem]:
    """All rules of a Choice, and its `Default`, lead to the same state.

    Problem: whatever the data is, the execution goes the same way: a target was mistaken, or the
    Choice is of no use.
    Solution: correct the targets, or take the Choice out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for state in machine.by_type["Choice"]:
        targets = {move.target for move in state.transitions}
        ways = len(state.rules) + ("Default" in state.body)
        if len(targets) == 1 and ways > 1 and state.rules and _is_plain(state):
            yield state.problem(f"all its ways lead to '{targets.pop()}'")


def _is_plain(state: State) -> bool:
    """Return whether a Choice does nothing but choose."""
    parts = (state, *state.rules)
    return not any(name in part.body for part in parts for name in ("Assign", "Output"))


@risk("comparison-of-other-type", WARNING)
def find_other_types(machine: Machine) -> Iterator[Problem]:
    """A comparison is made between values of two types.

    Problem: on every way to this state the value has a known type, and the operator compares
    another one: the rule never holds. In JSONata values of two types are never equal, and an order
    between them fails the state.
    Solution: use the operators of that type (`NumericEquals` for a number), or convert the value
    (`$number(…)`, `$string(…)`).
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for rule, operator, variable, kind in list_compared(machine):
        yield rule.problem(f"'{variable}' is {_WHAT[kind]} here: '{operator}' never holds")
    for use, expression in list_jsonata(machine):
        for operator, left, right in find_mismatches(expression.tree):
            yield use.part.problem(f"'{operator}' compares a {left} with a {right}", use.inner)


@risk("condition-not-boolean", WARNING)
def find_other_conditions(machine: Machine) -> Iterator[Problem]:
    """A `Condition` gives a number, a string, a list or an object.

    Problem: a condition has to be true or false; anything else fails the state
    (`States.QueryEvaluationError`).
    Solution: compare the value (`$count($x) > 0`), or wrap it in `$boolean(…)`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for state in machine.by_type["Choice"]:
        for rule in state.rules if state.language == ATA and has_jsonata() else ():
            condition = rule.body.get("Condition")
            text = read_expression(condition) if isinstance(condition, str) else None
            if text is not None and is_never_boolean(text):
                yield rule.problem("the condition is neither true nor false", "/Condition")
