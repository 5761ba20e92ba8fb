"""Risks of Choices: rules that never decide or cannot hold, and Choices that choose nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.asl.fields import ATA
from carnation.asl.graph import Node, Problem, State
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.risks.dataflow import list_compared
from carnation.linter.rules.risks.implications import bare_rule, contradicts, implies

_MOST_RULES = 100
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
        asked = [_read(rule) for rule in state.rules[:_MOST_RULES]]
        named = [_list_variables(body) for body in asked]
        for index, later in enumerate(asked):
            before = (at for at in range(index) if not named[at].isdisjoint(named[index]))
            first = next((at for at in before if _shadows(asked[at], later)), None)
            if first is not None:
                how = "asks the same" if asked[first] == later else "holds whenever this one does"
                yield state.rules[index].problem(f"rule {first + 1} {how} and decides before it")


def _read(rule: Node) -> dict[str, Any]:
    """Give what a rule asks; of JSONata the expression without blanks around its parts."""
    body = bare_rule(rule)
    condition = body.get("Condition")
    if rule.language == ATA and isinstance(condition, str):
        text = condition.removeprefix("{%").removesuffix("%}").strip()
        body["Condition"] = text if re.search("[\"'`/]", text) else re.sub(r"\s+", "", text)
        if body["Condition"] in ("true", "false"):
            body["Condition"] = body["Condition"] == "true"
    return body


def _list_variables(body: Any) -> set[str]:
    """Name the variables of a rule; only rules that share one can be compared."""
    found, waiting = set(), [body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            found.add(str(item.get("Variable", "Condition" if "Condition" in item else "")))
            waiting += [item.get(name) for name in ("And", "Or", "Not")]
    return found


def _shadows(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    if "Condition" in earlier:
        return earlier["Condition"] is True or earlier == later
    return bool(earlier) and implies(later, earlier)


@risk("impossible-rule", WARNING)
def find_impossible(machine: Machine) -> Iterator[Problem]:
    """An And joins comparisons that cannot hold together.

    Problem: a value cannot equal two different ones, be below 5 and above 10, or be a string and a
    number, so the rule never holds.
    Solution: Or is meant, or another variable.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for part in machine.parts_of("Rule", "NestedRule") if machine.by_type["Choice"] else ():
        joined = part.body.get("And")
        rules = joined[:_MOST_RULES] if isinstance(joined, list) else []
        for index, rule in enumerate(rules):
            if any(contradicts(one, rule) for one in rules[:index]):
                yield part.problem(f"'{rule['Variable']}' cannot be both at once", "/And")
                break


@risk("single-way-choice", WARNING)
def find_single_ways(machine: Machine) -> Iterator[Problem]:
    """All rules of a Choice and its `Default` lead to the same state.

    Problem: whatever the data is, the execution goes the same way: a target was mistaken, or the
    Choice is of no use.
    Solution: correct the targets, or take the Choice out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for state in machine.by_type["Choice"]:
        targets = {move.target for move in state.transitions}
        if len(targets) == 1 and state.rules and "Default" in state.body and _is_plain(state):
            yield state.problem(f"all rules and the default lead to '{targets.pop()}'")


def _is_plain(state: State) -> bool:
    """Tell whether a Choice does nothing but choose."""
    parts = (state, *state.rules)
    return not any(name in part.body for part in parts for name in ("Assign", "Output"))


@risk("comparison-of-other-type", WARNING)
def find_other_types(machine: Machine) -> Iterator[Problem]:
    """A rule compares a value of another type than the one that the state is given.

    Problem: on every way to this state the value has a known type, and the operator compares
    another one: the rule never holds.
    Solution: use the operators of that type (`NumericEquals` for a number), or convert the value.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for rule, operator, variable, kind in list_compared(machine):
        yield rule.problem(f"'{variable}' is {_WHAT[kind]} here: '{operator}' never holds")
