"""The APIs of AWS, from `apis.bin` (made by `scripts/write_apis.py` from botocore's models).

A definition names a handful of services, and there are hundreds: each has a block of its own, and
only that is unpacked. A block lists the actions, each with its input and its output, then, behind
an empty line, one shape a line, which others refer to by its number:

    (Name!s Items=12    a structure: `!` is needed, `=` is not
    [12   {s   |A|B     a list, a map from texts, a text that is one of these

A letter stands for what has no parts: `s` string, `i` integer, `l` long, `d` double, `b` boolean,
`t` timestamp, `x` blob, `j` whatever is JSON.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_PATH = os.path.join(os.path.dirname(__file__), "apis.bin")


class Api(NamedTuple):
    """A service: what each action takes and gives (as references), and the lines of its shapes."""

    actions: Mapping[str, tuple[str, str]]
    lines: list[str]


@lru_cache(maxsize=1)
def _read_index() -> tuple[str, Mapping[str, tuple[int, int]]]:
    with open(_PATH, "rb") as file:
        head = file.readline()
        origin = head.decode("ascii").rpartition(" ")[2].strip()
        rows = list(iter(file.readline, b"\n"))
        base = file.tell()
    index = {}
    for row in rows:
        service, start, length = row.split(b" ")
        index[service.decode("ascii")] = (base + int(start), int(length))
    return origin, index


def find_version() -> str:
    """Give the version of botocore that the file was made from."""
    return _read_index()[0]


@lru_cache(maxsize=64)
def read_api(service: str) -> Api | None:
    """Unpack a service; None if it is not known here.

    >>> read_api("sqs").actions["deleteQueue"][1]
    '-'
    """
    place = _read_index()[1].get(service)
    if place is None:
        return None
    with open(_PATH, "rb") as file:
        file.seek(place[0])
        text = zlib.decompress(file.read(place[1])).decode("utf-8")
    actions, _, shapes = text.partition("\n\n")
    rows = (row.split(" ") for row in actions.split("\n"))
    return Api({name: (takes, gives) for name, takes, gives in rows}, shapes.split("\n"))
