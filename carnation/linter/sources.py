"""Sources: the definitions in a file, each with its value and its places.

A file is a definition or a template with some. What cannot be read is a finding like any other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

from carnation.document import Document, decode_text, parse_document, read_document
from carnation.errors import DocumentError
from carnation.linter.findings import ERROR, Finding
from carnation.linter.runner import Source, find_rule
from carnation.linter.targets import STDIN, TargetFile

_STDIN_NAME = "standard input"


def open_sources(file: TargetFile) -> Iterator[Source | Finding]:
    """Yield the definitions in a file, and a finding for each that cannot be read."""
    try:
        document = _read_file(file.path)
    except DocumentError as error:
        if file.path != STDIN and not os.access(file.path, os.R_OK):
            raise
        if file.holds_definition:
            yield _report_unreadable(_STDIN_NAME if file.path == STDIN else file.path, error)
        return
    if _holds_definitions(document):
        yield from _open_template(document)
    elif file.holds_definition or is_definition(document.value):
        yield document


def _read_file(path: str) -> Document:
    """Read a file, or standard input: JSON, else YAML."""
    if path != STDIN:
        return read_document(path)
    text = decode_text(sys.stdin.buffer.read(), _STDIN_NAME)
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    return parse_document(text, _STDIN_NAME if is_json else f"{_STDIN_NAME}.yaml")


def is_definition(value: object) -> bool:
    """Return whether a document is a definition by its two required fields."""
    return isinstance(value, Mapping) and "StartAt" in value and "States" in value


def is_template_file(path: str) -> bool:
    """Return whether a file holds a CloudFormation template; one that cannot be read does not."""
    try:
        document = read_document(path)
    except DocumentError:
        return False
    if not isinstance(document.value, Mapping) or "Resources" not in document.value:
        return False
    from carnation.cloudformation import is_template  # a definition needs no templates

    return is_template(document.value)


def _holds_definitions(document: Document) -> bool:
    if not isinstance(document.value, Mapping) or "States" in document.value:
        return False
    from carnation.cloudformation import holds_definitions  # a definition needs no templates

    return holds_definitions(document.value)


def _open_template(document: Document) -> Iterator[Source | Finding]:
    from carnation.cloudformation import find_definitions

    for found in find_definitions(document):
        if found.error is None:
            yield found
            continue
        span = found.locate("")
        rule = find_rule("unreadable-document")
        message = f"the definition of {found.name}: {found.error}"
        yield Finding(
            rule.id, ERROR, message, found.where, span.line, span.column,
            found.pointer, "", rule.code,
        )  # fmt: skip


def _report_unreadable(path: str, error: DocumentError) -> Finding:
    rule = find_rule("unreadable-document")
    line, column = error.line or 1, error.column or 1
    return Finding(rule.id, ERROR, error.reason, path, line, column, "", "", rule.code)
