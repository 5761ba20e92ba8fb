"""Reading JSON with the standard library's C scanner, without `json`, which loads `re`."""

from __future__ import annotations

from collections.abc import Callable

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

try:
    from _json import make_scanner
except ImportError:  # an interpreter without it
    from json.scanner import make_scanner

_BLANKS = " \t\n\r"


class _Context:
    """What the scanner asks for: how the parts of a document are made."""

    strict = True
    object_hook = None
    parse_int = int

    def __init__(
        self,
        object_pairs_hook: Callable[[list[tuple[str, Any]]], Any],
        parse_constant: Callable[[str], Any],
        parse_float: Callable[[str], Any],
    ) -> None:
        self.object_pairs_hook = object_pairs_hook
        self.parse_constant = parse_constant
        self.parse_float = parse_float


def load_json(
    text: str,
    *,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any],
    parse_constant: Callable[[str], Any],
    parse_float: Callable[[str], Any],
) -> Any:
    """Read a text as `json.loads` does; raises `ValueError`, of which one says where.

    >>> load_json("[1, {}]", object_pairs_hook=dict, parse_constant=str, parse_float=float)
    [1, {}]
    """
    context: Any = _Context(object_pairs_hook, parse_constant, parse_float)
    scan = make_scanner(context)
    start = len(text) - len(text.lstrip(_BLANKS))
    try:
        value, end = scan(text, start)
    except StopIteration:
        raise ValueError("no value") from None
    except SystemError:  # before Python 3.12 the scanner takes its error out of `json.decoder`
        raise ValueError("no JSON") from None
    if text[end:].strip(_BLANKS):
        raise ValueError("more text after the end")
    return value
