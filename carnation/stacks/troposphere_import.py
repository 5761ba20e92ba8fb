"""The one door to troposphere, and a lean one.

troposphere's front imports two modules that a build has no use for: cfn_flip (and with it PyYAML
and Click), which only its `to_yaml` uses and which costs more than half of the import; and
`troposphere.serverless` (and with it API Gateway, EventBridge and S3), of which `Template` names
one class. While troposphere is imported, stand-ins take their places; they are taken away again, so
that a later import of either gets the real one.
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
def _put_off(name: str, **attributes: object) -> Iterator[None]:
    """Let `import name` give a stand-in, unless the module or what imports it is loaded already."""
    if name in sys.modules:
        yield
        return
    stand_in = sys.modules[name] = _PutOff(name)
    vars(stand_in).update(attributes)
    try:
        yield
    finally:
        del sys.modules[name]


# `Template` keeps the class `Globals` in a table that nothing reads
with _put_off("cfn_flip"), _put_off("troposphere.serverless", Globals=object):
    import_module("troposphere")
