"""Schedule expressions are due when AWS says they are."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice

import pytest

from carnation.services.schedules import ScheduleError, parse_schedule


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def due(expression: str, since: str, zone: str = "UTC", count: int = 3) -> list[str]:
    schedule, moment, found = parse_schedule(expression, zone), utc(since), []
    for _ in islice(range(count), count):
        following = schedule.after(moment, moment)
        if following is None:
            break
        moment = following
        found.append(f"{moment:%Y-%m-%dT%H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "since", "expected"),
    [
        ("rate(5 minutes)", "2026-01-01T00:02", ["2026-01-01T00:07", "2026-01-01T00:12"]),
        ("rate(1 day)", "2026-01-01T00:02", ["2026-01-02T00:02", "2026-01-03T00:02"]),
        ("at(2026-05-01T09:00:00)", "2026-01-01", ["2026-05-01T09:00"]),
        ("at(2025-05-01T09:00:00)", "2026-01-01", []),
        ("cron(0 3 * * ? *)", "2026-01-01T03:00", ["2026-01-02T03:00", "2026-01-03T03:00"]),
        ("cron(0/20 8,17 ? * MON-FRI *)", "2026-01-02T17:10",
         ["2026-01-02T17:20", "2026-01-02T17:40", "2026-01-05T08:00"]),
        ("cron(15 12 ? * fri-mon *)", "2026-01-01", ["2026-01-02T12:15", "2026-01-03T12:15",
                                                     "2026-01-04T12:15"]),
        ("cron(0 0 L * ? *)", "2026-01-31T00:00", ["2026-02-28T00:00", "2026-03-31T00:00"]),
        ("cron(0 0 L-2 * ? *)", "2026-02-01", ["2026-02-26T00:00", "2026-03-29T00:00"]),
        ("cron(0 0 1W * ? *)", "2026-08-01T00:00", ["2026-08-03T00:00", "2026-09-01T00:00"]),
        ("cron(0 0 LW * ? *)", "2026-01-01", ["2026-01-30T00:00", "2026-02-27T00:00"]),
        ("cron(0 0 31W * ? *)", "2026-01-31", ["2026-03-31T00:00", "2026-05-29T00:00"]),
        ("cron(0 0 ? * 6#3 *)", "2026-01-01", ["2026-01-16T00:00", "2026-02-20T00:00"]),
        ("cron(0 0 ? * FRI#5 *)", "2026-02-01", ["2026-05-29T00:00", "2026-07-31T00:00"]),
        ("cron(0 0 ? * 2L *)", "2026-01-01", ["2026-01-26T00:00", "2026-02-23T00:00"]),
        ("cron(0 0 ? * L *)", "2026-01-01", ["2026-01-03T00:00", "2026-01-10T00:00"]),
        ("cron(0 0 29 FEB ? *)", "2026-01-01", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 0 1 1,JUL ? 2027-2028/1)", "2026-01-01",
         ["2027-01-01T00:00", "2027-07-01T00:00", "2028-01-01T00:00"]),
        ("cron(0 0 1 1 ? 2020)", "2026-01-01", []),
        ("cron(0 0 31 2 ? *)", "2026-01-01", []),
    ],
)  # fmt: skip
def test_due_times(expression: str, since: str, expected: list[str]) -> None:
    assert due(expression, since, count=len(expected) or 1) == expected


def test_time_zones_move_with_their_clocks() -> None:
    nightly = "cron(30 2 * * ? *)"
    assert due(nightly, "2026-03-27T12:00", "Europe/Berlin") == [
        "2026-03-28T01:30", "2026-03-30T00:30", "2026-03-31T00:30",  # 02:30 of the 29th is skipped
    ]  # fmt: skip
    assert due(nightly, "2026-10-24T12:00", "Europe/Berlin") == [
        "2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30",  # twice 02:30, once due
    ]  # fmt: skip
    assert due("at(2026-07-01T09:00:00)", "2026-01-01", "Asia/Kolkata") == ["2026-07-01T03:30"]


def test_a_rate_counts_from_its_anchor() -> None:
    schedule, anchor = parse_schedule("rate(2 hours)"), utc("2026-01-01T00:10")
    assert schedule.after(utc("2026-01-01T05:00"), anchor) == utc("2026-01-01T06:10")
    assert schedule.after(anchor - timedelta(days=1), anchor) == utc("2026-01-01T02:10")


@pytest.mark.parametrize(
    "expression",
    [
        "", "5 minutes", "rate(0 minutes)", "rate(5 fortnights)", "rate(-1 day)", "rate(1.5 days)",
        "at(tomorrow)", "at(2026-13-01T00:00:00)", "cron(0 3 * * *)", "cron(0 3 * * * *)",
        "cron(60 3 * * ? *)", "cron(0 24 * * ? *)", "cron(0 3 32 * ? *)", "cron(0 3 ? * 8 *)",
        "cron(0 3 ? * MOON *)", "cron(0 3 ? * 2#6 *)", "cron(0 3 ? 13 2 *)", "cron(0 3 ? * ? *)",
        "cron(0/0 3 * * ? *)", "cron(0 3 * * ? 1969)", "cron(x 3 * * ? *)", "cron(0 3 L-31 * ? *)",
    ],
)  # fmt: skip
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError, match="Invalid Schedule Expression"):
        parse_schedule(expression)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/passwd"])
def test_an_unknown_time_zone_is_named(zone: str) -> None:
    with pytest.raises(ScheduleError, match=f"Timezone {zone}"):
        parse_schedule("cron(0 3 * * ? *)", zone)
