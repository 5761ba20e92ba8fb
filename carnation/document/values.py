"""JSON values: the type of what a document, an input or an output may hold, and what a number is.

`Json` is the one name for `Any` in public signatures; its readers check the type first.
"""

from __future__ import annotations

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Json: TypeAlias = Any
else:
    Json = object


def is_number(value: object) -> bool:
    """Return whether a JSON value is a number; true and false are none, though Python counts them.

    >>> is_number(1), is_number(0.5), is_number(True), is_number("1")
    (True, True, False, False)
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)
