"""The templates of two units compared, and the definitions inside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from carnation.changes import Change
from carnation.reviews.units import Unit


def find_stack_changes(
    old: Unit, new: Unit, definitions: list[tuple[str, Any, Any]]
) -> Iterator[Change]:
    """Yield."""
    yield from ()


def find_package_changes(old: Unit, new: Unit) -> Iterator[Change]:
    """Yield."""
    yield from ()
