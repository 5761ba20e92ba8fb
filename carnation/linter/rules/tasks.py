"""Refusals about Tasks: their resources, their integrations, what Express cannot run."""

from __future__ import annotations

from collections.abc import Iterator

from carnation import services  # its tables are read when they are asked
from carnation.asl.graph import Problem, State
from carnation.asl.kinds import is_placeholder
from carnation.lazy import TYPE_CHECKING, compile_lazily, re
from carnation.linter.findings import WARNING, refusal, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.calls import list_call_problems
from carnation.services.task_calls import (
    ACTIVITY,
    FUNCTION,
    MISSING,
    Resource,
    find_integration,
    read_resource,
)

if TYPE_CHECKING:
    from carnation.services.call_names import NameProblem

_ARN = compile_lazily(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+\Z")
_ALIAS = r"(?:\$LATEST|[A-Za-z0-9_-]{1,128})\Z"


@refusal("invalid-resource", "INVALID_RESOURCE")
def find_bad_resources(machine: Machine) -> Iterator[Problem]:
    """A Task's `Resource` is not an ARN.

    Problem: a Task names what it does by an ARN: an integration (`arn:aws:states:::…`), a Lambda
    function, an activity.
    Solution: write the whole ARN; account and region may come from a substitution.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    """
    for state in machine.by_type["Task"]:
        text = state.body.get("Resource")
        if isinstance(text, str) and not is_placeholder(text) and not _ARN.match(text):
            yield state.problem(f"'{text[:80]}' is not an ARN", "/Resource")


@refusal("invalid-function-alias", "INVALID_RESOURCE")
def find_bad_aliases(machine: Machine) -> Iterator[Problem]:
    """The ARN of a Lambda function ends in an alias or version that cannot be one.

    Problem: an alias has letters, digits, hyphens and underscores; a version is a number or
    `$LATEST`; a last colon has to be followed by something.
    Solution: name the alias, or take the colon away.
    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html
    """
    for state in machine.by_type["Task"]:
        text = state.body.get("Resource")
        resource = read_resource(text)
        if resource.kind != FUNCTION or is_placeholder(text):
            continue
        _, colon, alias = resource.name.partition(":")
        if colon and not re.match(_ALIAS, alias):
            yield state.problem(f"'{alias}' is neither an alias nor a version", "/Resource")


@refusal("unknown-integration", "INVALID_RESOURCE")
def find_unknown_integrations(machine: Machine) -> Iterator[Problem]:
    """The integration that a Task names does not exist.

    Problem: after `arn:aws:states:::` comes an optimized integration (`lambda:invoke`) or
    `aws-sdk:service:action`, with the names of the AWS SDK for Java in small letters and camelCase.
    Solution: correct the name; where the optimized integration lacks an action, use the one of the
    SDK (`aws-sdk:dynamodb:query`).
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
    """
    for state, found in _list_name_problems(machine):
        if not found.is_newer:
            yield state.problem(found.message, "/Resource", (found.meant,))


@risk("newer-integration", WARNING)
def find_newer_integrations(machine: Machine) -> Iterator[Problem]:
    """The integration that a Task names is not among those that are known here.

    Problem: it may be newer than what carnation knows of AWS, or it does not exist; its parameters,
    errors and permissions were not checked.
    Solution: look it up in AWS's list, and update carnation.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    for state, found in _list_name_problems(machine):
        if found.is_newer:
            yield state.problem(found.message, "/Resource")


def _list_name_problems(machine: Machine) -> Iterator[tuple[State, NameProblem]]:
    for state, resource in _list_integrations(machine):
        found = services.check_name(resource.call)
        if found is not None:
            yield state, found


@refusal("unknown-integration-pattern", "INVALID_RESOURCE")
def find_unknown_patterns(machine: Machine) -> Iterator[Problem]:
    """The integration does not know the pattern behind its name.

    Problem: `.sync`, `.sync:2` and `.waitForTaskToken` exist for some integrations only; the SDK's
    know `.waitForTaskToken` alone.
    Solution: use a pattern that the message names, or poll with a Choice and a Wait.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    """
    for state, resource in _list_integrations(machine):
        name = f"{resource.service}:{resource.action}"
        if resource.is_sdk:
            patterns: tuple[str, ...] = ("", "waitForTaskToken")
        elif name in services.INTEGRATIONS:
            patterns = services.INTEGRATIONS[name].patterns
        else:
            continue
        if resource.pattern not in patterns:
            known = ", ".join(f"'.{pattern}'" for pattern in patterns if pattern) or "none"
            yield state.problem(
                f"'{name}' has no pattern '.{resource.pattern[:40]}'; it knows {known}", "/Resource"
            )


@refusal("missing-parameter")
def find_missing_parameters(machine: Machine) -> Iterator[Problem]:
    """An optimized integration is called without a parameter that it needs.

    Problem: AWS checks the parameters of optimized integrations when the state machine is made.
    Solution: add the parameter; in JSONPath as `Name` or as `Name.$`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
    """
    for judged in list_call_problems(machine):
        if judged.found.kind == MISSING and judged.is_optimized:
            yield judged.problem()


@refusal("pattern-in-express")
def find_standard_patterns(machine: Machine) -> Iterator[Problem]:
    """An Express state machine waits for a job, a task token or an activity.

    Problem: Express executions only request and take the response: no `.sync`, no
    `.waitForTaskToken`, no activities.
    Solution: make the state machine Standard, or start the waiting part as a Standard execution.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    """
    for state in machine.by_type["Task"] if machine.type == "EXPRESS" else ():
        resource = read_resource(state.body.get("Resource"))
        if resource.pattern:
            yield state.problem(f"Express does not know '.{resource.pattern}'", "/Resource")
        elif resource.kind == ACTIVITY:
            yield state.problem("Express does not know activities", "/Resource")


@refusal("credentials-of-activity")
def find_lent_credentials(machine: Machine) -> Iterator[Problem]:
    """A Task for an activity has `Credentials`.

    Problem: an activity is polled by a worker with credentials of its own; no role is taken.
    Solution: take `Credentials` out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
    """
    for state in machine.by_type["Task"]:
        resource = read_resource(state.body.get("Resource"))
        if "Credentials" in state.body and resource.kind == ACTIVITY:
            yield state.problem("an activity does not accept credentials", "/Credentials")


def _list_integrations(machine: Machine) -> Iterator[tuple[State, Resource]]:
    for state in machine.by_type["Task"]:
        resource = find_integration(state.body)
        if resource is not None:
            yield state, resource
