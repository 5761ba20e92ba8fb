"""Schedule expressions of EventBridge and its Scheduler: when they are due.

`rate(5 minutes)`, `cron(0 3 ? * MON-FRI *)`, `at(2030-01-31T09:00:00)`. A local time that clocks
skip is skipped, one that they repeat is due once. The standard library knows the time zones.
Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from carnation.errors import CarnationError, UsageError
from carnation.lazy import compile_lazily

_FORM = compile_lazily(r"(rate|cron|at)\((.*)\)\Z")
_RATE = compile_lazily(r"(\d+) +(minute|hour|day)s?\Z")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
_LAST_YEAR = 2199
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = compile_lazily(rf"(\d+(?:\.\d+)?)([{''.join(_UNITS)}])")


class ScheduleError(CarnationError):
    """A schedule expression, or a time zone, that AWS would reject."""


@dataclass(frozen=True)
class Rate:
    """Due every so often, counted from an anchor."""

    every: timedelta

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """Return the first time after a moment; the anchor itself is none."""
        steps = max((moment - anchor) // self.every, 0) + 1
        return anchor + steps * self.every


@dataclass(frozen=True)
class At:
    """Due once."""

    when: datetime

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """Return the time, where it is after a moment."""
        return self.when if self.when > moment else None


@dataclass(frozen=True)
class Cron:
    """Due whenever all fields match, in a time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    month_days: str
    months: frozenset[int]
    week_days: str
    years: frozenset[int]
    zone: tzinfo

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """Return the first time after a moment; None where there is none."""
        day = moment.astimezone(self.zone).date()
        while day.year <= max(self.years):
            if day.year not in self.years or day.month not in self.months:
                day = _begin_next_month(day)
                continue
            for found in self._find_times(day) if self._matches(day) else ():
                if found > moment:
                    return found
            day += timedelta(days=1)
        return None

    def _find_times(self, day: date) -> Iterator[datetime]:
        """Yield the times of a day; those that the clocks skip do not exist."""
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                local = datetime.combine(day, time(hour, minute), self.zone)
                found = local.astimezone(timezone.utc)
                if found.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield found

    def _matches(self, day: date) -> bool:
        field, days = self.month_days, _list_month_days(self.month_days, day.year, day.month)
        if field == "?":
            days = _list_week_days(self.week_days, day.year, day.month)
        return day.day in days


Schedule = Rate | At | Cron


@lru_cache(maxsize=256)
def parse_schedule(text: str, zone_name: str | None = None) -> Schedule:
    """Parse a schedule expression; raises `ScheduleError`.

    >>> parse_schedule("rate(5 minutes)")
    Rate(every=datetime.timedelta(seconds=300))
    """
    found = _FORM.match(text.strip())
    if found is None:
        raise ScheduleError(f"Invalid Schedule Expression {text}.")
    kind, inner = found[1], found[2].strip()
    zone = _find_zone(zone_name or "UTC")
    try:
        if kind == "rate":
            return _parse_rate(inner)
        if kind == "at":
            local = datetime.strptime(inner, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
            return At(local.astimezone(timezone.utc))
        return _parse_cron(inner, zone)
    except ValueError as error:
        raise ScheduleError(f"Invalid Schedule Expression {text}.") from error


def _find_zone(name: str) -> tzinfo:
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (OSError, ValueError) as error:
        raise ScheduleError(f"Invalid Schedule Expression Timezone {name}.") from error
    except KeyError as error:  # ZoneInfoNotFoundError
        raise ScheduleError(
            f"Invalid Schedule Expression Timezone {name}: this machine knows no such time zone."
        ) from error


def _parse_rate(text: str) -> Rate:
    found = _RATE.match(text)
    if found is None or not int(found[1]):
        raise ValueError(text)
    return Rate(int(found[1]) * timedelta(**{f"{found[2]}s": 1}))


def _parse_cron(text: str, zone: tzinfo) -> Cron:
    minutes, hours, month_days, months, week_days, years = text.split()
    if (month_days == "?") == (week_days == "?"):
        raise ValueError(text)
    for year, month in ((2024, 2), (2025, 1)):  # whatever is wrong with a field is wrong here
        _list_month_days(month_days, year, month)
        _list_week_days(week_days, year, month)
    return Cron(
        _expand(minutes, 0, 59), _expand(hours, 0, 23), month_days,
        _expand(months, 1, 12, _MONTHS), week_days, _expand(years, 1970, _LAST_YEAR), zone,
    )  # fmt: skip


def _expand(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """Return what a field matches: `*`, `5`, `1-5`, `0/15`, and lists of these.

    >>> sorted(_expand("0/20,7", 0, 59))
    [0, 7, 20, 40]
    >>> sorted(_expand("FRI-MON", 1, 7, _DAYS))
    [1, 2, 6, 7]
    """
    found: set[int] = set()
    for item in text.split(","):
        span, slash, step = item.partition("/")
        first, dash, last = (str(low), "-", str(high)) if span == "*" else span.partition("-")
        begin = _read(first, low, high, names)
        end = _read(last, low, high, names) if dash else high if slash else begin
        after = range(low, end + 1) if begin > end else ()
        whole = [*range(begin, (high if after else end) + 1), *after]
        found.update(whole[:: _read(step, 1, high) if slash else 1])
    return frozenset(found)


def _read(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + low
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def _begin_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@lru_cache(maxsize=512)
def _list_month_days(text: str, year: int, month: int) -> frozenset[int]:
    """Return the days of a month that a field matches: `L`, `L-2`, `15W`, and lists of numbers."""
    last = calendar.monthrange(year, month)[1]
    if text == "?":
        return frozenset()
    if text.upper() == "L":
        return frozenset({last})
    if text.upper().startswith("L-"):
        return frozenset({last - _read(text[2:], 0, 30)})
    if text.upper().endswith("W"):
        wanted = last if text.upper() == "LW" else _read(text[:-1], 1, 31)
        return frozenset({_find_weekday(year, month, wanted)} if wanted <= last else ())
    return _expand(text, 1, 31)


def _find_weekday(year: int, month: int, wanted: int) -> int:
    """Return the weekday nearest to a day, in the same month."""
    last = calendar.monthrange(year, month)[1]
    place = date(year, month, wanted).weekday()
    if place == 5:  # Saturday
        return wanted - 1 if wanted > 1 else wanted + 2
    if place == 6:  # Sunday
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


@lru_cache(maxsize=512)
def _list_week_days(text: str, year: int, month: int) -> frozenset[int]:
    """Return the days of a month that a field matches: `MON-FRI`, `6L` (the last), `2#1`."""
    if text == "?":
        return frozenset()
    days = range(1, calendar.monthrange(year, month)[1] + 1)
    name, number, which = text.partition("#")
    if number:
        wanted, place = _read(name, 1, 7, _DAYS), _read(which, 1, 5)
        found = [day for day in days if _week_day(year, month, day) == wanted]
        return frozenset(found[place - 1 : place])
    if text.upper().endswith("L") and len(text) > 1:
        wanted = _read(text[:-1], 1, 7, _DAYS)
        return frozenset([day for day in days if _week_day(year, month, day) == wanted][-1:])
    if text.upper() == "L":
        text = "SAT"
    matched = _expand(text, 1, 7, _DAYS)
    return frozenset(day for day in days if _week_day(year, month, day) in matched)


def _week_day(year: int, month: int, day: int) -> int:
    """Return 1 for Sunday to 7 for Saturday."""
    return (date(year, month, day).weekday() + 1) % 7 + 1


def read_time(text: str) -> timedelta | datetime:
    """Read how far time goes: a duration (`90m`, `36h`, `1d12h`), or a moment in UTC.

    >>> read_time("1d12h") == timedelta(hours=36)
    True
    >>> read_time("2026-03-29T01:30")
    datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.timezone.utc)
    """
    if _SPAN.sub("", text) == "" and text:
        return timedelta(**_add_up(text))
    try:
        return as_utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise UsageError(
            f"'{text}' is not a time. Use a duration, such as 90m, 36h, or 7d, or a timestamp, "
            f"such as "
            "2026-03-29T01:30Z."
        ) from error


def _add_up(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for number, unit in _SPAN.findall(text):
        found[_UNITS[unit]] = found.get(_UNITS[unit], 0.0) + float(number)
    return found


def as_utc(moment: datetime) -> datetime:
    """Return a moment in UTC, which is what one without a time zone means."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)
