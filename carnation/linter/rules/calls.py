"""What a service refuses when it is called: parameters unknown to it, missing, or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from carnation import services  # its tables are read when they are asked
from carnation.asl.graph import Node, Problem
from carnation.document import join_pointer
from carnation.linter.findings import WARNING, call, risk
from carnation.linter.machine import Machine
from carnation.records import NamedTuple
from carnation.services.task_calls import (
    INTEGRATION,
    MISSING,
    NEWER,
    UNKNOWN,
    WRONG,
    CallProblem,
    read_call,
)


class JudgedCall(NamedTuple):
    """A problem of a call, and the Task, ItemReader or ResultWriter that makes it."""

    part: Node
    is_optimized: bool
    found: CallProblem

    def problem(self) -> Problem:
        """Make a problem of it, at the parameter."""
        field = read_call(self.part.body).field
        inner = join_pointer("", field, *self.found.keys) if field else ""
        return self.part.problem(self.found.message, inner, self.found.facts)


@lru_cache(maxsize=1)  # three rules ask, one machine after the other
def list_call_problems(machine: Machine) -> list[JudgedCall]:
    """List what is wrong with the calls of a definition."""
    judged = []
    for state in machine.by_type["Task"]:
        resource, _, given = read_call(state.body)
        if resource.kind == INTEGRATION:
            found = services.check_call(resource.call, given)
            judged += [JudgedCall(state, not resource.is_sdk, one) for one in found]
    for part in machine.parts_of("ItemReader", "ResultWriter"):
        resource, _, given = read_call(part.body)
        if resource.kind == INTEGRATION and given is not None:
            found = services.check_connector(part.place, resource.action, given)
            judged += [JudgedCall(part, False, one) for one in found]
    return judged


@call("unknown-parameter", WARNING)
def find_unknown_parameters(machine: Machine) -> Iterator[Problem]:
    """A call has a parameter that its action does not have, or lacks one that it needs.

    Problem: parameters are written as in the AWS SDK for Java, with a capital first letter
    and acronyms folded (`DbInstanceIdentifier`, `SsekmsKeyId`), at every depth. With another name
    the state fails: "The field 'Filter' is not supported by Step Functions".
    Solution: correct the spelling, take the parameter out, or add the one that is missing. Is it
    newer than carnation? Suppress the finding with that reason.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    for judged in list_call_problems(machine):
        kind = judged.found.kind
        if kind == UNKNOWN or (kind == MISSING and not judged.is_optimized):
            yield judged.problem()


@call("wrong-parameter", WARNING)
def find_wrong_parameters(machine: Machine) -> Iterator[Problem]:
    """A parameter of a call has a value that the service rejects, or excludes another one.

    Problem: a list is expected and a string is given, an enumeration is written in other letters,
    an HTTP task has a URL without `https://`, a message goes to a topic and to a phone number at
    once: the state fails when it runs.
    Solution: give the parameter what the message names.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    for judged in list_call_problems(machine):
        if judged.found.kind == WRONG:
            yield judged.problem()


@risk("newer-value", WARNING)
def find_newer_values(machine: Machine) -> Iterator[Problem]:
    """A parameter of a call has a value that is not among those known here.

    Problem: the API lists the values that the parameter accepts; this one is newer than what
    carnation knows, or it is wrong, and the call fails.
    Solution: look the value up in the API's reference.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    for judged in list_call_problems(machine):
        if judged.found.kind == NEWER:
            yield judged.problem()
