"""Write `carnation/services/apis.bin` again from botocore's models.

One block for each service, compressed by itself, behind an index in plain text: the service's
actions, each with its input and its output, then the shapes that they are made of. The format is
read, and explained, in `carnation/services/apis.py`. Run as `python scripts/write_apis.py`; with
`--check` it only says whether the file holds what botocore does.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import botocore
import botocore.session

TARGET = Path(__file__).parents[1] / "carnation" / "services" / "apis.bin"
CODES = {
    "string": "s", "character": "s", "integer": "i", "short": "i", "long": "l", "biginteger": "l",
    "double": "d", "float": "d", "bigdecimal": "d", "boolean": "b", "timestamp": "t", "blob": "x",
}  # fmt: skip
DOCUMENT = "j"


def render_service(service_id: str) -> str:
    """Spell a service as the Java SDK names its package."""
    name = re.sub(r"^(Amazon|AWS) | (Service)$", "", service_id)
    return re.sub(r"[^a-z0-9]", "", name.lower())


class Block:
    """The text of one service: shapes get a number when something first refers to them."""

    def __init__(self) -> None:
        """Begin empty."""
        self.actions: dict[str, str] = {}
        self.shapes: list[str] = []

    def add_model(self, description: Any) -> None:
        """Add the actions of a model, and every shape that they reach."""
        shapes = description["shapes"]
        numbers: dict[str, int] = {}
        waiting: list[str] = []

        def refer(reference: Any) -> str:
            name = reference["shape"]
            shape = shapes[name]
            if shape.get("document"):
                return DOCUMENT
            if shape["type"] in CODES and not shape.get("enum"):
                return CODES[shape["type"]]
            if name not in numbers:
                numbers[name] = len(self.shapes) + len(waiting)
                waiting.append(name)
            return str(numbers[name])

        for name, operation in sorted(description["operations"].items()):
            ends = [operation.get(end) for end in ("input", "output")]
            self.actions[name[0].lower() + name[1:]] = " ".join(
                refer(end) if end else "-" for end in ends
            )
        while waiting:
            shape = shapes[waiting.pop(0)]
            self.shapes.append("")  # counted before what it refers to
            self.shapes[-1] = write_shape(shape, refer)

    def write(self) -> bytes:
        """Return the whole block."""
        actions = [f"{name} {ends}" for name, ends in sorted(self.actions.items())]
        return "\n".join([*actions, "", *self.shapes]).encode("utf-8")


def write_shape(shape: Any, refer: Any) -> str:
    """Write a shape as a line."""
    if shape["type"] == "structure":
        needed = set(shape.get("required", ()))
        words = []
        for name, member in shape["members"].items():
            # a token against doing it twice is made by the SDK where nobody gives one
            is_needed = name in needed and not member.get("idempotencyToken")
            words.append(f"{name}{'!' if is_needed else '='}{refer(member)}")
        return "(" + " ".join(words)
    if shape["type"] == "list":
        return "[" + refer(shape["member"])
    if shape["type"] == "map":
        return "{" + refer(shape["value"])
    return "|" + "|".join(shape["enum"])


def make_blocks() -> Iterator[tuple[str, bytes]]:
    """Yield each service with its block, by name."""
    session = botocore.session.get_session()
    blocks: dict[str, Block] = {}
    for name in session.get_available_services():
        description = session.get_component("data_loader").load_service_model(name, "service-2")
        service = render_service(description["metadata"].get("serviceId", name))
        blocks.setdefault(service, Block()).add_model(description)
    for service, block in sorted(blocks.items()):
        yield service, block.write()


def write_blocks(origin: str, blocks: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a whole file: a line that says where it is from, the index, an empty line, blocks."""
    rows, data, start = [f"# {origin}"], [], 0
    for service, block in blocks:
        packed = zlib.compress(block, 9)
        rows.append(f"{service} {start} {len(packed)}")
        data.append(packed)
        start += len(packed)
    return "\n".join([*rows, "", ""]).encode("ascii") + b"".join(data)


def unpack(file: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each service of a file with its block: two zlibs may pack the same one differently."""
    index, _, data = file.partition(b"\n\n")
    for row in index.decode("ascii").split("\n")[1:]:
        service, start, length = row.split(" ")
        yield service, zlib.decompress(data[int(start) : int(start) + int(length)])


def main() -> int:
    """Write the file, or compare what it holds."""
    if "--check" in sys.argv:
        return 0 if dict(unpack(TARGET.read_bytes())) == dict(make_blocks()) else 1
    origin = f"scripts/write_apis.py botocore {botocore.__version__}"
    TARGET.write_bytes(write_blocks(origin, make_blocks()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
