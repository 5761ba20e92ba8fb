"""A source: a definition, where it stands, and what is said of its state machine; or why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from carnation.cloudformation.placeholders import is_intrinsic
from carnation.cloudformation.substitutions import (
    fill_substitutions,
    fill_values,
    find_substitutions,
)
from carnation.document import Document, Span, join_pointer, parse_document, parse_yaml
from carnation.document.reading import Note
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING, compile_lazily, re
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from carnation.cloudformation.roles import Role

STANDARD, EXPRESS = "STANDARD", "EXPRESS"
NO_DEFINITION = "the template has no definition for it"
# where a text begins on the next line: a block of YAML, a heredoc of Terraform
_BLOCK = compile_lazily(r"(?:(?:![A-Za-z0-9:]+\s+)?[|>][-+0-9]*\s*(?:#.*)?|<<-?\s*\w+\s*)\Z")


class Unseen(NamedTuple):
    """A state machine whose definition could not be seen, and why."""

    name: str
    where: str
    line: int
    column: int
    why: str

    def format(self) -> str:
        """Say it in one line."""
        return f"{self.where}:{self.line}:{self.column}: not seen: {self.name}: {self.why}"


def _find_role(template: Mapping[str, Any], properties: Mapping[str, Any]) -> Role | None:
    from carnation.cloudformation.roles import find_role  # a definition alone has none

    return find_role(template, properties)


class Source:
    """A definition: `value` is what is written, `error` why it cannot be read.

    `document` is the file that it is in, at `pointer`; `name` the name that the state machine has
    there, `type` STANDARD, EXPRESS, or '' where nothing tells it. `properties` is what a template
    says of the machine in CloudFormation's words, `substitutions` the names that it gives values
    to, `role` its role if that stands there, too. `template` is the one that it came from.
    `is_editable` tells that the definition is in the file as it is. `ways` are what the template's
    conditions make of it, where texts and numbers hang on them.
    """

    def __init__(
        self,
        name: str,
        document: Document,
        pointer: str = "",
        properties: Mapping[str, Any] | None = None,
        template: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.document = document
        self.pointer = pointer
        self.where = document.where
        self.text = document.text
        self.notes: tuple[Note, ...] = () if pointer else document.notes
        self.value: Any = None
        self.error: DocumentError | None = None
        self.inner: Document | None = None
        self.type = ""
        self.is_editable = True
        self.properties = properties or {}
        self.template = template
        self.role: Role | None = _find_role(template, self.properties) if template else None
        given = self.properties.get("DefinitionSubstitutions")
        self.substitutions: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        self.defaults: Mapping[str, Any] = {}  # of Terraform's variables, by their placeholders
        self.unset: tuple[str, ...] = ()
        self.unfilled: Any = None
        self.moved: Mapping[str, str] = {}
        self.ways: list[Source] = []

    def read_text(self, text: str) -> None:
        """Take a definition that is written as a text."""
        self.is_editable = False
        try:
            self.inner = parse_text(text, f"{self.where}, {self.name}")
        except DocumentError as error:
            self.error = error
            return
        self.value, self.notes = self.inner.value, self.inner.notes

    def fill_defaults(self, defaults: Mapping[str, Any], unset: Iterable[str] = ()) -> None:
        """Put the values of variables in the place of their placeholders.

        `unfilled` is the definition with all placeholders, and `unset` names the variables in it
        that have no value.
        """
        self.defaults, self.unfilled = defaults, self.value
        self.value = fill_values(self.value, defaults)
        self.substitutions = fill_values(self.substitutions, defaults)
        left = find_substitutions([self.value, self.substitutions])
        self.unset = tuple(name for name in unset if name in left)

    def list_deployed(self) -> Iterator[Source]:
        """Yield the definition as it is deployed, in each way: with the texts that it is given."""
        for one in self.ways or [self]:
            texts = {name: text for name, text in one.substitutions.items() if _is_text(text)}
            yield one._fill(texts) if texts and one.value is not None else one

    def _fill(self, texts: Mapping[str, str]) -> Source:
        """Copy it with texts instead of substitutions; `copy` costs more than it saves."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__, value=fill_substitutions(self.value, texts))
        return made

    def locate(self, pointer: str) -> Span:
        """Find a part of the definition in the file.

        In a block of YAML to the column; in a text on one line at the text.
        """
        if self.inner is None:
            return self.document.locate(self.place(pointer))
        outer = self.document.locate(self.pointer)
        if not _BLOCK.search(self.document.line_text(outer.line)):
            return outer
        within = self.inner.locate(pointer)
        first = self.document.line_text(outer.line + 1)
        indent = len(first) - len(first.lstrip(" "))
        line, last = outer.line + within.line, outer.line + within.end_line
        return Span(line, within.column + indent, last, within.end_column + indent)

    def place(self, pointer: str) -> str:
        """Return the pointer into the file; behind `#` what lies within a text."""
        if self.inner is not None:
            return f"{self.pointer}#{pointer}"
        part = pointer
        while part and part not in self.moved:
            part = part.rpartition("/")[0]
        if part in self.moved:
            pointer = self.moved[part] + pointer[len(part) :]
        return self.pointer + pointer

    def measure(self) -> int:
        """Return the size of the definition in bytes, where it is a text or a whole file."""
        if self.inner is None:
            return 0 if self.pointer else self.document.measure()
        return self.inner.measure()

    def line_text(self, line: int) -> str:
        """Return one line of the file."""
        return self.document.line_text(line)

    def note_undefined(self, written: Any) -> None:
        """Note the substitutions in what is written that the template gives no value to."""
        found = [
            Note("undefined-substitution", pointer, f"the template sets no value for '${{{name}}}'")
            for pointer, text in _list_texts(written)
            for name in find_substitutions(text)
            if name not in self.substitutions
        ]
        self.notes = (*self.notes, *found)

    def fail(self) -> DocumentError:
        """Return the error of a definition that cannot be read, with the file that it is in."""
        span = self.locate("")
        reason = self.error.reason if self.error else "it cannot be read"
        return DocumentError(
            f"the definition of {self.name}: {reason}", self.where, span.line, span.column
        )


def parse_text(text: str, where: str) -> Document:
    """Read a definition that is a text somewhere: JSON, else YAML."""
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", '"', ""):
        return parse_document(text, where)
    return correct_words(parse_yaml(text, where)[0])


def is_definition(value: object) -> bool:
    """Return whether a document is a definition: it starts somewhere, or has states.

    >>> is_definition({"StartAt": "A", "States": {}}), is_definition({"Resources": {}})
    (True, False)
    """
    return (
        isinstance(value, Mapping)
        and ("StartAt" in value or "States" in value)
        and "Resources" not in value
    )


def correct_words(document: Document) -> Document:
    """Read `Next: Yes` as the name of a state, which YAML 1.1 takes for a truth."""
    for pointer, word in document.words.items():
        *way, last = pointer.split("/")[1:] or [""]
        if last in ("Next", "Default", "StartAt"):
            holder = _find(document.value, way)
            if isinstance(holder, dict):
                holder[last] = word
    return document


def _is_text(value: Any) -> bool:
    """Return whether a substitution is a string: a number may be where one is expected."""
    return isinstance(value, str) and not re.fullmatch(r"[-+.\d]*|true|false", value)


def _find(value: Any, way: list[str]) -> Any:
    for step in way:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _list_texts(written: Any) -> Iterator[tuple[str, str]]:
    """Return every text that reaches Step Functions as it stands: not those in functions."""
    waiting = [("", written)]
    while waiting:
        pointer, item = waiting.pop()
        if isinstance(item, str):
            yield pointer, item
        elif isinstance(item, list):
            waiting += [(join_pointer(pointer, at), inner) for at, inner in enumerate(item)]
        elif isinstance(item, Mapping) and not is_intrinsic(item):
            waiting += [(join_pointer(pointer, key), inner) for key, inner in item.items()]
