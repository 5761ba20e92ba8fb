"""Refusals that the table of fields knows: which field may stand where, and what it may hold."""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.comparisons import COMPARISONS, CONNECTIVES
from carnation.asl.fields import ATA, EXCLUSIONS, KNOWN, PATH, REQUIRED, Field, find_problem
from carnation.asl.graph import Node, Problem
from carnation.asl.kinds import is_placeholder
from carnation.document import join_pointer
from carnation.lazy import re
from carnation.linter.findings import refusal
from carnation.linter.machine import Machine

_RULE_FIELDS = frozenset({"Variable", *COMPARISONS, *CONNECTIVES})
_PLACES_OF_FIELD: dict[str, list[str]] = {}
for _place, _fields in KNOWN.items():
    for _name in _fields:
        _PLACES_OF_FIELD.setdefault(_name, []).append(_place)


@refusal("unknown-field")
def find_unknown_fields(machine: Machine) -> Iterator[Problem]:
    """A field does not exist, or does not belong to this type of state.

    Problem: AWS rejects what it does not know: a misspelled field, a `Catch` on a Pass, a
    `TimeoutSeconds` on a Map.
    Solution: correct the name, or move the field to a state that may have it.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    for part in machine.parts:
        known = KNOWN.get(part.place)
        if known is None or part.body.keys() <= known.keys():
            continue
        for name in part.body:
            if name in known:
                continue
            if part.place == "Rule" and name in _RULE_FIELDS:
                continue
            yield part.problem(_describe_unknown(machine, part, name), join_pointer("", name))


def _describe_unknown(machine: Machine, part: Node, name: str) -> str:
    if name in _PLACES_OF_FIELD:
        places = ", ".join(_PLACES_OF_FIELD[name])
        return f"'{name}' has no place in a {part.place}; it belongs to {places}"
    known = [*KNOWN[part.place], *(_RULE_FIELDS if part.place == "Rule" else ())]
    return f"a {part.place} has no field '{name[:60]}'.{machine.suggest(name, known)}"


@refusal("field-of-other-language")
def find_foreign_fields(machine: Machine) -> Iterator[Problem]:
    """A field belongs to the other query language.

    Problem: a state is written either in JSONPath (InputPath, Parameters, ResultPath …) or in
    JSONata (Arguments, Output, Condition …); AWS rejects a mixture.
    Solution: use the field's counterpart, or set the state's `QueryLanguage`. The language of a Map
    or Parallel does not reach the states inside; they take the state machine's, or their own.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for part in machine.parts:
        known = KNOWN.get(part.place, {})
        for name in part.body:
            language = known[name].language if name in known else ""
            if language and language != part.language:
                yield part.problem(
                    f"'{name}' belongs to {language}, and this state is {part.language}", f"/{name}"
                )


@refusal("jsonpath-in-jsonata-machine")
def find_older_language(machine: Machine) -> Iterator[Problem]:
    """A state asks for JSONPath in a state machine that is JSONata.

    Problem: a JSONPath machine may have JSONata states, but not the other way round.
    Solution: write the state in JSONata, or make JSONPath the language of the state machine.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for state in machine.states if machine.language == ATA else ():
        if state.body.get("QueryLanguage") == PATH:
            yield state.problem("a JSONata machine cannot hold a JSONPath state", "/QueryLanguage")


@refusal("wrong-value")
def find_wrong_values(machine: Machine) -> Iterator[Problem]:
    """A field holds a value of the wrong kind, or out of range.

    Problem: AWS rejects text where a number belongs, a negative time, a jitter strategy that does
    not exist.
    Solution: give the field what the message names.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    for part in machine.parts:
        known = KNOWN.get(part.place)
        for name, value in part.body.items() if known else ():
            field = known.get(name)  # type: ignore[union-attr]
            if field is None or field.kind == "payload":
                continue
            problem = find_problem(field, value) or _find_misused_expression(part, field, value)
            if problem:
                yield part.problem(f"'{name}' {problem}", f"/{name}")


def _find_misused_expression(part: Node, field: Field, value: object) -> str:
    if part.language == PATH and field.dynamic and isinstance(value, str) and value[:2] == "{%":
        return "is a JSONata expression, and this state is JSONPath"
    return ""


@refusal("missing-field")
def find_missing_fields(machine: Machine) -> Iterator[Problem]:
    """A required field is missing.

    Problem: a Task without `Resource`, a Choice without `Choices`, a rule or a catcher without
    `Next`, a graph without `StartAt`: AWS rejects them.
    Solution: add the field.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    for part in machine.parts:
        for name in REQUIRED.get(part.place, ()):
            if name not in part.body:
                yield part.problem(f"the {part.place} has no '{name}'")


@refusal("exclusive-fields")
def find_conflicts(machine: Machine) -> Iterator[Problem]:
    """Fields that exclude each other are used together, or none is where one is required.

    Problem: a Wait has one of its four times; a state moves on (`Next`) or ends (`End`); a value
    is given either as it is or by a path.
    Solution: keep one of the fields that the message names.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    for part in machine.parts:
        for names, needed in _GROUPS.get(part.place, ()):
            present = [name for name in names if name in part.body]
            if len(present) > 1 and not _is_harmless(part, present):
                both = " and ".join(f"'{name}'" for name in present)
                yield part.problem(f"{both} exclude each other; keep one", f"/{present[-1]}")
            elif needed and not present:
                ways = " or ".join(f"'{name}'" for name in names if _exists(part, name))
                yield part.problem(f"the {part.place} needs {ways}")
    for state in machine.states:
        if state.body.get("End") is False and "Next" not in state.body:
            yield state.problem("'End' is false and 'Next' is missing", "/End")


def _is_harmless(part: Node, present: list[str]) -> bool:
    return present == ["Next", "End"] and part.body["End"] is False


def _exists(part: Node, name: str) -> bool:
    return KNOWN[part.place][name].language in ("", part.language)


_GROUPS: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
for _places, _names, _needed in EXCLUSIONS:
    for _place in _places:
        _GROUPS.setdefault(_place, []).append((_names, _needed))

_VARIABLE = r"[^\W\d]\w{0,79}\Z"


@refusal("invalid-variable-name", "INVALID_VARIABLE_NAME")
def find_bad_variables(machine: Machine) -> Iterator[Problem]:
    """`Assign` has an invalid variable name, or is not an object.

    Problem: a variable is named like an identifier (letters, digits, underscores, no digit first,
    up to 80 characters); `states` is AWS's own.
    Solution: rename the variable; in JSONPath the name may end in `.$`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    for part in machine.parts:
        if "Assign" not in part.body or "Assign" not in KNOWN.get(part.place, {}):
            continue
        assigned = part.body["Assign"]
        if not isinstance(assigned, dict):
            if not is_placeholder(assigned):
                yield part.problem("'Assign' must be an object of variables", "/Assign")
            continue
        for name in assigned:
            bare = name.removesuffix(".$") if part.language == PATH else name
            if bare == "states" or not (re.match(_VARIABLE, bare) or is_placeholder(bare)):
                yield part.problem(
                    f"'{name[:90]}' cannot name a variable", join_pointer("/Assign", name)
                )
