"""How deep a long loop goes: a part of it in each run of the tests, the whole with `-m exhaustive`.

The part is a fixed stride: every third, every fourth … of what the whole plays, so that a run of
the tests meets each kind of it, and two runs meet the same.
"""

from __future__ import annotations

import pytest


def every(stride: int) -> pytest.MarkDecorator:
    """Give a test a `stride`: this one in each run of the tests, 1 with `-m exhaustive`."""
    part = pytest.param(stride, id=f"every {stride}")
    whole = pytest.param(1, id="all", marks=pytest.mark.exhaustive)
    return pytest.mark.parametrize("stride", [part, whole])
