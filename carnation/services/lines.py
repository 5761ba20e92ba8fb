"""Files of facts with a line for each service or type: its name, and words about it.

The first line says where the file is from. A file is kept as its text, and a line taken apart when
it is asked for: most are not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache

_FOLDER = os.path.dirname(__file__)


@lru_cache(maxsize=4)
def _read_text(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()


@lru_cache(maxsize=512)
def read_words(name: str, key: str) -> tuple[str, ...] | None:
    """Return the words of a file's line; None where it has none.

    >>> read_words("clients.txt", "secretsmanager")
    ('SecretsManager', 'secretsmanager')
    """
    text = _read_text(name)
    start = text.find(f"\n{key} ") + 1
    if not start:
        return () if f"\n{key}\n" in text else None
    end = text.find("\n", start)
    return tuple(text[start : end if end >= 0 else None].split()[1:])


def list_lines(name: str) -> Iterator[list[str]]:
    """List the words of each line, its name first."""
    return (line.split() for line in _read_text(name).splitlines()[1:])
