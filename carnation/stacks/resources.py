"""The records stacks are rendered from: a function's package, and the built sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carnation.records import NamedTuple
from carnation.resources.functions import Function

__all__ = ["Function", "Package", "Sources"]


class Package(NamedTuple):
    """A function's zip: its SHA-256 in hexadecimal, and its path below `build/<workflow>/`."""

    name: str
    sha256: str
    path: str


class Sources(NamedTuple):
    """What templates are rendered from: the definition and the packages, as they were built."""

    workflow: str
    version: str
    definition: Mapping[str, Any]
    definition_path: str
    definition_sha256: str
    packages: Mapping[str, Package]
    find_source: Callable[[str], str] = lambda state: ""
    """Returns the line of Python on which a state was made; '' where that is not known."""
