"""Patches that are undone: attributes of foreign modules, and the process's AWS environment.

moto keeps its state in modules, so some of what it lacks can only be put right by replacing an
attribute. `Patches` remembers what stood there and puts it back, in reverse order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

# What a process believes about AWS: scrubbed while an emulator is open, so that no code in it can
# find a real account, a proxy of somebody's credentials, or another endpoint.
_SCRUBBED = ("AWS_", "MOTO_", "BOTO_", "TEST_SERVER_MODE", "SF_EXECUTION_HISTORY_TYPE")
_MISSING = object()


class Patches:
    """Attributes and environment variables that were replaced, and what stood there before.

    >>> class Box: size = 1
    >>> patches = Patches()
    >>> patches.set(Box, "size", 2)
    >>> Box.size
    2
    >>> patches.undo()
    >>> Box.size
    1
    """

    def __init__(self) -> None:
        """Start with nothing replaced."""
        self._undo: list[Callable[[], None]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute of a class, a module or an instance."""
        before = vars(owner).get(name, _MISSING)
        setattr(owner, name, value)
        if before is _MISSING:
            self._undo.append(lambda: delattr(owner, name))
        else:
            self._undo.append(lambda: setattr(owner, name, before))

    def set_environment(self, variables: Mapping[str, str]) -> None:
        """Take every AWS variable out of this process's environment and put `variables` in."""
        before = dict(os.environ)
        for name in before:
            if name.startswith(_SCRUBBED):
                del os.environ[name]
        os.environ.update(variables)

        def restore() -> None:
            for name in {*variables, *(n for n in before if n.startswith(_SCRUBBED))}:
                if name in before:
                    os.environ[name] = before[name]
                else:
                    os.environ.pop(name, None)

        self._undo.append(restore)

    def defer(self, undo: Callable[[], None]) -> None:
        """Have something else done at the end."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Put everything back, the last replaced first."""
        while self._undo:
            self._undo.pop()()


def dummy_environment(region: str) -> dict[str, str]:
    """Return the environment that leads to no account: dummy credentials and empty config files.

    >>> dummy_environment("eu-west-1")["AWS_REGION"]
    'eu-west-1'
    """
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


# moto reads the account from the key; this one means its default account, 123456789012.
ACCESS_KEY = "AKIAEXAMPLE000000000"
SECRET_KEY = "carnation-emulator-has-no-secrets"  # noqa: S105 - it opens nothing
