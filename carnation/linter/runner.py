"""Reviewing: the rules run over a definition, and their problems turned into findings.

`find_problems` is the short way for who has just built a definition and wants to know whether AWS
would take it; `review_definition` the long one, with places, severities and suppressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from carnation.asl.graph import Problem
from carnation.document.reading import Note, Span
from carnation.document.values import Json
from carnation.errors import UsageError, suggest_name
from carnation.lazy import TYPE_CHECKING
from carnation.linter.findings import (
    CALL,
    ERROR,
    NOTE,
    REFUSAL,
    RISK,
    RULES,
    SEVERITIES,
    Finding,
    Rule,
)
from carnation.linter.machine import Machine
from carnation.linter.suppressions import find_suppressed
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

_MODULES = {
    REFUSAL: ("structure", "fields", "errors", "choices", "maps", "tasks", "expressions"),
    CALL: ("calls",),
    RISK: tuple(
        f"risks.{name}"
        for name in (
            "timing",
            "errors",
            "raised_errors",
            "graph",
            "choices",
            "payloads",
            "variables",
            "languages",
            "functions",
            "context",
            "map_fields",
            "dataflow",
            "bounds",
            "roles",
            "deployment",
        )
    ),
}

_MAX_BYTES = 4 * 1024 * 1024  # four times what AWS takes


class Source(Protocol):
    """What a definition is reviewed from: its value, and where each part of it stands."""

    where: str
    value: Json
    notes: tuple[Note, ...]

    def locate(self, pointer: str) -> Span:
        """Find a part of the value in the file."""
        ...

    def place(self, pointer: str) -> str:
        """Return the pointer to a part of the value within the whole file."""
        ...

    def line_text(self, line: int) -> str:
        """Return one line of the file, counted from 1."""
        ...

    def measure(self) -> int:
        """Return the size of the definition in bytes."""
        ...


class Settings(NamedTuple):
    """What a project decides: other severities for rules (or `off`), the lowest one to look for."""

    severities: Mapping[str, str] = {}
    lowest: str = NOTE


def load_rules(*families: str) -> list[Rule]:
    """Load the rules of these families (all unless given), in a fixed order."""
    wanted = families or tuple(_MODULES)
    for family in wanted:
        for module in _MODULES[family]:
            import_module(f"carnation.linter.rules.{module}")
    return [rule for rule in RULES.values() if rule.family in wanted]


def find_rule(rule_id: str) -> Rule:
    """Return a rule by its id; raises `UsageError` with the nearest name if there is none."""
    load_rules()
    if rule_id not in RULES:
        raise UsageError(f"unknown rule '{rule_id}'.{suggest_name(rule_id, RULES)}")
    return RULES[rule_id]


def find_problems(
    definition: object,
    *,
    type: str = "STANDARD",
    size: int = 0,
    families: tuple[str, ...] = (),
    declared: Mapping[str, Json] | None = None,
) -> Iterator[tuple[Rule, Problem]]:
    """Run the rules over a definition (a plain value), without places or suppressions.

    `declared` gives the JSON schemas of its input and results, as a manifest holds them.
    """
    rules = load_rules(*families)
    if isinstance(definition, Mapping):
        yield from _run(rules, Machine(definition, type, size, declared))
    else:
        yield RULES["malformed-definition"], Problem("", "a definition is a mapping")


def _run(rules: list[Rule], machine: Machine) -> Iterator[tuple[Rule, Problem]]:
    for rule in rules:
        for problem in rule.check(machine):
            yield rule, problem


def review_definition(
    source: Source,
    *,
    type: str = "STANDARD",
    settings: Settings | None = None,
    declared: Mapping[str, Json] | None = None,
) -> list[Finding]:
    """Find everything there is to say about a definition, sorted by where it stands."""
    severities, lowest = settings or Settings()
    if source.measure() > _MAX_BYTES:
        return list(_reject_size(source, severities))
    wanted = SEVERITIES[: SEVERITIES.index(lowest) + 1]
    rules = [rule for rule in load_rules() if severities.get(rule.id, rule.severity) in wanted]
    found = [*_find_notes(source)]
    if isinstance(source.value, Mapping):
        found += _run(rules, _prepare(source, type, declared))
    else:
        found += find_problems(source.value)
    problems = [problem for _, problem in found]
    text = getattr(source, "text", "")
    suppressed = find_suppressed(source.value, problems, text, source.locate)
    findings = [
        _make_finding(source, rule, problem, severities.get(rule.id, rule.severity))
        for rule, problem in found
        if rule in rules and (rule.id, problem.state) not in suppressed
    ]
    return sorted(
        dict.fromkeys(findings), key=lambda finding: (finding.line, finding.column, finding.rule)
    )


def _reject_size(source: Source, severities: Mapping[str, str]) -> Iterator[Finding]:
    """Refuse a definition so large that nobody meant it; looking through it would take minutes."""
    rule = find_rule("definition-too-large")
    message = f"the definition has {source.measure():,} bytes; nothing else in it was checked"
    if severities.get(rule.id) != "off":
        yield Finding(rule.id, ERROR, message, source.where, 1, 1, source.place(""), "", rule.code)


def _prepare(source: Source, type: str, declared: Mapping[str, Json] | None) -> Machine:
    """Prepare a definition, with what the template around it says, if it is in one."""
    properties, role = getattr(source, "properties", None), getattr(source, "role", None)
    template = getattr(source, "template", None)
    return Machine(source.value, type, source.measure(), declared, properties, role, template)


def _find_notes(source: Source) -> Iterator[tuple[Rule, Problem]]:
    for note in source.notes:
        yield RULES[note.kind], Problem(note.pointer, note.message)


def _make_finding(source: Source, rule: Rule, problem: Problem, severity: str) -> Finding:
    span = source.locate(problem.pointer)
    return Finding(
        rule.id, severity, problem.message, source.where, span.line, span.column,
        source.place(problem.pointer), problem.state, rule.code,
        facts=problem.facts,
    )  # fmt: skip
