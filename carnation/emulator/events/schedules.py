"""Schedules in virtual time: what is due between two moments fires, in order.

Rules fire first one rate after they were made, schedules of the Scheduler at once.
Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from carnation.emulator.events.rules import Rules
from carnation.errors import EmulatorError, suggest_name
from carnation.records import NamedTuple
from carnation.services.schedules import Rate, Schedule, ScheduleError, as_utc, parse_schedule

_MAX_FIRINGS = 10_000


class Firing(NamedTuple):
    """A schedule that fired, and when."""

    time: datetime
    schedule: str
    arn: str


class _Listed(NamedTuple):
    """A schedule: its place, when it is due, and how it fires."""

    arn: str
    name: str
    group: str
    is_enabled: bool
    expression: str
    zone: str
    start: datetime | None
    end: datetime | None
    fire: Callable[[datetime], None]

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it another schedule when it changes."""
        return self.arn, self.expression, self.zone, self.start

    def parse(self) -> Schedule:
        """Parse the expression; raises `EmulatorError`."""
        try:
            return parse_schedule(self.expression, self.zone)
        except ScheduleError as error:
            raise EmulatorError(f"schedule '{self.name}': {error}") from error

    def find_first(self, moment: datetime) -> datetime | None:
        """Return when it is due first, where it is seen first at a moment."""
        schedule, start = self.parse(), self.start or moment
        if isinstance(schedule, Rate) and ":scheduler:" in self.arn and start >= moment:
            return start
        return schedule.after(max(moment, start - timedelta(seconds=1)), start)

    def find_following(self, moment: datetime) -> datetime | None:
        """Return when it is due after a moment at which it was."""
        return self.parse().after(moment, moment)


def render_time(moment: datetime) -> str:
    """Write a moment as events carry it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_firings(fired: Sequence[Firing], now: datetime) -> str:
    """Write what fired, and what time it is, as JSON."""
    rows = [
        {"time": render_time(one.time), "schedule": one.schedule, "arn": one.arn} for one in fired
    ]
    return json.dumps({"now": render_time(now), "fired": rows})


class Clock:
    """The time of an emulator: that of this machine, and what was advanced on top."""

    def __init__(self, begins: datetime | None = None) -> None:
        """Begin now, or at a moment."""
        self._ahead = as_utc(begins).timestamp() - time.time() if begins else 0.0

    def now(self) -> datetime:
        """Return the present time."""
        return datetime.fromtimestamp(time.time() + self._ahead, tz=timezone.utc)

    def set(self, moment: datetime) -> None:
        """Go on to a moment."""
        self._ahead = moment.timestamp() - time.time()


class Schedules:
    """The schedules of an emulator's account: rules that have one, and the Scheduler's."""

    def __init__(
        self, rules: Rules, clock: Clock, account: str, list_regions: Callable[[], set[str]]
    ) -> None:
        """Take what fires them, and where they are."""
        self._rules, self._clock, self._account = rules, clock, account
        self._list_regions = list_regions
        self._next: dict[tuple[object, ...], datetime | None] = {}
        self._now = clock.now()

    def advance(
        self, to: timedelta | datetime, pass_time: Callable[[float], None]
    ) -> Iterator[Firing]:
        """Fire what is due until a moment; yields each firing when it is delivered.

        `pass_time` is told of the seconds from one to the next.
        """
        self._now = max(self._now, self._clock.now())
        until = as_utc(to) if isinstance(to, datetime) else self._now + to
        if until < self._now:
            raise EmulatorError(f"time goes forward only: it is {render_time(self._now)}.")
        for _ in range(_MAX_FIRINGS):
            listed = self._find_due()
            when = min((moment for moment, _ in listed), default=until + timedelta(1))
            pass_time((min(when, until) - self._now).total_seconds())
            self._now = min(when, until)
            self._clock.set(self._now)
            if when > until:
                return
            for one in sorted(
                (one for moment, one in listed if moment == when), key=lambda one: one.arn
            ):
                self._next[one.key] = one.find_following(when)
                one.fire(when)
                yield Firing(when, one.name, one.arn)
        raise EmulatorError(
            f"schedules would fire at more than {_MAX_FIRINGS} times until {render_time(until)}. "
            "Advance by less."
        )

    def _find_due(self) -> list[tuple[datetime, _Listed]]:
        """Return what is due next of each schedule, where it is."""
        listed = [one for one in self._list() if one.is_enabled]
        known, self._next = self._next, {}
        for one in listed:
            due = known[one.key] if one.key in known else one.find_first(self._now)
            while due is not None and due < self._now:  # nobody asked
                due = one.find_following(due)
            self._next[one.key] = due if one.end is None or not due or due <= one.end else None
        return [(due, one) for one in listed if (due := self._next[one.key]) is not None]

    def fire(self, name: str, group: str) -> None:
        """Fire a schedule of a group, or a rule that has one, now."""
        listed = [one for one in self._list() if one.group in (group, "")]
        found = [one for one in listed if one.name == name]
        if not found:
            known = suggest_name(name, [one.name for one in listed])
            raise EmulatorError(f"schedule '{name}' does not exist.{known}")
        found[0].fire(self._clock.now())

    def _list(self) -> Iterator[_Listed]:
        for region in sorted(self._list_regions()):
            for group in list(scheduler_backends[self._account][region].schedule_groups.values()):
                yield from map(self._describe_schedule, list(group.schedules.values()))
            bus = events_backends[self._account][region].event_buses["default"]
            rules = [rule for rule in bus.rules.values() if rule.scheduled_expression]
            yield from map(self._describe_rule, rules)

    def _describe_schedule(self, found: Any) -> _Listed:
        return _Listed(
            found.arn, found.name, found.group_name, found.state == "ENABLED",
            found.schedule_expression, found.schedule_expression_timezone,
            _read_moment(found.start_date), _read_moment(found.end_date),
            lambda when: self._rules.fire_schedule(found.to_dict(), when),
        )  # fmt: skip

    def _describe_rule(self, rule: Any) -> _Listed:
        return _Listed(
            rule.arn, rule.name, "", rule.state != "DISABLED", rule.scheduled_expression, "UTC",
            None, None, lambda when: self._rules.fire({"Arn": rule.arn}, list(rule.targets), when),
        )  # fmt: skip


def _read_moment(value: Any) -> datetime | None:
    """Read a date of the Scheduler, which is a number of seconds, or text."""
    if value is None:
        return None
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, tz=timezone.utc)
    return as_utc(value if isinstance(value, datetime) else datetime.fromisoformat(str(value)))
