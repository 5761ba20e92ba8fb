"""Rules: what is wrong with a definition, as findings.

Enters: documents, from files or `build/`.
Leaves: a `Report` of findings; fixed files; policies.
May not know: how documents are made: workflows, states, stacks, artifacts; nor any account.

Two families: *refusals* (what CreateStateMachine and ValidateStateMachineDefinition refuse) and
*risks* (what AWS accepts and production regrets). Everything works on plain documents.
"""

from carnation.asl.graph import Problem
from carnation.linter.findings import (
    CALL,
    ERROR,
    NOTE,
    REFUSAL,
    RISK,
    SEVERITIES,
    WARNING,
    Finding,
    Rule,
)
from carnation.linter.lint import Report, lint
from carnation.linter.runner import (
    Settings,
    Source,
    find_problems,
    find_rule,
    load_rules,
    review_definition,
)
from carnation.linter.suppressions import find_suppressed

__all__ = [
    "CALL",
    "ERROR",
    "NOTE",
    "REFUSAL",
    "RISK",
    "SEVERITIES",
    "WARNING",
    "Finding",
    "Problem",
    "Report",
    "Rule",
    "Settings",
    "Source",
    "find_problems",
    "find_rule",
    "find_suppressed",
    "lint",
    "load_rules",
    "review_definition",
]
