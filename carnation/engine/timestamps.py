"""Timestamps: what Wait and the Choice operators take for one.

AWS takes RFC 3339 with a capital T, seconds, and a zone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def parse_timestamp(text: object) -> float | None:
    """Read a timestamp as seconds since 1970; None for what is none.

    >>> parse_timestamp("1970-01-01T00:01:00.5Z")
    60.5
    >>> parse_timestamp("1970-01-01 00:01:00Z")
    """
    found = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    date, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    if zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:])
        shift = timedelta(hours=hours, minutes=minutes)
        moment += shift if zone[0] == "-" else -shift
    return moment.timestamp() + float(f"0.{fraction or 0}")


@lru_cache(maxsize=256)
def format_timestamp(seconds: float) -> str:
    """Write seconds since 1970 as the Context object does.

    >>> format_timestamp(60.5)
    '1970-01-01T00:01:00.500Z'
    """
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
