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
_MAX_ZIP_BYTES = 2**32 - 1


def make_package(root: str, name: str, given: str = "") -> bytes:
    """Make the zip of `lambdas/<name>/`, with the wheels of its requirements where it has any.

    `given` is the path, below the project, of an archive that somebody else made.

    Raises `WorkflowError` where the folder is missing, a path leaves the folder, or requirements
    have not been fetched.
    """
    if given:
        return _read_given(root, name, given)
    own, wheels = read_package_files(root, name)
    return pack_files({**own, **wheels})


def read_package_files(root: str, name: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Read the files of a package: the function's own, and those of its wheels; path to content."""
    own, wheels = read_own_files(root, name), read_wheels(root, name)
    for path in wheels:
        if path in own:
            raise WorkflowError(
                f"lambdas/{name}/{path} is also in a wheel of lambdas/{name}/requirements.txt. "
                "Rename the file."
            )
    return own, wheels


def read_own_files(root: str, name: str) -> dict[str, bytes]:
    """Read what is packed of `lambdas/<name>/`: path to content."""
    folder = os.path.join(root, "lambdas", name)
    if not os.path.isdir(folder):
        raise WorkflowError(
            f"function '{name}' has no file lambdas/{name}/handler.py. "
            "Write it, or correct the function's id in the workflow."
        )
    return dict(_read_files(folder))


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
        for name in folders:
            if os.path.islink(path := os.path.join(parent, name)):
                raise WorkflowError(
                    f"{path} is a link to a folder. Replace it with the folder itself."
                )
        for name in filter(_is_packed, names):
            path = os.path.join(parent, name)
            _require_file(path, folder)
            with open(path, "rb") as file:
                yield os.path.relpath(path, folder).replace(os.sep, "/"), file.read()


def _require_file(path: str, folder: str) -> None:
    """Raise `WorkflowError` for what is not a file of the folder: a link out of it, a pipe."""
    if not os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep):
        raise WorkflowError(f"{path} is a link out of its folder. Replace it with the file itself.")
    if not os.path.isfile(path):
        kind = "a link to no file" if os.path.islink(path) else "not a regular file"
        raise WorkflowError(f"{path} is {kind}. Remove it, or replace it with a file.")


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
    if offset + len(listing) > _MAX_ZIP_BYTES or len(files) > 0xFFFF:
        raise WorkflowError("a package is larger than 4 GiB or has more than 65,535 files.")
    count = len(files)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(listing), offset, 0)
    return b"".join((*body, listing, end))
