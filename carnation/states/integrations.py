"""Task resources: the ARNs that name what Step Functions calls, equal on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from carnation.errors import DefinitionError
from carnation.records import NamedTuple
from carnation.states.arguments import UNSET, find_line
from carnation.states.parameters import reject_parameters, reject_unknown_call
from carnation.states.state_types import Task

Pattern = Literal["", ".sync", ".sync:2", ".waitForTaskToken"]
"""How a Task waits: for the answer (''), for a job's end, or for the holder of the token."""

_PATTERNS = ("", ".sync", ".sync:2", ".waitForTaskToken")


class Call(NamedTuple):
    """The parameters of a call in both query languages, for a state that belongs to neither."""

    arguments: Mapping[str, Any]
    parameters: Mapping[str, Any]


class CallTask(Task):
    """A Task whose parameters are written in the query language of its state machine."""

    def __init__(self, state_id: str, call: Call, **fields: Any) -> None:
        self.call = call
        super().__init__(state_id, arguments=call.arguments, **fields)

    def list_languages(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that belong to one query language; the parameters belong to both."""
        return (found for found in super().list_languages() if found[0] != "Arguments")


class CallPart(dict[str, Any]):
    """An ItemReader or ResultWriter whose parameters, too, wait for the query language."""

    def __init__(self, part: Mapping[str, Any], call: Mapping[str, Any]) -> None:
        super().__init__(part)
        self.call = call


def integration_arn(action: str, pattern: Pattern = "", *, partition: str = "${Partition}") -> str:
    """Name a service integration as a Task's resource; the partition stays a substitution.

    `action` is `service:apiAction` of an optimized integration or
    `aws-sdk:service:apiAction`; `pattern` is '', '.sync', '.sync:2' or '.waitForTaskToken'.
    `partition` ('aws', 'aws-cn', 'aws-us-gov') is for a definition that nobody substitutes.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html

    >>> integration_arn("sqs:sendMessage")
    'arn:${Partition}:states:::sqs:sendMessage'
    """
    if pattern not in _PATTERNS:
        raise DefinitionError(
            f"'{pattern}' ({find_line()}) is not an integration pattern. Use one of: "
            + ", ".join(repr(known) for known in _PATTERNS)
        )
    return f"arn:{partition}:states:::{action}{pattern}"


def integrate(
    state_id: str,
    action: str,
    *,
    pattern: Pattern = "",
    partition: str = "${Partition}",
    parameters: Any = UNSET,
    arguments: Any = UNSET,
    call: Call | None = None,
    **fields: Any,
) -> Task:
    """Make a Task that calls a service, checked against what is known of the API.

    `action` is `service:apiAction`, `aws-sdk:service:apiAction` or `http:invoke`; `parameters` (in
    JSONata `arguments`) are spelled as Step Functions spells them; `fields` are the Task's others.
    `call` holds both, for a state that is written in the language of its state machine.
    Raises `DefinitionError` for a service or an action that surely does not exist, a pattern that
    the integration does not know, and, as deep as they are written, for parameters that the action
    does not take, that are of another type, or that it requires and does not get. A name that may
    be newer than carnation passes, and the lint says so; a parameter that is newer passes with a
    comment: `carnation: ignore unknown-parameter because …`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html

    >>> task = integrate("Tell", "sns:publish", parameters={"Message": "Hi", "TopicArn": "${T}"})
    >>> task.resource
    'arn:${Partition}:states:::sns:publish'
    """
    resource = integration_arn(action, pattern, partition=partition)
    owner = f"state '{state_id}' ({find_line()})"
    comment = fields.get("comment")
    reject_unknown_call(owner, action, comment)
    _reject_pattern(owner, action, pattern)
    given = parameters if parameters is not UNSET else arguments
    reject_parameters(owner, action, call.arguments if call else given, comment)
    if call:
        return CallTask(state_id, call, resource=resource, **fields)
    return Task(state_id, resource=resource, parameters=parameters, arguments=arguments, **fields)


def _reject_pattern(owner: str, action: str, pattern: str) -> None:
    """Raise `DefinitionError` where an integration is known and does not have the pattern."""
    from carnation.services.integrations import INTEGRATIONS  # only for who integrates

    known = INTEGRATIONS[action].patterns if action in INTEGRATIONS else None
    if action.startswith("aws-sdk:"):
        known = ("", "waitForTaskToken")
    if known is not None and pattern.removeprefix(".") not in known:
        there = ", ".join(repr(f".{name}" if name else "") for name in known)
        raise DefinitionError(f"{owner}: {action} has no pattern '{pattern}'; it has {there}.")
