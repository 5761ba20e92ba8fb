"""What is made when it is first asked for: names of packages, and regular expressions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import re


def load_lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package whose names live in modules below it.

    `homes` maps a name to its module. Whoever uses one name does not pay for the others.

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
        import re

        found = getattr(re.compile(*self.source), name)
        setattr(self, name, found)
        return found


def compile_lazily(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a regular expression when it is first used: most are not, in one run of a command.

    >>> compile_lazily("[a-z]+").match("ab1").end()
    2
    """
    return cast("re.Pattern[str]", _Lazy(pattern, flags))
