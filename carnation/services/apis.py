"""The APIs of AWS, from `apis.bin` (made by `scripts/write_apis.py` from botocore's models).

The block of a service lists the actions, each with its input and its output, then, behind an empty
line, one shape a line, which others refer to by its number:

    (Name!s Items=12    a structure: `!` is needed, `=` is not
    [12   {s   |A|B     a list, a map from texts, a text that is one of these

A letter represents what has no parts: `s` string, `i` integer, `l` long, `d` double, `b` boolean,
`t` timestamp, `x` blob, `j` whatever is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnation.records import NamedTuple
from carnation.services.packed_files import read_block

FILE = "apis.bin"


class Api(NamedTuple):
    """A service: what each action accepts and returns, and the lines of its shapes."""

    actions: Mapping[str, tuple[str, str]]
    lines: list[str]


@lru_cache(maxsize=64)
def read_api(service: str) -> Api | None:
    """Unpack a service; None if it is not known here.

    >>> read_api("sqs").actions["deleteQueue"][1]
    '-'
    """
    text = read_block(FILE, service)
    if text is None:
        return None
    actions, _, shapes = text.partition("\n\n")
    rows = (row.split(" ") for row in actions.split("\n"))
    return Api({name: (takes, gives) for name, takes, gives in rows}, shapes.split("\n"))
