"""Updates of stacks: what changed is updated where it is or replaced, or all is put back.

moto makes a resource when somebody first asks a stack's map for it. An update makes a second map
for the new template, and the question finds the resource of the first one: as it is where its
properties resolve to the same, updated, or replaced. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from carnation.emulator.moto_imports import get_stack_from_s3_url, models, parsing
from carnation.emulator.resources import MadeResource
from carnation.emulator.updaters import UPDATERS
from carnation.errors import EmulatorError
from carnation.services.updates import IN_PLACE, INTERRUPTS, find_update

NESTED = "AWS::CloudFormation::Stack"
_PREFIX = re.compile(r"^stack '[^']*': resource '[^']*' \([^)]*\) could not be made: ")


def _find_stack(resources_map: Any) -> Any:
    backend = models.cloudformation_backends[resources_map._account_id][resources_map._region_name]
    return backend.stacks[resources_map.stack_id]


@contextmanager
def watch_resource(logical_id: str, body: Mapping[str, Any], resources_map: Any) -> Iterator[None]:
    """Write down in the stack's events that a resource could not be made, and why."""
    try:
        yield
    except Exception as error:
        stack = _find_stack(resources_map)
        reason, physical = _PREFIX.sub("", str(error)), ""
        nested = _find_nested(stack, logical_id) if body["Type"] == NESTED else None
        if nested is not None:
            physical = nested.stack_id
            reason = f"Embedded stack {physical} was not successfully created: {reason}"
            remove_made(nested, retain=False)
            nested.status = "DELETE_COMPLETE"
        add_event(stack, logical_id, physical, body["Type"], f"{_tell_verb(stack)}_FAILED", reason)
        raise


def _tell_verb(stack: Any) -> str:
    return "UPDATE" if stack.status.startswith("UPDATE") else "CREATE"


def _find_nested(stack: Any, logical_id: str) -> Any:
    backend = models.cloudformation_backends[stack.account_id][stack.region_name]
    begin = f"{stack.name}-{logical_id}-"
    for nested in reversed(list(backend.stacks.values())):
        if nested.name.startswith(begin) and nested.status == "CREATE_IN_PROGRESS":
            return nested
    return None


def add_event(
    stack: Any, logical_id: str, physical_id: str, kind: str, status: str, reason: str = ""
) -> None:
    """Add an event to a stack's."""
    stack.events.append(
        models.Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=logical_id,
            physical_resource_id=physical_id,
            resource_type=kind,
            resource_status=status,
            resource_status_reason=reason or None,
            resource_properties=None,
        )
    )


def _resolve(body: Mapping[str, Any], resources_map: Any) -> Any:
    return parsing.clean_json(body.get("Properties") or {}, resources_map)


def remember_resource(
    logical_id: str, body: Mapping[str, Any], resources_map: Any, made: Any
) -> None:
    """Keep what a resource's properties resolved to: an update compares with it."""
    known = vars(resources_map).setdefault("known", {})
    known[logical_id] = _resolve(body, resources_map)
    physical = _identify(made)
    add_event(_find_stack(resources_map), logical_id, physical, body["Type"], "CREATE_COMPLETE")
    journal = getattr(resources_map, "journal", None)
    if journal is not None:
        journal.append(lambda: _delete(resources_map, logical_id, body))


def _identify(made: Any) -> str:
    return str(getattr(made, "physical_resource_id", "") or "")


def _delete(resources_map: Any, logical_id: str, body: Mapping[str, Any]) -> None:
    made = resources_map._parsed_resources.pop(logical_id, None)
    if made is not None:
        resources_map._delete_resource(made, dict(body))


def adopt_resource(logical_id: str, body: Mapping[str, Any], resources_map: Any) -> Any:
    """Give the resource that the stack has already, updated; None where it is to be made."""
    before = getattr(resources_map, "before", None)
    made = before._parsed_resources.get(logical_id) if before is not None else None
    condition = body.get("Condition")
    if before is None or made is None:
        return None
    if condition and not resources_map.lazy_condition_map[condition]:
        return None
    if before._resource_json_map.get(logical_id, {}).get("Type") != body["Type"]:
        return None
    wanted, had = _resolve(body, resources_map), before.known.get(logical_id, {})
    if body["Type"] == NESTED:
        known = vars(resources_map).setdefault("known", {})
        known[logical_id] = wanted
        _update_nested(made, wanted, resources_map)
        return made
    if wanted == had:
        vars(resources_map).setdefault("known", {})[logical_id] = wanted
        return made
    if _replaces(body["Type"], had, wanted):
        return None
    made = _update(logical_id, body, made, had, wanted, resources_map)
    vars(resources_map).setdefault("known", {})[logical_id] = wanted
    return made


def _replaces(kind: str, had: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    changed = [name for name in {**had, **wanted} if had.get(name) != wanted.get(name)]
    return any(find_update(kind, [name]) not in (IN_PLACE, INTERRUPTS) for name in changed)


def _update(
    logical_id: str, body: Mapping[str, Any], made: Any, had: Any, wanted: Any, resources_map: Any
) -> Any:
    kind, ref = body["Type"], _identify(made)
    if kind not in UPDATERS:
        raise EmulatorError(
            f"the emulator cannot update {kind} where it is. "
            "Give it a row in carnation.emulator.updaters."
        )
    journal: list[Callable[[], object]] = resources_map.journal
    journal.append(lambda: UPDATERS[kind](MadeResource.connect, ref, had))
    facts = UPDATERS[kind](MadeResource.connect, ref, wanted)
    add_event(_find_stack(resources_map), logical_id, ref, kind, "UPDATE_COMPLETE")
    if facts is None or not isinstance(made, MadeResource):
        return made
    updated: Any = MadeResource(facts, kind)  # type: ignore[abstract]
    updated.cf_resource_type, updated.logical_resource_id = kind, logical_id
    return updated


def _update_nested(nested: Any, wanted: Mapping[str, Any], resources_map: Any) -> None:
    text = get_stack_from_s3_url(
        wanted["TemplateURL"], account_id=nested.account_id, partition="aws"
    )
    parameters = {name: str(value) for name, value in wanted.get("Parameters", {}).items()}
    old = nested.template, dict(nested.parameters)
    if not has_changes(nested, text, parameters):
        return
    resources_map.journal.append(lambda: update_stack(nested, *old))
    update_stack(nested, text, parameters)
    logical = nested.logical_resource_id
    add_event(_find_stack(resources_map), logical, nested.stack_id, NESTED, "UPDATE_COMPLETE")


def has_changes(stack: Any, text: str, parameters: Mapping[str, Any]) -> bool:
    """Tell whether a template and parameters are other ones than a stack's, or those below it."""
    given = {name: str(value) for name, value in parameters.items()}
    had = {name: str(value) for name, value in stack.parameters.items()}
    return text != stack.template or given != had


def update_stack(stack: Any, text: str, parameters: dict[str, Any]) -> None:
    """Update a stack, and put it back as it was where anything fails."""
    old_map, old_state = stack.resource_map, (stack.template, stack.template_dict, stack.parameters)
    stack.status = "UPDATE_IN_PROGRESS"
    stack._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
    journal: list[Callable[[], object]] = []
    try:
        stack.template, stack.parameters = text, parameters
        stack._parse_template()
        stack.resource_map = stack._create_resource_map()
        stack.resource_map.before, stack.resource_map.journal = old_map, journal
        stack.resource_map.known = {}
        stack.resource_map.create(stack.template_dict)
        stack.output_map = stack._create_output_map()
        list(stack.outputs or ())
    except Exception as error:
        _roll_back(stack, journal, str(error))
        stack.template, stack.template_dict, stack.parameters = old_state
        stack.resource_map = old_map
        stack.output_map = stack._create_output_map()
        raise
    del stack.resource_map.before
    _clean_up(stack, old_map)
    stack.status = "UPDATE_COMPLETE"
    stack._add_stack_event("UPDATE_COMPLETE")


def _roll_back(stack: Any, journal: list[Callable[[], object]], reason: str) -> None:
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    stack._add_stack_event("UPDATE_ROLLBACK_IN_PROGRESS", resource_status_reason=reason)
    try:
        while journal:
            journal.pop()()
    except Exception as error:
        stack.status = "UPDATE_ROLLBACK_FAILED"
        stack._add_stack_event("UPDATE_ROLLBACK_FAILED", resource_status_reason=str(error))
        return
    stack.status = "UPDATE_ROLLBACK_COMPLETE"
    stack._add_stack_event("UPDATE_ROLLBACK_COMPLETE")


def _clean_up(stack: Any, old_map: Any) -> None:
    """Delete what was replaced or removed, unless its policy retains it."""
    new_map = stack.resource_map
    for logical_id, body in reversed(list(old_map._resource_json_map.items())):
        made = old_map._parsed_resources.get(logical_id)
        now = new_map._parsed_resources.get(logical_id)
        if made is None or (now is not None and _identify(now) == _identify(made)):
            continue
        policy = "DeletionPolicy" if now is None else "UpdateReplacePolicy"
        if body.get(policy) != "Retain":
            add_event(stack, logical_id, _identify(made), body["Type"], "DELETE_COMPLETE")
            old_map._delete_resource(made, dict(body))


def remove_made(stack: Any, *, retain: bool) -> list[str]:
    """Delete what a stack has made, the last first; gives the logical IDs of what resisted."""
    resisted = []
    resources_map = stack.resource_map
    made = list(vars(resources_map).get("known", {}))
    for logical_id in reversed(made):
        body = resources_map._resource_json_map[logical_id]
        kept = body.get("DeletionPolicy", "Delete")
        if kept in ("Retain", "RetainExceptOnCreate") and retain:
            add_event(stack, logical_id, "", body["Type"], "DELETE_SKIPPED")
            continue
        thing = resources_map._parsed_resources.get(logical_id)
        try:
            if body["Type"] == NESTED and thing is not None:
                resisted += remove_made(thing, retain=retain)
                bury(thing)
            else:
                _delete(resources_map, logical_id, body)
        except Exception as error:
            resisted.append(logical_id)
            add_event(stack, logical_id, "", body["Type"], "DELETE_FAILED", str(error))
        else:
            add_event(stack, logical_id, "", body["Type"], "DELETE_COMPLETE")
    return resisted


def bury(stack: Any) -> None:
    """Keep a stack among the deleted ones, where only its ID finds it."""
    backend = models.cloudformation_backends[stack.account_id][stack.region_name]
    backend.stacks.pop(stack.stack_id, None)
    stack.status = "DELETE_COMPLETE"
    stack._add_stack_event("DELETE_COMPLETE")
    backend.deleted_stacks[stack.stack_id] = stack
