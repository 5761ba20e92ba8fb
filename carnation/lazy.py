"""`load_lazily`: the names of a package, each loaded when it is first asked for."""

from collections.abc import Callable, Mapping
from typing import Any


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

        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return load
