"""Refusals about the rules of Choice states."""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.comparisons import COMPARISONS, CONNECTIVES
from carnation.asl.fields import ATA
from carnation.asl.graph import Node, Problem
from carnation.asl.kinds import KINDS, is_placeholder
from carnation.linter.findings import refusal
from carnation.linter.machine import Machine

_OPERATORS = frozenset({*COMPARISONS, *CONNECTIVES})
_NESTED = frozenset({"Variable", "Comment", *_OPERATORS})


def _list_rules(machine: Machine) -> Iterator[Node]:
    return machine.parts_of("Rule", "NestedRule") if machine.by_type["Choice"] else iter(())


@refusal("rule-without-operator")
def find_empty_rules(machine: Machine) -> Iterator[Problem]:
    """A rule of a Choice compares nothing, or has two comparisons.

    Problem: a JSONPath rule is one comparison of a `Variable`, or one of And, Or, Not; a JSONata
    rule is one `Condition`.
    Solution: keep one operator in each rule and join several with And or Or.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for part in _list_rules(machine):
        present = [name for name in part.body if name in _OPERATORS]
        if part.language == ATA:
            if "Condition" not in part.body:
                yield part.problem("a JSONata rule needs a 'Condition'")
            for name in (*present, *(["Variable"] if "Variable" in part.body else [])):
                yield part.problem(f"'{name}' belongs to JSONPath; use 'Condition'", f"/{name}")
        elif len(present) != 1:
            named = " and ".join(f"'{name}'" for name in present) or "none"
            yield part.problem(f"a rule has one operator; this one has {named}")


@refusal("rule-without-variable")
def find_lost_variables(machine: Machine) -> Iterator[Problem]:
    """A comparison has no `Variable`, or And, Or, Not has one.

    Problem: a comparison needs to know what it compares; And, Or and Not join rules that know.
    Solution: add `Variable` to the comparison, or remove it from a rule with And, Or, or Not.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for part in _list_rules(machine):
        if part.language == ATA:
            continue
        if any(name in part.body for name in CONNECTIVES):
            if "Variable" in part.body:
                yield part.problem("'Variable' cannot be combined with And, Or, Not", "/Variable")
        elif "Variable" not in part.body and not part.body.keys().isdisjoint(COMPARISONS):
            yield part.problem("the comparison has no 'Variable'")


@refusal("wrong-comparison-value")
def find_wrong_operands(machine: Machine) -> Iterator[Problem]:
    """A comparison is made with a value of another kind.

    Problem: `NumericEquals` compares with a number, `BooleanEquals` with true or false,
    `TimestampLessThan` with a time, operators that end in `Path` with a path.
    Solution: give the value the kind that the operator names.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for part in _list_rules(machine):
        for name, value in part.body.items():
            if name not in COMPARISONS or part.language == ATA:
                continue
            fits, wanted = KINDS[COMPARISONS[name]]
            if not fits(value) and not is_placeholder(value):
                yield part.problem(f"'{name}' expects {wanted}", f"/{name}")


@refusal("unknown-nested-field")
def find_nested_fields(machine: Machine) -> Iterator[Problem]:
    """A rule inside And, Or or Not has a field that it may not have.

    Problem: only the outermost rule moves on (`Next`) or assigns; the rules inside compare.
    Solution: move the field to the outermost rule, or correct its name.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for part in machine.parts_of("NestedRule") if machine.by_type["Choice"] else ():
        for name in (name for name in part.body if name not in _NESTED):
            near = machine.suggest(name, _NESTED)
            yield part.problem(f"a nested rule has no field '{name[:60]}'.{near}", f"/{name}")


@refusal("empty-connective")
def find_empty_connectives(machine: Machine) -> Iterator[Problem]:
    """And or Or joins no rules.

    Problem: AWS wants at least one rule in And and Or.
    Solution: write the rules to join, or take the operator out.
    Source: https://states-language.net/spec.html#choice-state
    """
    for part in _list_rules(machine):
        for name in ("And", "Or"):
            if part.body.get(name) == []:
                yield part.problem(f"'{name}' joins no rules", f"/{name}")
