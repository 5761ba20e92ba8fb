"""What a state machine may do: derived from its definition, narrowed and widened by grants.

Where a state works out while it runs what it will reach, the role would have to allow it on
everything: then the workflow has to name it, by a resource or by a grant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carnation.asl import walk_states
from carnation.errors import DefinitionError
from carnation.permissions import (
    MachineSettings,
    RequiredAction,
    derive_needs,
    group_needs,
    render_policy,
)
from carnation.permissions.grants import matches
from carnation.resources.application import Application
from carnation.resources.grants import Grant
from carnation.resources.references import PREFIX, find_references

SERVICES = ("dynamodb", "s3", "secretsmanager", "sns", "sqs")
KEY_MARKER = "${KeyArn}"


def describe_machine(application: Application) -> MachineSettings:
    """Describe what the state machine does next to its definition: logs, traces, a key."""
    level = application.machine.log_level
    key = KEY_MARKER if application.key else ""
    children = [one.stands_for for one in application.list_references().values()
                if ":stateMachine:" in one.stands_for]  # fmt: skip
    sealed = (*SERVICES, *children) if key else ()
    return MachineSettings(level != "OFF", application.machine.tracing, key, sealed)


def list_machine_needs(
    application: Application,
    definition: Mapping[str, Any],
    *,
    named: bool,
    find_source: Callable[[str], str] = lambda _: "",
) -> list[RequiredAction]:
    """List what the state machine needs: its definition's calls, then what the workflow grants.

    With `named`, references are replaced by what they represent, as in our own stacks. A grant
    replaces the needs that it closes, and inherits their conditions. `find_source` gives the line
    of a state. Raises `DefinitionError` for a need that is worked out while the state machine runs,
    and that neither a resource nor a grant narrows.
    """
    references = application.list_references()
    known = {key: one.stands_for for key, one in references.items() if one.stands_for and named}
    activities = {key: one.stands_for for key, one in references.items()
                  if ":activity:" in one.stands_for}  # fmt: skip
    if named:
        known["Partition"] = "${AWS::Partition}"
    needs: list[RequiredAction] = []
    granted = _open_grants(application.uses)
    for need in derive_needs(definition, describe_machine(application), {**activities, **known}):
        closing = [grant for grant in application.uses if _closes(grant, need)]
        if _is_open(need) and closing:
            for grant in closing:
                granted.pop((grant, need.action), None)
                needs += [_narrow(need, grant, one, known) for one in grant.resources]
        elif named and _is_open(need) and _is_fixable(need):
            raise _unknown_resource(application, definition, need, find_source(need.state))
        else:
            needs.append(need)
    for grant, action in granted:
        needs += [
            RequiredAction(
                action, _name(one, known), "", grant.because or "granted", grant.condition
            )
            for one in grant.resources
        ]
    return list(dict.fromkeys(needs))


def list_open_needs(
    application: Application, definition: Mapping[str, Any]
) -> list[RequiredAction]:
    """List what the role is allowed on a pattern, since the call has nothing that names it."""
    needs = list_machine_needs(application, definition, named=True)
    return [need for need in needs if need.state and _is_open(need)]


def _open_grants(grants: Sequence[Grant]) -> dict[tuple[Grant, str], None]:
    return {(grant, action): None for grant in grants for action in grant.actions}


def _closes(grant: Grant, need: RequiredAction) -> bool:
    if grant.states and need.state not in grant.states:
        return False
    return any(matches(action.lower(), need.action.lower()) for action in grant.actions)


def _narrow(
    need: RequiredAction, grant: Grant, resource: str, known: Mapping[str, str]
) -> RequiredAction:
    why = f"{need.why.partition(';')[0]}; {grant.because}" if grant.because else need.why
    condition = tuple(dict.fromkeys([*need.condition, *grant.condition]))
    return need._replace(
        resource=_name(resource, known), why=why, condition=condition, is_exact=True
    )


def _name(resource: str, known: Mapping[str, str]) -> str:
    for key in find_references(resource):
        if key in known:
            resource = resource.replace(f"${{{key}}}", known[key])
    return resource


def _is_open(need: RequiredAction) -> bool:
    """Return whether only an execution knows the resource, and none of ours holds it."""
    return not need.is_exact and PREFIX not in need.resource


def _is_fixable(need: RequiredAction) -> bool:
    """Return whether the call could name its resource: AWS has a parameter for it."""
    return "is not given" not in need.why


def _unknown_resource(
    application: Application, definition: Mapping[str, Any], need: RequiredAction, source: str
) -> DefinitionError:
    pointers = (place.pointer for place in walk_states(definition) if place.name == need.state)
    places = [place for place in (source, *pointers) if place]
    where = f" ({places[0]})" if places else ""
    known = ", ".join(application.list_references().values()) or "nothing"
    return DefinitionError(
        f"state '{need.state}'{where} {need.why}. The role of the state machine would have to "
        f"allow {need.action} on '{need.resource}'. Name its resource, or allow it: "
        f"Workflow(uses=[Grant(('{need.action}',), (…,), because='…')]). "
        f"'{application.workflow}' has: {known}."
    )


def render_machine_policy(
    application: Application, definition: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the policy of the state machine for its deployment, with references."""
    return render_policy(group_needs(list_machine_needs(application, definition, named=False)))
