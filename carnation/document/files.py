"""Reading files that somebody else wrote: whole, and only what is a file.

A device or a pipe may never end, and a link may lead out of the folder that was given.
"""

from __future__ import annotations

import os
import stat

from carnation.errors import DocumentError

_FROM_A_SHELL = "/dev/fd/"  # what <(a command) is


def read_file(path: str, most: int | None = None) -> bytes:
    """Read a file of at most so many bytes; raises `DocumentError` where that cannot be done."""
    try:
        found = os.stat(path)
        if not _may_be_read(path, found.st_mode):
            raise DocumentError("this is not a regular file. Give a file.", path)
        if most is not None and found.st_size > most:
            raise DocumentError(f"the file is larger than {most:,} bytes. Fix the file.", path)
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DocumentError(f"the file cannot be read ({reason}).", path) from error


def read_inner_file(path: str, folder: str) -> bytes:
    """Read a file of a folder; raises `DocumentError` for a link that leads out of it, too."""
    if leads_out(path, folder):
        raise DocumentError("this is a link out of its folder. Replace it with the file.", path)
    return read_file(path)


def leads_out(path: str, folder: str) -> bool:
    """Return whether a path leads out of a folder, by a link or by its parts."""
    inside = os.path.join(os.path.realpath(folder), "")
    return not os.path.realpath(path).startswith(inside)


def _may_be_read(path: str, mode: int) -> bool:
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # that it is a folder, the system says
        return True
    return path.startswith(_FROM_A_SHELL)
