"""What is made when it is first asked for: names of packages, regular expressions, `re` and `json`.

Nearly every module begins here, so nothing is loaded here: `typing`, which loads `re`, and `re`
itself take a third of the time in which a command starts. What types alone need is imported under
`if TYPE_CHECKING:`, and the flags of a regular expression are written into it (`(?a)…`).
"""

from __future__ import annotations

import sys

__all__ = ["TYPE_CHECKING", "compile_lazily", "json", "load_lazily", "re"]

TYPE_CHECKING = False
"""True for a type checker, which knows it by its name."""

if TYPE_CHECKING:
    import json
    import re
    from collections.abc import Callable, Mapping
    from typing import Any


def load_lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package whose names live in modules below it.

    `homes` maps a name to its module. Using one name does not import the others.

    >>> load_lazily("carnation.document", {"digest": "digests"})("digest").__module__
    'carnation.document.digests'
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{package}' has no '{name}'")
        from importlib import import_module

        found = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, found)  # the next one need not ask here
        return found

    return load


class _Lazy:
    def __init__(self, pattern: str, flags: int) -> None:
        self.source = pattern, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self.source), name)
        setattr(self, name, found)
        return found


def compile_lazily(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a regular expression when it is first used: most are not, in one run of a command.

    >>> compile_lazily("[a-z]+").match("ab1").end()
    2
    """
    made: Any = _Lazy(pattern, flags)
    return made  # type: ignore[no-any-return]


class _Module:
    """A module that is loaded when one of its names is first asked for."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        from importlib import import_module

        found = getattr(import_module(self.__name__), name)
        setattr(self, name, found)
        return found


if not TYPE_CHECKING:
    re, json = _Module("re"), _Module("json")
