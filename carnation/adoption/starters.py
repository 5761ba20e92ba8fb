"""Starters: the rules, schedules and APIs of a template that start its state machine.

Those that a trigger of `carnation.resources` says become one; a rule or schedule that gives more
than that stays as CloudFormation, its target pointed to the workflow's state machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.adoption.formatter import Text, Token, render_value
from carnation.adoption.inventory import Adopted, Inventory, list_targets

_URI = "arn:aws:apigateway"
_SCHEDULES = ("Schedule", "ScheduleV2")
_RULES = ("EventBridgeRule", "CloudWatchEvent")


def read_rule(inventory: Inventory, name: str, properties: Mapping[str, Any]) -> Adopted | None:
    """Read an `AWS::Events::Rule` whose one target is the state machine."""
    targets = properties.get("Targets")
    if not isinstance(targets, list) or len(targets) != 1 or "EventPattern" not in properties:
        return None
    (target,) = targets
    if inventory.machine not in list_targets([target.get("Arn")]):
        return None
    if set(target) - {"Arn", "Id", "RoleArn", "InputPath"}:
        return None
    known = {"EventPattern", "Targets", "State", "Name", "Description", "EventBusName"}
    if set(properties) - known:
        return None
    rule = _make_rule(inventory, name, properties["EventPattern"], target, properties)
    if rule is not None:
        for key in ("Name", "Description", "State"):
            if key in properties and (key, properties[key]) != ("State", "ENABLED"):
                rule.properties[key] = inventory.rewrite(properties[key])
    return rule


def _make_rule(
    inventory: Inventory,
    logical_id: str,
    pattern: Any,
    target: Mapping[str, Any],
    more: Mapping[str, Any],
) -> Adopted | None:
    path = target.get("InputPath", "$")
    if path not in ("$", "$.detail") or not isinstance(pattern, Mapping) or _is_dynamic(pattern):
        return None
    id = inventory.choose_id(logical_id, "Rule")
    rule = Adopted("EventRule", id, logical_id, suffix="Rule", is_trigger=True)
    rule.arguments["pattern"] = render_value(dict(pattern))
    if path == "$":
        rule.arguments["whole_event"] = Token("True")
    bus = more.get("EventBusName", "default")
    if bus != "default":
        found = _find_bus(inventory, bus)
        if found is None:
            return None
        rule.arguments["bus"] = found
    return rule


def _find_bus(inventory: Inventory, bus: Any) -> Any:
    """Name a bus by its name; one of the template itself stays CloudFormation, and so its rules."""
    if not isinstance(bus, str):
        return None
    id = inventory.choose_id(f"{bus} bus", "Bus")
    found = Adopted("Bus", id, "", existing=bus)
    inventory.extra.append(found)
    return found


def _is_dynamic(value: Any) -> bool:
    return next(iter(list_targets(value)), None) is not None


def read_schedule(inventory: Inventory, name: str, properties: Mapping[str, Any]) -> Adopted | None:
    """Read an `AWS::Scheduler::Schedule` whose target is the state machine."""
    target = properties.get("Target")
    if not isinstance(target, Mapping):
        return None
    if inventory.machine not in list_targets([target.get("Arn")]):
        return None
    window = properties.get("FlexibleTimeWindow", {"Mode": "OFF"})
    known = {
        "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "State",
        "Name", "Description", "GroupName",
    }  # fmt: skip
    if set(target) - {"Arn", "RoleArn", "Input"} or set(properties) - known:
        return None
    if window != {"Mode": "OFF"} or properties.get("GroupName", "default") != "default":
        return None
    schedule = make_schedule(
        inventory, name, properties["ScheduleExpression"],
        properties.get("ScheduleExpressionTimezone"), target.get("Input"),
    )  # fmt: skip
    for key in ("Name", "Description", "State"):
        if schedule and key in properties and (key, properties[key]) != ("State", "ENABLED"):
            schedule.properties[key] = inventory.rewrite(properties[key])
    return schedule


def make_schedule(
    inventory: Inventory, logical_id: str, expression: Any, timezone: Any, given: Any
) -> Adopted | None:
    """Make a schedule, where its expression and input are text."""
    if not isinstance(expression, str) or not isinstance(timezone, (str, type(None))):
        return None
    try:
        value = json.loads(given) if given is not None else {}
    except (TypeError, ValueError):
        return None
    if not isinstance(value, dict):
        return None
    id = inventory.choose_id(logical_id, "Schedule")
    schedule = Adopted("Schedule", id, logical_id, suffix="Schedule", is_trigger=True)
    schedule.arguments["expression"] = Text(expression)
    if timezone and timezone != "UTC":
        schedule.arguments["timezone"] = Text(timezone)
    if value:
        schedule.arguments["input"] = render_value(value)
    return schedule


def read_events(inventory: Inventory, properties: Mapping[str, Any]) -> Iterator[Adopted]:
    """Yield the triggers that SAM's `Events` of a state machine say; note those they cannot."""
    routes: dict[str, None] = {}
    for name, event in (properties.get("Events") or {}).items():
        kind, body = str(event.get("Type")), event.get("Properties") or {}
        logical_id = f"{inventory.machine}{name}"
        if kind in ("Api", "HttpApi"):
            routes[f"{str(body.get('Method', 'any')).upper()} {body.get('Path')}"] = None
            continue
        found = _read_event(inventory, logical_id, kind, body)
        if found is None:
            inventory.note(f"event '{name}'", f"{kind} has settings that a trigger does not "
            f"have; write its trigger or Raw(…)")  # fmt: skip
        else:
            yield found
    if routes:
        inventory.note(
            ", ".join(routes), "answered by an HTTP API of its own, at another URL, which "
            "requires an IAM signature; change the callers, or set authorization= to NONE",
        )  # fmt: skip
        id = inventory.choose_id("front", "Api")
        yield Adopted("HttpApi", id, "", {"routes": render_value(routes)}, is_trigger=True)


def _read_event(
    inventory: Inventory, logical_id: str, kind: str, body: Mapping[str, Any]
) -> Adopted | None:
    state = body.get("State", "ENABLED" if body.get("Enabled", True) else "DISABLED")
    own = {} if state == "ENABLED" else {"State": state}
    if kind in _RULES and not set(body) & {"Input", "InputTransformer", "Target"}:
        found = _make_rule(inventory, logical_id, body.get("Pattern"), body, body)
    elif kind in _SCHEDULES:
        expression = body.get("Schedule", body.get("ScheduleExpression"))
        timezone = body.get("ScheduleExpressionTimezone")
        found = make_schedule(inventory, logical_id, expression, timezone, body.get("Input"))
        if found and kind == "Schedule":
            found.logical_id = ""  # SAM makes a rule of it
            inventory.note(logical_id, "a scheduled rule; EventBridge Scheduler replaces it")
    else:
        found = None
    if found is not None:
        found.properties.update(own)
    return found
