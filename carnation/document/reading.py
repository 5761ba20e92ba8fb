"""The one reader: JSON, json5 and YAML into plain values, with the line and column of everything.

A file comes from anybody, so nothing in it may crash or stall its reader: what cannot be read is a
`DocumentError` with line and column, and what can be read but not trusted (a key that stands twice,
a byte order mark) is noted on the document.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from carnation.document.files import read_file
from carnation.document.json_reader import load_json
from carnation.document.pointers import split_pointer
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING, json, re
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from carnation.document.scanner import Scanned

_REMEDY = "Fix the file."
_YAML_SUFFIXES = (".yaml", ".yml", ".template")
_BLANKS = " \t\r\n"
_MAX_BYTES = 64 * 1024 * 1024  # bytes; the largest document AWS takes has 1 MiB


class Span(NamedTuple):
    """A place in a text: from line and column to line and column, counted from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


class Note(NamedTuple):
    """Something odd that a document was read in spite of, with the pointer to it."""

    kind: str
    pointer: str
    message: str


class Document:
    """A value that was read, the text it came from, and where each part of it stands.

    `where` names the document in messages; `value` is made of dicts, lists and scalars; `notes`
    lists what is odd about the text; `words` are those that YAML 1.1 reads as a truth (`Yes`), by
    their pointers.

    >>> document = parse_document('{"a": [true, {"b": 1}]}', "x.json")
    >>> document.locate("/a/1/b")
    Span(line=1, column=20, end_line=1, end_column=21)
    """

    def __init__(self, where: str, text: str, value: Any, notes: tuple[Note, ...] = ()) -> None:
        self.where = where
        self.text = text
        self.value = value
        self.notes = notes
        self.words: Mapping[str, str] = {}
        self._offsets: Mapping[str, tuple[int, int]] | None = None
        self._line_starts: list[int] = []
        self.is_strict = False
        """Whether the text is valid JSON in which no key is repeated."""

    def locate(self, pointer: str) -> Span:
        """Find a part in the text; what is not there is found at the nearest part around it.

        A part that holds others is found at its key, a scalar at itself.
        """
        if not pointer and self.is_strict:  # of a large text, to scan it all takes seconds
            start = len(self.text) - len(self.text.lstrip(_BLANKS))
            return Span(*self._line_of(start), *self._line_of(start + 1))
        offsets = self._find_offsets()
        while pointer and pointer not in offsets:
            pointer = pointer.rpartition("/")[0]
        start, end = offsets.get(pointer, (0, 1))
        return Span(*self._line_of(start), *self._line_of(end))

    def line_text(self, line: int) -> str:
        """Return one line of the text, without its end; '' beyond the last one."""
        self._line_of(0)
        if not 0 < line <= len(self._line_starts):
            return ""
        start = self._line_starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

    def place(self, pointer: str) -> str:
        """Return the pointer to a part within the whole file: here the same."""
        return pointer

    def measure(self) -> int:
        """Return the size of the text in bytes."""
        return len(self.text.encode("utf-8", "surrogatepass"))

    @property
    def offsets(self) -> Mapping[str, tuple[int, int]]:
        """Where each part stands, by its pointer: from character to character of the text."""
        return self._find_offsets()

    def _find_offsets(self) -> Mapping[str, tuple[int, int]]:
        if self._offsets is None:
            from carnation.document.scanner import find_offsets, scan_text  # only findings pay

            try:
                self._offsets = (
                    find_offsets(self.text)
                    if self.is_strict
                    else scan_text(self.text, self.where, relaxed=True).offsets
                )
            except DocumentError:
                self._offsets = {}
        return self._offsets

    def find_scalar(self, pointer: str) -> tuple[int, int] | None:
        """Return the offsets of a string, number, or word in the text; None if unknown."""
        return self._find_offsets().get(pointer)

    def note_offsets(self, offsets: Mapping[str, tuple[int, int]]) -> None:
        """Take the places that a reader has found already."""
        self._offsets = offsets

    def _line_of(self, offset: int) -> tuple[int, int]:
        if not self._line_starts:
            self._line_starts = [0]
            self._line_starts += [found.end() for found in re.finditer("\n", self.text)]
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


def parse_json(text: str, where: str, remedy: str = "Fix the file, or build it again.") -> Any:
    """Read JSON text; `where` names it in the error, which gives line, column and the remedy.

    >>> parse_json('{"a": 1}', "a.json")
    {'a': 1}
    >>> parse_json('{"a": }', "a.json")
    Traceback (most recent call last):
    carnation.errors.DocumentError: a.json:1:7: this is not valid JSON (Expecting value). ...
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"this is not valid JSON ({error.msg}). {remedy}", where, error.lineno, error.colno
        ) from error


def read_document(path: str) -> Document:
    """Read a file; its name says what it is (`.yaml`, `.yml`, `.json5`, else JSON).

    Raises `DocumentError` for what cannot be opened, is not UTF-8, or does not hold what its name
    says.
    """
    return parse_document(read_text_file(path), path)


def read_text_file(path: str) -> str:
    """Read the text of a file; raises `DocumentError` where it cannot be opened or is not UTF-8."""
    return decode_text(read_file(path, _MAX_BYTES), path)


def decode_text(data: bytes, where: str) -> str:
    """Return the text of a file's bytes; raises `DocumentError` where they are not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError("the file is written in UTF-16. Save it as UTF-8.", where, 1, 1)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise DocumentError(
            "the file is not UTF-8. Save it as UTF-8.", where, line, column
        ) from error


def parse_document(text: str, where: str) -> Document:
    """Read a text; `where` names it, and its suffix says what it is, as for `read_document`."""
    documents = parse_documents(text, where)
    if len(documents) > 1:
        second = documents[1].locate("")
        raise DocumentError(
            f"the file holds {len(documents)} documents, and one is wanted. Split it.",
            where, second.line, second.column,
        )  # fmt: skip
    return documents[0]


def parse_documents(text: str, where: str) -> list[Document]:
    """Read a text that may hold several documents, as YAML does between lines of `---`."""
    notes: list[Note] = []
    if text.startswith("\ufeff"):
        notes.append(Note("byte-order-mark", "", "the file begins with a byte order mark"))
        text = text[1:]
    if not where.endswith(_YAML_SUFFIXES):
        return [_parse_json(text, where, notes)]
    if not text.lstrip().startswith("{"):
        return parse_yaml(text, where, notes)
    try:
        return [_parse_strict(text, where, notes)]
    except DocumentError as error:
        try:  # YAML takes most of what JSON lacks
            return parse_yaml(text, where, notes)
        except DocumentError:
            raise error from None


def parse_yaml(text: str, where: str, notes: Iterable[Note] = ()) -> list[Document]:
    """Read a text as YAML, whatever its name says."""
    from carnation.document.yaml_reader import compose_yaml

    made = []
    for value, offsets, repeated, words in compose_yaml(text, where):
        document = Document(where, text, value, (*notes, *map(_note_repeated, repeated)))
        document.note_offsets(offsets)
        document.words = words
        made.append(document)
    return made


def _parse_json(text: str, where: str, notes: list[Note]) -> Document:
    if not where.endswith((".json5", ".jsonc")):
        return _parse_strict(text, where, notes)
    value, offsets, repeated, _ = _scan(text, where, relaxed=True)
    document = Document(where, text, value, (*notes, *map(_note_repeated, repeated)))
    document.note_offsets(offsets)
    return document


def _parse_strict(text: str, where: str, notes: list[Note]) -> Document:
    repeated = False

    def pair(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        made = dict(pairs)
        repeated = repeated or len(made) != len(pairs)
        return made

    try:
        value = load_json(
            text, object_pairs_hook=pair, parse_constant=_reject_constant, parse_float=read_float
        )
    except (ValueError, RecursionError):
        # the scanner says better what is wrong, and reads placeholders that stand unquoted
        value = _scan(text, where, relaxed=where.endswith(_YAML_SUFFIXES)).value
        repeated = True
    if repeated:
        scanned = _scan(text, where, relaxed=where.endswith(_YAML_SUFFIXES))
        document = Document(where, text, value, (*notes, *map(_note_repeated, scanned.repeated)))
        document.note_offsets(scanned.offsets)
        return document
    document = Document(where, text, value, tuple(notes))
    document.is_strict = isinstance(value, (dict, list))
    return document


def _scan(text: str, where: str, *, relaxed: bool) -> Scanned:
    from carnation.document.scanner import scan_text

    return scan_text(text, where, relaxed=relaxed)


def read_float(text: str) -> float:
    """Read a number with a point or an exponent; raises `ValueError` for one beyond all numbers."""
    value = float(text)
    if value - value != 0:  # infinite
        raise ValueError(f"{text[:20]} is larger than any number")
    return value


def _reject_constant(name: str) -> None:
    raise ValueError(name)


def _note_repeated(pointer: str) -> Note:
    name = split_pointer(pointer)[-1]
    return Note("repeated-key", pointer, f"duplicate key '{name}'; the last one applies")
