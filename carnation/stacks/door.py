"""The one door to troposphere, and a lean one.

troposphere's front imports cfn_flip (and with it PyYAML and Click), which only its `to_yaml` uses
and which costs more than half of the import. While troposphere is imported, a stand-in takes that
module's place, which imports the real one when a name of it is first asked for; it is taken away
again, so that a later `import cfn_flip` gets the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _PutOff(ModuleType):
    """A stand-in that imports the module of its name when it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


@contextmanager
def _put_off(name: str) -> Iterator[None]:
    """Let `import name` give a stand-in, unless the module or what imports it is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = _PutOff(name)
    try:
        yield
    finally:
        del sys.modules[name]


with _put_off("cfn_flip"):
    import_module("troposphere")
