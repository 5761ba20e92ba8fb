"""Stacks: CloudFormation templates of any workflow, by troposphere.

Enters: records of `resources`, a built definition, packages.
Leaves: CloudFormation templates.
May not know: patterns, files on disk, accounts.

In go records (functions, packages, the built sources), out come templates. No other room but
`patterns.events.stacks` knows troposphere; nothing here knows a pattern.
"""

from __future__ import annotations

from typing import Any

from carnation.stacks import troposphere_import  # noqa: F401  (comes before all that uses it)
from carnation.stacks.resources import Function, Package, Sources

__all__ = ["Function", "Package", "Sources"]

_MOVED = ("Bucket", "Files", "Table", "event_stacks")


def __getattr__(name: str) -> Any:
    """Hand on, until 0.3.0, the names that moved to `carnation.patterns.events.stacks`."""
    if name not in _MOVED:
        raise AttributeError(f"module 'carnation.stacks' has no '{name}'")
    from importlib import import_module

    return getattr(import_module("carnation.patterns.events.stacks"), name)
