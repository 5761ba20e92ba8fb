"""What `carnation run` does before the first execution, read from its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from carnation.cli.json_values import read_json
from carnation.errors import UsageError

if TYPE_CHECKING:
    from carnation.emulator.stimuli import Stimuli


def read_stimuli(options: argparse.Namespace) -> Stimuli:
    """Read `--put`, `--send`, `--event` and `--fire`."""
    given = (options.put, options.send, options.event, options.fire)
    puts = [_read_put(text) for text in given[0]]
    pairs = [split_option("--send", text, "QUEUE=JSON") for text in given[1]]
    sends = [(queue, read_json("--send", value)) for queue, value in pairs]
    events = [
        read_json("--event", text if text.startswith(("{", "@")) else f"@{text}")
        for text in given[2]
    ]
    from carnation.emulator.stimuli import Stimuli

    return Stimuli(puts, sends, events, given[3])


def read_parameters(given: Sequence[str]) -> dict[str, str]:
    """Read `--parameter`, each NAME=VALUE."""
    return dict(split_option("--parameter", text, "NAME=VALUE") for text in given)


def split_option(option: str, text: str, form: str) -> tuple[str, str]:
    """Split the value of an option at its first equals sign.

    >>> split_option("--parameter", "A=b=c", "NAME=VALUE")
    ('A', 'b=c')
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"{option} {text}: expected {form}.")
    return name, value


def _read_put(text: str) -> tuple[str, str, bytes]:
    place, path = split_option("--put", text, "BUCKET/KEY=FILE")
    bucket, slash, key = place.partition("/")
    if not slash or not key:
        raise UsageError(f"--put {text}: no key behind the bucket; expected BUCKET/KEY=FILE.")
    try:
        return bucket, key, Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"--put {text}: {path} cannot be read: {error.strerror}.") from error
