"""Lists cut into pages, and the tokens that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carnation.emulator.interpreter.api.errors import invalid_token

DEFAULT_SIZE = 100
_PAGING = ("nextToken", "maxResults")


def cut_page(
    operation: str, params: Mapping[str, Any], rows: Sequence[Any], key: Callable[[Any], Any]
) -> tuple[Sequence[Any], dict[str, str]]:
    """Return the page that is asked for, and the token of the next where there is one.

    A page begins behind the last row of the one before, whatever was added to the list since.
    Raises `ApiError` (InvalidToken) for a token of another list.
    """
    question = [operation, sorted((k, v) for k, v in params.items() if k not in _PAGING)]
    start = _find_start(params["nextToken"], question, rows, key) if "nextToken" in params else 0
    end = start + (params.get("maxResults") or DEFAULT_SIZE)
    page = rows[start:end]
    if end >= len(rows):
        return page, {}
    token = json.dumps([question, end, key(page[-1])]).encode()
    return page, {"nextToken": base64.urlsafe_b64encode(token).decode()}


def _find_start(
    token: str, question: list[Any], rows: Sequence[Any], key: Callable[[Any], Any]
) -> int:
    try:
        asked, end, last = json.loads(
            base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, TypeError):
        raise invalid_token() from None
    if asked != json.loads(json.dumps(question)):
        raise invalid_token()
    at = next((at for at, row in enumerate(rows) if key(row) == last), None)
    return int(end) if at is None else at + 1


def cut_first(rows: Sequence[Any], most: int) -> tuple[Sequence[Any], bool]:
    """Return the first rows, and whether there are more."""
    return rows[:most], len(rows) > most
