"""The type of a JSON value: what a document, an input or an output may hold.

It is the one name for `Any` in public signatures; whoever takes it looks before it reads.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any
