"""Packages: what a function is deployed as, a zip that is the same to the byte everywhere.

The files of `lambdas/<name>/` are stored, not compressed (compressors differ between machines), in
sorted order, with one fixed time and mode. Left out: sample events (`events/`), caches, dotfiles,
and `requirements.txt`, whose wheels, fetched beforehand, are packed instead.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping

from carnation.artifacts.wheels import read_wheels
from carnation.errors import WorkflowError

_LEFT_OUT = frozenset({"events", "requirements.txt", "__pycache__"})
_DOS_DATE = (1980 - 1980) << 9 | 1 << 5 | 1  # 1 January 1980, the first day a zip can name
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_UTF8 = 0x800
_READABLE_FILE = 0o100644 << 16
_LARGEST_ZIP = 2**32 - 1


def make_package(root: str, name: str, given: str = "") -> bytes:
    """Make the zip of `lambdas/<name>/`, with the wheels of its requirements where it has any.

    `given` is the path, below the project, of an archive that somebody else made.

    Raises `WorkflowError` where the folder or its `handler.py` is missing, a path leaves the
    folder, or requirements have not been fetched.
    """
    if given:
        return _read_given(root, name, given)
    folder = os.path.join(root, "lambdas", name)
    if not os.path.isfile(os.path.join(folder, "handler.py")):
        raise WorkflowError(
            f"function '{name}' has no file lambdas/{name}/handler.py. "
            "Write it, or mend the function's name in the workflow."
        )
    files = dict(_read_files(folder))
    for path, content in read_wheels(root, name).items():
        if path in files:
            raise WorkflowError(
                f"lambdas/{name}/{path} stands also in a wheel of lambdas/{name}/requirements.txt. "
                "Rename the file."
            )
        files[path] = content
    return pack_files(files)


def _read_given(root: str, name: str, given: str) -> bytes:
    path = os.path.realpath(os.path.join(root, given))
    if not path.startswith(os.path.realpath(root) + os.sep) or not os.path.isfile(path):
        raise WorkflowError(
            f"function '{name}': zip '{given}' not found in the project. Build the archive first, "
            "or correct its path."
        )
    with open(path, "rb") as file:
        return file.read()


def _read_files(folder: str) -> Iterator[tuple[str, bytes]]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _is_packed(name)]
        for name in filter(_is_packed, names):
            path = os.path.join(parent, name)
            if not os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep):
                raise WorkflowError(
                    f"{path} is a link out of its folder. Put the file itself there."
                )
            with open(path, "rb") as file:
                yield os.path.relpath(path, folder).replace(os.sep, "/"), file.read()


def _is_packed(name: str) -> bool:
    return name not in _LEFT_OUT and not name.startswith(".") and not name.endswith(".pyc")


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Pack files (path to content) into a zip that depends on nothing else.

    >>> pack_files({"a.py": b"", "b.py": b"1"}) == pack_files({"b.py": b"1", "a.py": b""})
    True
    """
    body: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for path in sorted(files):
        name, content = path.encode(), files[path]
        crc, size = zlib.crc32(content), len(content)
        head = _LOCAL.pack(b"PK\x03\x04", 20, _UTF8, 0, 0, _DOS_DATE, crc, size, size, len(name), 0)
        directory.append(
            _CENTRAL.pack(
                b"PK\x01\x02", 20, 3, 20, 0, _UTF8, 0, 0, _DOS_DATE, crc, size, size, len(name),
                0, 0, 0, 0, _READABLE_FILE, offset,
            ) + name
        )  # fmt: skip
        body += (head, name, content)
        offset += len(head) + len(name) + size
    listing = b"".join(directory)
    if offset + len(listing) > _LARGEST_ZIP or len(files) > 0xFFFF:
        raise WorkflowError("a package is larger than 4 GiB or has more than 65,535 files.")
    count = len(files)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(listing), offset, 0)
    return b"".join((*body, listing, end))
