"""Cases for each rule, named as sentences: a definition that breaks it, and one that keeps it."""

from __future__ import annotations

from tests.rule_cases import (
    calls,
    choices_and_maps,
    decisions,
    expressions,
    fields,
    graph,
    jsonata,
    risks_of_data,
    risks_of_running,
    tasks_and_expressions,
)
from tests.rule_cases.builders import OK, Case

REFUSALS = [
    *graph.CASES,
    *fields.CASES,
    *choices_and_maps.CASES,
    *tasks_and_expressions.CASES,
    *jsonata.REFUSALS,
    *calls.REFUSALS,
    *expressions.REFUSALS,
]
RISKS = [
    *risks_of_data.CASES,
    *risks_of_running.CASES,
    *jsonata.RISKS,
    *calls.CALLS,
    *calls.RISKS,
    *expressions.RISKS,
    *decisions.RISKS,
]

__all__ = ["OK", "REFUSALS", "RISKS", "Case"]
