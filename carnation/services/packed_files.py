"""Files of facts with a block for each service, of which only what is asked for is unpacked.

The first line says where the file is from; then an index in plain text (service, start, length), an
empty line, and the blocks, each compressed by itself.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from functools import lru_cache

from carnation.records import NamedTuple

_FOLDER = os.path.dirname(__file__)


class _Index(NamedTuple):
    origin: str
    places: Mapping[str, tuple[int, int]]


@lru_cache(maxsize=8)
def _read_index(name: str) -> _Index:
    with open(os.path.join(_FOLDER, name), "rb") as file:
        origin = file.readline().decode("ascii").strip("# \n")
        rows = [row.decode("ascii").split(" ") for row in iter(file.readline, b"\n")]
        base = file.tell()
    return _Index(origin, {row[0]: (base + int(row[1]), int(row[2])) for row in rows})


def find_origin(name: str) -> str:
    """Return which script made a file, from which versions of what."""
    return _read_index(name).origin


def list_blocks(name: str) -> tuple[str, ...]:
    """List the services that a file has a block of."""
    return tuple(_read_index(name).places)


def read_block(name: str, service: str) -> str | None:
    """Unpack the block of a service; None if the file has none."""
    place = _read_index(name).places.get(service)
    if place is None:
        return None
    with open(os.path.join(_FOLDER, name), "rb") as file:
        file.seek(place[0])
        return zlib.decompress(file.read(place[1])).decode("utf-8")
