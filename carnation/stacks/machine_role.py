"""What the state machine may do: what its definition needs, derived, on what the stacks name.

`carnation lint --policy` derives the same from the same definition, and tells the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Sub

from carnation.asl import walk_states
from carnation.cloudformation.substitutions import fill_substitutions, find_substitutions
from carnation.errors import DefinitionError
from carnation.permissions import (
    MachineSettings,
    RequiredAction,
    derive_needs,
    group_needs,
    render_policy,
)
from carnation.records import NamedTuple
from carnation.stacks.snippets import KEY, PREFIX, Statement

_OURS = {"StateMachineName": f"{PREFIX}-state-machine"}
_SIDS = {"InvokeFunction": "InvokeVersions"}


class Substitution(NamedTuple):
    """A `${name}` of a definition.

    `value` is what CloudFormation puts in its place. `stands_for` is the same made of names: the
    ARN of a queue, function or state machine, the name of a table or bucket; '' for what no role is
    about. Without `is_optional`, a definition that never uses it is refused.
    """

    name: str
    value: Any
    stands_for: str = ""
    is_optional: bool = False


def list_machine_permissions(
    definition: Mapping[str, Any], services: Sequence[str], known: Mapping[str, Substitution]
) -> list[Statement]:
    """List what the state machine needs: its definition's own tasks, its key, logs and traces.

    `services` are those, next to the queues' and topic's, whose resources the key encrypts. Raises
    `DefinitionError` for a task about which only an execution knows what it will reach: the role
    would have to allow it on everything.
    """
    stand_ins = {name: one.stands_for for name, one in known.items() if one.stands_for}
    children = [text for text in stand_ins.values() if ":stateMachine:" in text]
    sealed = tuple(dict.fromkeys(["sqs", "sns", *services, *children]))
    machine = MachineSettings(logs=True, traces=True, key="${KeyArn}", sealed=sealed)
    needs = derive_needs(definition, machine, stand_ins)
    for need in needs:
        _check(need, definition, known)
    return [_render(statement) for statement in render_policy(group_needs(needs))["Statement"]]


def _check(
    need: RequiredAction, definition: Mapping[str, Any], known: Mapping[str, Substitution]
) -> None:
    left = set(known).intersection(find_substitutions(need.resource))
    if not left and (need.is_exact or PREFIX in need.resource):
        return
    (pointer,) = (place.pointer for place in walk_states(definition) if place.name == need.state)
    named = ", ".join(f"${{{one.name}}}" for one in known.values() if PREFIX in one.stands_for)
    raise DefinitionError(
        f"state '{need.state}' ({pointer}) {need.why}. The role of the state machine would have to "
        f"allow {need.action} on '{need.resource}'. Name its resource; these stacks have: "
        f"{named}."
    )


def _render(statement: dict[str, Any]) -> Statement:
    """Write a statement as a template has it: with references instead of placeholders."""
    actions, resources = statement["Action"], [_refer(text) for text in statement["Resource"]]
    alone = len(resources) == 1 and statement["Resource"][0] in ("*", "${KeyArn}")
    spelled = {
        "Sid": _SIDS.get(statement["Sid"], statement["Sid"]),
        "Effect": statement["Effect"],
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": resources[0] if alone else resources,
    }
    if "Condition" in statement:
        spelled["Condition"] = {
            operator: {key: _refer(value) for key, value in tests.items()}
            for operator, tests in statement["Condition"].items()
        }
    return spelled


def _refer(value: Any) -> Any:
    if isinstance(value, list):
        return [_refer(text) for text in value]
    text = fill_substitutions(value, _OURS)
    if text == "${KeyArn}":
        return KEY
    return Sub(text) if "${" in text else text
