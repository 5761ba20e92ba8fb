"""Rules: what is wrong with a definition, as findings.

Enters: documents, from files or `build/`.
Leaves: a `Report` of findings; fixed files; policies.
May not know: how documents are made: workflows, states, stacks, artifacts; nor any account.

Two families: *refusals* (what CreateStateMachine and ValidateStateMachineDefinition refuse) and
*risks* (what AWS accepts and production regrets). Everything works on plain documents.
`linting` is the call, `runner` runs the rules over a definition, `formats` prints findings, `fixes`
corrects them. A rule is in `rules` (what AWS rejects: an unknown integration is in `tasks`, its
parameters in `calls`) or in `rules.risks`; `findings` has the registers that rules enter.
"""

from carnation.asl.graph import Problem
from carnation.lazy import TYPE_CHECKING, load_lazily
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
from carnation.linter.runner import (
    Settings,
    Source,
    find_problems,
    find_rule,
    load_rules,
    review_definition,
)
from carnation.linter.suppressions import find_suppressed

if TYPE_CHECKING:
    from carnation.linter.linting import Report, lint

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

# a build judges what it has at hand, and reads no files to do so
__getattr__ = load_lazily(__name__, {"Report": "linting", "lint": "linting"})
