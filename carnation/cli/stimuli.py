"""What `carnation run` does before the first execution, read from its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from carnation.cli.json_values import read_json
from carnation.document.values import Json
from carnation.errors import UsageError
from carnation.services.schedules import as_utc, read_time

if TYPE_CHECKING:
    from carnation.emulator.stimuli import Stimuli


def read_stimuli(options: argparse.Namespace) -> Stimuli:
    """Read `--put`, `--send`, `--event`, `--fire` and `--advance`."""
    given = (options.put, options.send, options.event, options.fire)
    puts = [_read_put(text) for text in given[0] if "/" in text.partition("=")[0]]
    items = [_read_items(text) for text in given[0] if "/" not in text.partition("=")[0]]
    pairs = [split_option("--send", text, "QUEUE=JSON") for text in given[1]]
    sends = [(queue, read_json("--send", value)) for queue, value in pairs]
    events = [
        read_json("--event", text if text.startswith(("{", "@")) else f"@{text}")
        for text in given[2]
    ]
    if options.advance is not None:
        read_time(options.advance)  # before anything is deployed
    from carnation.emulator.stimuli import Stimuli

    return Stimuli(puts, sends, events, given[3], options.advance or "", items)


def read_parameters(given: Sequence[str]) -> dict[str, str]:
    """Read `--parameter`, each NAME=VALUE."""
    return dict(split_option("--parameter", text, "NAME=VALUE") for text in given)


def read_clock(text: str | None) -> datetime | None:
    """Read `--clock`, a moment, which is in UTC where it says nothing else.

    >>> read_clock("2026-03-28")
    datetime.datetime(2026, 3, 28, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if text is None:
        return None
    try:
        return as_utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise UsageError(f"--clock {text}: expected a moment, as 2026-03-28T23:00Z.") from error


def split_option(option: str, text: str, form: str) -> tuple[str, str]:
    """Split the value of an option at its first equals sign.

    >>> split_option("--parameter", "A=b=c", "NAME=VALUE")
    ('A', 'b=c')
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"{option} {text}: expected {form}.")
    return name, value


_PUT = "BUCKET/KEY=FILE, or TABLE=FILE with items as JSON"


def _read_put(text: str) -> tuple[str, str, bytes]:
    place, path = split_option("--put", text, _PUT)
    bucket, _, key = place.partition("/")
    if not key:
        raise UsageError(f"--put {text}: no key behind the bucket; expected {_PUT}.")
    try:
        return bucket, key, Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"--put {text}: {path} cannot be read: {error.strerror}.") from error


def _read_items(text: str) -> tuple[str, list[dict[str, Json]]]:
    table, path = split_option("--put", text, _PUT)
    found = read_json("--put", f"@{path}")
    items = found if isinstance(found, list) else [found]
    if not all(isinstance(item, dict) for item in items):
        raise UsageError(f"--put {text}: {path} holds no items; expected an object or a list.")
    return table, items
