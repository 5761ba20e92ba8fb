"""Rules: an event that matches one reaches its targets; schedules fire when asked.

moto keeps buses and rules and offers each event to each rule; here a rule decides and delivers.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping
from typing import Any

from moto.events.models import Rule

from carnation.emulator.events.delivery import Delivery
from carnation.emulator.events.inputs import make_input
from carnation.emulator.events.patterns import matches
from carnation.emulator.patching import Patches
from carnation.errors import EmulatorError


class Rules:
    """The rules of an emulator."""

    def __init__(self, delivery: Delivery) -> None:
        """Take what delivers."""
        self._delivery = delivery

    def install(self, patches: Patches) -> None:
        """Have rules decide and deliver by this."""

        def send(rule: Any, original_event: Any, transform_input: bool = True) -> None:
            self.offer(rule, original_event)

        patches.set(Rule, "send_to_targets", send)

    def offer(self, rule: Any, event: Mapping[str, Any]) -> None:
        """Deliver an event to a rule's targets, if it matches."""
        pattern = json.loads(rule.event_pattern.dump() or "null")
        if rule.state == "DISABLED" or not pattern:
            return
        whole = _complete(event)
        if matches(pattern, whole):
            for target in list(rule.targets):
                self._delivery.send(target, make_input(target, whole, rule.arn), rule.arn)

    def fire(
        self, rule: Mapping[str, Any], targets: list[dict[str, Any]], when: datetime.datetime
    ) -> None:
        """Fire a rule that has a schedule."""
        arn = str(rule["Arn"])
        parts = arn.split(":")
        event = _complete({
            "source": "aws.events", "detail-type": "Scheduled Event", "account": parts[4],
            "region": parts[3], "resources": [arn], "detail": {}, "time": when.timestamp(),
        })  # fmt: skip
        for target in targets:
            self._delivery.send(target, make_input(target, event, arn), arn)

    def fire_schedule(self, schedule: Mapping[str, Any], when: datetime.datetime) -> None:
        """Deliver what a schedule of the Scheduler sends."""
        target = dict(schedule["Target"])
        execution = str(uuid.uuid4())
        text = str(target.get("Input") or "{}")
        for name, value in (
            ("schedule-arn", schedule["Arn"]),
            ("scheduled-time", _write(when)),
            ("execution-id", execution),
            ("attempt-number", "1"),
        ):
            text = text.replace(f"<aws.scheduler.{name}>", str(value))
        if target["Arn"].startswith("arn:aws:scheduler:::aws-sdk:"):
            raise EmulatorError(f"the emulator fires no universal target: {target['Arn']}.")
        self._delivery.send(target, text, str(schedule["Arn"]))


def _write(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _complete(event: Mapping[str, Any]) -> dict[str, Any]:
    """Write an event as EventBridge does: its time as text, its ID and version."""
    time = event.get("time")
    if isinstance(time, (int, float)):
        time = _write(datetime.datetime.fromtimestamp(time, tz=datetime.timezone.utc))
    return {
        "version": "0",
        "id": event.get("id") or str(uuid.uuid4()),
        "detail-type": event.get("detail-type", ""),
        "source": event.get("source", ""),
        "account": event.get("account", ""),
        "time": time or _write(datetime.datetime.now(tz=datetime.timezone.utc)),
        "region": event.get("region", ""),
        "resources": event.get("resources", []),
        "detail": event.get("detail", {}),
    }
