"""Documents: the one reader, the one canonical writer, digests, JSON pointers.

Enters: the text of a file, or a plain value.
Leaves: plain values with lines and columns; canonical JSON and YAML.
May not know: what a state machine or a template means.

Nothing here knows what a state machine or a template means. Reading JSON takes the standard
library's parser; where a value stands in the text is worked out when somebody first asks, and YAML
is loaded only for YAML.
"""

from typing import TYPE_CHECKING, Any

from carnation.document.pointers import escape, join_pointer, split_pointer
from carnation.document.reading import (
    Document,
    Span,
    decode_text,
    parse_document,
    parse_documents,
    parse_json,
    parse_yaml,
    read_document,
    read_text_file,
)

if TYPE_CHECKING:
    from carnation.document.digests import digest, keyed_path
    from carnation.document.writing import dump_json, dump_yaml, write_files

__all__ = [
    "Document",
    "Span",
    "decode_text",
    "digest",
    "dump_json",
    "dump_yaml",
    "escape",
    "join_pointer",
    "keyed_path",
    "parse_document",
    "parse_documents",
    "parse_json",
    "parse_yaml",
    "read_document",
    "read_text_file",
    "split_pointer",
    "write_files",
]

_HOMES = {
    "digest": "digests",
    "dump_json": "writing",
    "dump_yaml": "writing",
    "keyed_path": "digests",
    "write_files": "writing",
}


def __getattr__(name: str) -> Any:
    """Load what writes when somebody writes: whoever reads starts sooner."""
    if name not in _HOMES:
        raise AttributeError(f"module 'carnation.document' has no '{name}'")
    from importlib import import_module

    return getattr(import_module(f"carnation.document.{_HOMES[name]}"), name)
