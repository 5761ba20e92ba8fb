"""Findings and rules: small frozen records, and the register in which rules enter themselves.

A rule is a function over a prepared definition that yields problems. Its id is a slug that never
changes; its family says what it means (AWS rejects, or production regrets); its severity is only a
default that a project may change. Its docstring is its page: the problem, the solution, the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from carnation.asl.graph import Problem
from carnation.linter.machine import Machine
from carnation.records import NamedTuple

REFUSAL, CALL, RISK = "refusal", "call", "risk"
"""The families: refused by AWS, refused by the service that is called, let through."""

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)
"""The severities, the worst first."""


Check = Callable[[Machine], Iterator[Problem]]


class Rule(NamedTuple):
    """A rule: `code` is AWS's own, where AWS has one."""

    id: str
    family: str
    severity: str
    code: str
    check: Check

    def explain(self) -> str:
        """Return the rule's page: its docstring, without the indentation of the source."""
        from inspect import getdoc  # 5 ms, and only --explain needs it

        return getdoc(self.check) or ""

    def describe(self) -> str:
        """Return the rule's id, family, severity and AWS's code, and its page."""
        code = f", AWS: {self.code}" if self.code else ""
        return f"{self.id} ({self.family}, {self.severity}{code})\n\n{self.explain()}"

    def format_solution(self) -> str:
        """Return the solution of the rule's page in one line."""
        _, _, rest = (self.check.__doc__ or "").partition("Solution: ")
        return " ".join(rest.partition("Source:")[0].split())


class Finding(NamedTuple):
    """A problem as it is reported: by which rule, how bad, and where in which file.

    `source` is the line of Python that made the state, where the definition is built here; `facts`
    are those of the problem.
    """

    rule: str
    severity: str
    message: str
    path: str
    line: int
    column: int
    pointer: str
    state: str
    code: str
    source: str = ""
    facts: tuple[str, ...] = ()


RULES: dict[str, Rule] = {}
"""The rules whose modules are loaded, by id."""


def refusal(rule_id: str, code: str = "SCHEMA_VALIDATION_FAILED") -> Callable[[Check], Check]:
    """Enter a function as a rule about what AWS rejects, with AWS's code."""
    return _enter(rule_id, REFUSAL, ERROR, code)


def call(rule_id: str, severity: str) -> Callable[[Check], Check]:
    """Enter a function as a rule about what a service rejects when it is called."""
    return _enter(rule_id, CALL, severity, "")


def risk(rule_id: str, severity: str) -> Callable[[Check], Check]:
    """Enter a function as a rule about what AWS accepts and production regrets."""
    return _enter(rule_id, RISK, severity, "")


def _enter(rule_id: str, family: str, severity: str, code: str) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        RULES[rule_id] = Rule(rule_id, family, severity, code, check)
        return check

    return enter
