"""JSON pointers: written out of names and indexes, and taken apart again."""

from __future__ import annotations


def escape(name: str) -> str:
    """Return a name as it appears in a JSON pointer.

    >>> escape("a/b~c")
    'a~1b~0c'
    """
    return name.replace("~", "~0").replace("/", "~1")


def join_pointer(pointer: str, *parts: str | int) -> str:
    """Extend a JSON pointer.

    >>> join_pointer("/States", "a/b", "Retry", 0)
    '/States/a~1b/Retry/0'
    """
    for part in parts:
        pointer += "/" + escape(str(part))
    return pointer


def split_pointer(pointer: str) -> list[str]:
    """Return the parts of a JSON pointer.

    >>> split_pointer("/States/a~1b")
    ['States', 'a/b']
    """
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
