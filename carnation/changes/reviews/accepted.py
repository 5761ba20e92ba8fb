"""Accepted changes: fingerprints in a file, each with the reason why it is fine.

{"accepted": [{"fingerprint": "68d90efab62e", "reason": "nobody watches this state"}]}
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from carnation.document import parse_json, read_file
from carnation.errors import UsageError

DEFAULT = "accepted-changes.json"


def read_accepted(path: str | None) -> Mapping[str, str]:
    """Read which changes are accepted, and why; without a path, from the usual file if it is there.

    Raises `UsageError` for a fingerprint without a reason: who accepts says why.
    """
    if path is None:
        if not os.path.isfile(DEFAULT):
            return {}
        path = DEFAULT
    text = read_file(path).decode("utf-8", "replace")
    value = parse_json(text, path, "Fix the file.")
    entries = value.get("accepted") if isinstance(value, Mapping) else None
    if not isinstance(entries, list):
        raise UsageError(f'{path}: expected {{"accepted": [{{"fingerprint": …, "reason": …}}]}}.')
    return dict(_read_entry(path, index, entry) for index, entry in enumerate(entries))


def _read_entry(path: str, index: int, entry: object) -> tuple[str, str]:
    words = [entry.get(key) if isinstance(entry, Mapping) else None
             for key in ("fingerprint", "reason")]  # fmt: skip
    fingerprint, reason = (word.strip() if isinstance(word, str) else "" for word in words)
    if not fingerprint or not reason:
        raise UsageError(f"{path}: entry {index + 1} needs a fingerprint and a reason, both texts.")
    return fingerprint, reason
