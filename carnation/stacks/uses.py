"""What a definition uses of its stacks: functions it invokes, queues it writes to, substitutions.

The state machine's role allows exactly this. What the stacks cannot give, or give in vain, is an
error here, while building, and not an AccessDenied in the middle of an execution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from carnation.asl import Place, find_substitutions, walk_states
from carnation.errors import DefinitionError, suggest_name
from carnation.stacks.nouns import Function, Sources

_INVOCATIONS = ("lambda:invoke", "aws-sdk:lambda:invoke")
_ACTIONS = {
    "sqs:sendMessage": "sqs:SendMessage",
    "aws-sdk:sqs:sendMessage": "sqs:SendMessage",
    "aws-sdk:sqs:deleteMessage": "sqs:DeleteMessage",
}
_QUEUES = {"${QueueUrl}": "queue", "${DeadLetterQueueUrl}": "dead-letters"}
_OPTIONAL = ("Partition", "MaxConcurrency")


class Uses(NamedTuple):
    """What a definition does: the functions it invokes, and per action of SQS the queues."""

    functions: tuple[Function, ...]
    queues: Mapping[str, tuple[str, ...]]


def list_substitutions(functions: Sequence[Function]) -> list[str]:
    """List the substitutions that the stacks give a definition.

    >>> list_substitutions([Function("process_event", "")])[2:]
    ['QueueUrl', 'DeadLetterQueueUrl', 'ProcessEventFunction']
    """
    queues = [name.strip("${}") for name in _QUEUES]
    return [*_OPTIONAL, *queues, *(f"{function.title}Function" for function in functions)]


def check_substitutions(sources: Sources, functions: Sequence[Function]) -> None:
    """Refuse a definition with a `${…}` that no stack gives, or without one that a stack is for."""
    known = list_substitutions(functions)
    used = find_substitutions(sources.definition)
    for name in used:
        if name not in known:
            raise DefinitionError(
                f"the definition of '{sources.workflow}' uses ${{{name}}}, which its stacks do not "
                f"give.{suggest_name(name, known)} They give: {', '.join(known)}."
            )
    for name in known:
        if name not in used and name not in _OPTIONAL:
            raise DefinitionError(
                f"the definition of '{sources.workflow}' never uses ${{{name}}}, for which its "
                "stacks make a resource. Let a state use it, or write stacks without it."
            )


def find_uses(definition: Mapping[str, Any], functions: Sequence[Function]) -> Uses:
    """Find what the tasks of a definition do; refuse a task that the role could not allow.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
    """
    by_title = {f"${{{function.title}Function}}": function for function in functions}
    invoked: dict[str, Function] = {}
    queues: dict[str, dict[str, None]] = {}
    for place in walk_states(definition):
        if _is_distributed(place.state):  # its child executions need permissions of their own
            raise _refuse(place, "has a processor of mode DISTRIBUTED", "INLINE")
        if place.state.get("Type") != "Task":
            continue
        resource = str(place.state.get("Resource", ""))
        task = resource.partition(":states:::")[2].partition(".")[0]  # without .waitForTaskToken
        if resource in by_title:
            invoked[resource] = by_title[resource]
        elif task in _INVOCATIONS:
            name = _read_parameter(place, "FunctionName", by_title)
            invoked[name] = by_title[name]
        elif task in _ACTIONS:
            queue = _QUEUES[_read_parameter(place, "QueueUrl", _QUEUES)]
            queues.setdefault(_ACTIONS[task], {})[queue] = None
        else:
            known = ", ".join((*_INVOCATIONS, *_ACTIONS))
            raise _refuse(place, f"has the resource '{resource}'", f"tasks of {known}")
    return Uses(
        tuple(function for key, function in by_title.items() if key in invoked),
        {action: tuple(names) for action, names in queues.items()},
    )


def _is_distributed(state: Mapping[str, Any]) -> bool:
    processor = state.get("ItemProcessor", {})
    return bool(processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED")


def _read_parameter(place: Place, name: str, known: Mapping[str, Any]) -> str:
    given = place.state.get("Parameters", place.state.get("Arguments"))
    value = given.get(name) if isinstance(given, Mapping) else None
    if value not in known:
        raise _refuse(place, f"has the {name} {value!r}", " or ".join(known))
    return str(value)


def _refuse(place: Place, what: str, known: str) -> DefinitionError:
    return DefinitionError(
        f"state '{place.name}' ({place.pointer}) {what}, which the role of the state machine does "
        f"not allow. These stacks know: {known}. Use one of them, or write stacks of your own."
    )
