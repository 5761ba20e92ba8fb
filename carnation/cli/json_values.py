"""JSON values on a command line: written out, in a file (`@FILE`), or on standard input (`@-`)."""

from __future__ import annotations

import sys

from carnation.document import parse_json, read_document
from carnation.document.values import Json
from carnation.errors import DocumentError, UsageError

_REMEDY = """Pass JSON, or @FILE, quoted for your shell: '{"a": 1}'."""


def read_json(option: str, text: str) -> Json:
    """Read the value of an option; raises an error that names the option and the place.

    >>> read_json("--input", '{"a": [1]}')
    {'a': [1]}
    """
    if text == "@-":
        return parse_json(sys.stdin.read(), f"{option} (standard input)", "Fix the piped input.")
    if not text.startswith("@"):
        return parse_json(text, option, _REMEDY)
    try:
        return read_document(text[1:]).value
    except DocumentError as error:
        raise UsageError(f"{option}: {error}") from error
