"""Documents: the one reader, the one canonical writer, digests, JSON pointers.

Enters: the text of a file, or a plain value.
Leaves: plain values with lines and columns; canonical JSON and YAML.
May not know: what a state machine or a template means.

Nothing here knows what a state machine or a template means. Reading JSON takes the standard
library's parser; where a value is in the text is worked out when somebody first asks, and YAML is
loaded only for YAML.
"""

from carnation.document.files import leads_out, read_file, read_inner_file
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
from carnation.lazy import TYPE_CHECKING, load_lazily

if TYPE_CHECKING:
    from carnation.document.digests import digest, keyed_path
    from carnation.document.writing import dump_entry, dump_json, dump_yaml, write_files

__all__ = [
    "Document",
    "Span",
    "decode_text",
    "digest",
    "dump_entry",
    "dump_json",
    "dump_yaml",
    "escape",
    "join_pointer",
    "keyed_path",
    "leads_out",
    "parse_document",
    "parse_documents",
    "parse_json",
    "parse_yaml",
    "read_document",
    "read_file",
    "read_inner_file",
    "read_text_file",
    "split_pointer",
    "write_files",
]

# reading documents does not load what writes them
__getattr__ = load_lazily(
    __name__,
    {
        "digest": "digests",
        "dump_entry": "writing",
        "dump_json": "writing",
        "dump_yaml": "writing",
        "keyed_path": "digests",
        "write_files": "writing",
    },
)
