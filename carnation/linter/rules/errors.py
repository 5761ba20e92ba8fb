"""Refusals about retriers and catchers."""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.graph import Node, Problem
from carnation.linter.findings import refusal
from carnation.linter.machine import Machine

ALL = "States.ALL"
RESERVED = (
    "States.ALL", "States.BranchFailed", "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold", "States.HeartbeatTimeout", "States.Http.Socket",
    "States.IntrinsicFailure", "States.ItemReaderFailed", "States.NoChoiceMatched",
    "States.ParameterPathFailure", "States.Permissions", "States.QueryEvaluationError",
    "States.ResultPathMatchFailure", "States.ResultWriterFailed", "States.Runtime",
    "States.TaskFailed", "States.Timeout",
)  # fmt: skip
"""The error names that AWS itself reports."""


def names_of(part: Node) -> list[str]:
    """Return the names in a retrier's or catcher's `ErrorEquals`, as far as they are names."""
    names = part.body.get("ErrorEquals")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


@refusal("states-all-not-alone")
def find_all_in_company(machine: Machine) -> Iterator[Problem]:
    """`States.ALL` is listed with other names in one `ErrorEquals`.

    Problem: `States.ALL` matches every name there is, so AWS requires it alone.
    Solution: take the other names out, or give them a retrier or catcher of their own before.
    Source: https://states-language.net/spec.html#errors
    """
    for part in machine.parts_of("Retrier", "Catcher"):
        names = names_of(part)
        if ALL in names and len(names) > 1:
            yield part.problem(f"'{ALL}' must be alone in 'ErrorEquals'", "/ErrorEquals")


@refusal("states-all-not-last")
def find_all_before_others(machine: Machine) -> Iterator[Problem]:
    """A retrier or catcher for `States.ALL` is not the last one.

    Problem: later entries could never be used, so AWS requires it last.
    Solution: move it to the end of `Retry` or `Catch`.
    Source: https://states-language.net/spec.html#errors
    """
    for state in machine.states:
        for parts in (state.retriers, state.catchers):
            for part in parts[:-1]:
                if ALL in names_of(part):
                    yield part.problem(f"'{ALL}' must be in the last one", "/ErrorEquals")
