"""State machines in Terraform's files, `.tf` and `.tf.json`.

Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sfn_state_machine
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from carnation.document import Document, escape, parse_json, parse_yaml
from carnation.errors import CarnationError, DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.sources.answers import TERRAFORM, read_terraform_properties
from carnation.sources.files import Files
from carnation.sources.hcl import (
    Encoded,
    FileText,
    Scope,
    Unknown,
    Way,
    children,
    kind_of,
    parse_hcl,
    plain,
    read_key,
)
from carnation.sources.hcl_functions import FUNCTIONS
from carnation.sources.source import EXPRESS, STANDARD, Source, Unseen

if TYPE_CHECKING:
    from typing import Any

Found = Source | Unseen
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")
_NAMED = re.compile(r'(?:"(?:aws_sfn|awscc_stepfunctions)_state_machine"\s+"([^"\n]+)")')
_MODULES = re.compile(r"step-?_?functions?|state-?_?machine", re.IGNORECASE)


def find_in_configuration(path: str, files: Files) -> Iterator[Found]:
    """Yield the state machines of a `.tf` file; its folder is the module that it belongs to."""
    yield from find_in_text(path, files.text(path), files)


def find_in_text(path: str, text: str, files: Files) -> Iterator[Found]:
    """Yield the state machines of a text, as if it stood in a file of that name."""
    document = Document(path, text, {})
    document.note_offsets({})
    try:
        module = _Module(os.path.dirname(path), files)
        yield from module.find(path, document)
    except DocumentError:
        raise
    except CarnationError as error:  # without a parser
        for match in _NAMED.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Unseen(match[1], path, line, 1, str(error))


class _Block:
    """A block: `resource "type" "name" {…}`, its attributes' trees, its inner blocks."""

    def __init__(self, tree: Any, text: str) -> None:
        words = [
            one for one in children(tree) if kind_of(one) in ("identifier", "string", "keyword")
        ]
        self.words = [_read_word(one) for one in words]
        self.tree, self.text = tree, text
        body = next(one for one in children(tree) if kind_of(one) == "body")
        self.attributes, self.blocks = read_body(body, text)

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return int(self.tree.meta.start_pos)


def _read_word(node: Any) -> str:
    if kind_of(node) != "string":
        return str(node.children[0])
    return "".join(
        str(part.children[0]) for part in node.children if kind_of(part) == "string_part"
    )


def read_body(body: Any, text: str) -> tuple[dict[str, Any], list[_Block]]:
    """Return the attributes' expressions by their names, and the blocks."""
    attributes, blocks = {}, []
    for one in children(body):
        if kind_of(one) == "attribute":
            attributes[str(one.children[0].children[0])] = one.children[-1]
        elif kind_of(one) == "block":
            blocks.append(_Block(one, text))
    return attributes, blocks


def _is_variable(block: _Block) -> bool:
    return len(block.words) == 2 and block.words[0] == "variable"


class _Module:
    """A folder of `.tf` files: its local values, its variables, its templates of old."""

    def __init__(self, folder: str, files: Files) -> None:
        self.folder, self.files = folder, files
        self.parsed: dict[str, list[_Block]] = {}
        self.open: set[str] = set()
        self.all: list[_Block] | None = None
        self.each: Mapping[str, Any] = {}
        self.way = Way()
        self.defaults: dict[str, Any] = {}
        self.given: dict[str, Any] | None = None

    def parse(self, path: str, text: str | None = None) -> list[_Block]:
        if path not in self.parsed:
            text = self.files.text(path) if text is None else text
            tree = parse_hcl(text, path)
            self.parsed[path] = read_body(children(tree)[0], text)[1]
        return self.parsed[path]

    def list_blocks(self) -> list[_Block]:
        """Return the blocks of the module's files; files that cannot be parsed are left out."""
        if self.all is None:
            self.all = [block for blocks in self.parsed.values() for block in blocks]
            for name in sorted(os.listdir(self.folder or ".")) if self.is_on_disk() else ():
                path = os.path.join(self.folder, name)
                if name.endswith(".tf") and path not in self.parsed:
                    try:
                        self.all += self.parse(path)
                    except DocumentError:
                        continue
        return self.all

    def list_given(self) -> dict[str, Any]:
        """Return the variables of the `.tfvars` files that Terraform reads itself."""
        if self.given is None:
            self.given = {}
            names = os.listdir(self.folder or ".") if self.is_on_disk() else []
            first = ("terraform.tfvars", "terraform.tfvars.json")
            for name in sorted(names, key=lambda one: (one not in first, one)):
                if name in first or name.endswith(_AUTOMATIC):
                    self.given |= self.read_given(os.path.join(self.folder, name))
        return self.given

    def read_given(self, path: str) -> dict[str, Any]:
        try:
            text = self.files.text(path)
            if path.endswith(".json"):
                found = parse_json(text, path)
                return found if isinstance(found, dict) else {}
            attributes = read_body(children(parse_hcl(text, path))[0], text)[0]
        except DocumentError:  # terraform itself says what is wrong in it
            return {}
        scope = Scope(text, lambda first, name: Unknown(f"{first}.{name}"), FUNCTIONS, self.way)
        return {name: scope.evaluate(tree) for name, tree in attributes.items()}

    def list_unset(self) -> list[str]:
        """Name the variables that have neither a default nor a value in a `.tfvars`."""
        names = [block.words[1] for block in self.list_blocks() if _is_variable(block)]
        return [f"var.{name}" for name in names if f"var.{name}" not in self.defaults]

    def is_on_disk(self) -> bool:
        return os.path.isdir(self.folder or ".")

    def find(self, path: str, document: Document) -> Iterator[Found]:
        for block in self.parse(path, document.text):
            kind = block.words[1] if len(block.words) == 3 and block.words[0] == "resource" else ""
            if kind in TERRAFORM:
                yield from self.read_machines(block, document, block.words[2], *TERRAFORM[kind])
            elif block.words[0] == "module" and self.is_machine(block):
                yield from self.read_machines(
                    block, document, block.words[-1], "definition", "type"
                )

    def is_machine(self, block: _Block) -> bool:
        """Return whether a module makes a state machine of its `definition`."""
        source = block.attributes.get("source")
        named = source is not None and str(self.scope(block).evaluate(source))
        return "definition" in block.attributes and bool(named and _MODULES.search(named))

    def read_machines(
        self, block: _Block, document: Document, name: str, field: str, type_field: str
    ) -> Iterator[Found]:
        """Yield the machines of a block: of each element where it has a `for_each`."""
        each = block.attributes.get("for_each")
        values = self.scope(block).evaluate(each) if each is not None else None
        if isinstance(values, list):
            values = {str(one): one for one in values}
        if not isinstance(values, Mapping) or not values:
            yield from self.read_machine(block, document, name, field, type_field)
            return
        for key, value in values.items():
            self.each = {"key": key, "value": value}
            yield from self.read_machine(block, document, f"{name}-{key}", field, type_field)
        self.each = {}

    def read_machine(
        self, block: _Block, document: Document, name: str, field: str, type_field: str
    ) -> Iterator[Found]:
        tree = block.attributes.get(field, block.attributes.get("definition"))
        if tree is None:
            yield self.miss(block, document, name, "it has no definition")
            return
        properties = self.read_properties(block)
        kind = (
            self.scope(block).evaluate(block.attributes[type_field])
            if (type_field in block.attributes)
            else STANDARD
        )
        kind = kind.default if isinstance(kind, Unknown) else kind

        def read(way: Way) -> Found:
            self.way = way
            try:
                value = self.scope(block).evaluate(tree)
            except DocumentError as error:
                return self.miss(block, document, name, error.reason.rstrip("."))
            label = f"-{'if' if way.taken else 'else'}" if way.split else ""
            found = self.read_value(value, tree, block, document, name + label, properties)
            if isinstance(found, Source):
                found.type = EXPRESS if kind == EXPRESS else STANDARD
                found.is_editable = False
                found.fill_defaults(dict(self.defaults), self.list_unset())
            return found

        for taken in (True, False):
            way = Way(taken)
            found = read(way)
            if isinstance(found, Source) and way.is_open:
                ways = [taken] if way.split else [True, False]
                exact = [read(Way(each, is_exact=True)) for each in ways]
                found.ways = [one for one in exact if isinstance(one, Source)]
            yield found
            if not way.split or isinstance(found, Unseen):
                return

    def read_value(
        self, value: Any, tree: Any, block: _Block, document: Document, name: str, properties: Any
    ) -> Found:
        if isinstance(value, Unknown):
            value = value.default if isinstance(value.default, (str, Encoded)) else value
        if isinstance(value, FileText):
            return self.read_file(value, name, properties, block, document)
        if isinstance(value, Encoded):
            found = Source(name, document, "/definition", properties)
            found.value = plain(value.value)
            offsets = {"/definition": _span(tree)}
            if block.text == document.text:
                _note_places(value.tree, "/definition", offsets, self.scope(block))
            found.document = _place(document, offsets)
            return found
        if isinstance(value, str) and "{" in value and not _is_placeholder(value):
            found = Source(
                name, _place(document, {"/definition": _span(tree)}), "/definition", properties
            )
            found.read_text(value)
            return found
        return self.miss(
            block, document, name, f"{_format_value(value)} is only known when it is deployed"
        )

    def read_file(
        self, text: FileText, name: str, properties: Any, block: _Block, document: Document
    ) -> Found:
        inner = Document(text.path, self.files.text(text.path), {})
        found = Source(name, inner, "", {**properties, "DefinitionSubstitutions": text.names})
        try:
            read = self.files.read(text.path)[0] if str(text) == inner.text else None
        except DocumentError:
            read = None
        if read is None:
            made = Source(name, _at_start(inner), "/definition", found.properties)
            made.read_text(str(text))
            return made
        found.document, found.text = read, read.text
        found.value, found.notes = read.value, read.notes
        if text.names:
            found.note_undefined(read.value)
        return found

    def read_properties(self, block: _Block) -> dict[str, Any]:
        values: dict[str, Any] = {}
        scope = self.scope(block)
        for name, tree in block.attributes.items():
            if name == "role_arn":
                values[name] = plain(scope.evaluate(tree))
        for inner in block.blocks:
            values[inner.words[0]] = {
                name: plain(scope.evaluate(tree)) for name, tree in inner.attributes.items()
            }
        return read_terraform_properties(values)

    def miss(self, block: _Block, document: Document, name: str, why: str) -> Unseen:
        line = document.text.count("\n", 0, block.start) + 1
        return Unseen(name, document.where, line, 1, why)

    def scope(self, block: _Block) -> Scope:
        functions = {
            **FUNCTIONS,
            "file": self.read_text,
            "templatefile": self.read_text,
            "jsondecode": lambda given, _: parse_json(str(given[0]), "file"),
            "yamldecode": lambda given, _: parse_yaml(str(given[0]), "file.yaml")[0].value,
        }
        return Scope(block.text, self.look_up, functions, self.way)

    def read_text(self, given: list[Any], scope: Scope) -> Any:
        """Return what a file holds, `templatefile` with what it is filled with."""
        if not isinstance(given[0], str):
            return None
        try:
            path = self.files.find_beside(os.path.join(self.folder, "x"), given[0])
        except DocumentError as error:
            raise DocumentError(f"Terraform names it, and {error.reason}", self.folder) from error
        names = given[1] if len(given) > 1 and isinstance(given[1], Mapping) else {}
        text = self.files.text(path)
        if len(given) > 1 and _needs_rendering(text):
            inner = Scope(
                text,
                lambda first, name: Unknown(f"{first}.{name}"),
                scope.functions,
                scope.way,
            )
            inner.names = {name: _hide(name, value) for name, value in names.items()}
            text = inner.render(text)
            scope.way.split = scope.way.split or "%{" in self.files.text(path)
        return FileText(text, path, plain(dict(names)))

    def look_up(self, first: str, name: str) -> Any:
        """Return what `first.name` represents."""
        if first == "path":
            return "." if name == "module" else Unknown(f"path.{name}", ".")
        if first == "each":
            return self.each.get(name, Unknown(f"each.{name}"))
        key = f"{first}.{name}"
        if key in self.open:
            return Unknown(key)
        self.open.add(key)
        try:
            return self.find_named(first, name)
        finally:
            self.open.discard(key)

    def find_named(self, first: str, name: str) -> Any:
        key = f"{first}.{name}"
        for block in self.list_blocks():
            if first == "local" and block.words == ["locals"] and name in block.attributes:
                return self.scope(block).evaluate(block.attributes[name])
            if first == "var" and block.words == ["variable", name]:
                default = block.attributes.get("default")
                value = self.scope(block).evaluate(default) if default is not None else None
                value = self.list_given().get(name, value)
                if isinstance(value, (str, int, float)):
                    self.defaults[key] = value
                return value if isinstance(value, (Mapping, list)) else Unknown(key, value)
            kind = block.words[1] if block.words[0] == "data" and len(block.words) == 3 else ""
            if kind in _DATA and first == f"data.{kind}.{block.words[2]}":
                return self.read_data(block, kind)
        return Unknown(key)

    def read_data(self, block: _Block, kind: str) -> Any:
        """Return what `data.template_file.x.rendered` and `data.local_file.x.content` give."""
        tree = block.attributes.get(_DATA[kind])
        value = None if tree is None else self.scope(block).evaluate(tree)
        if kind == "local_file":
            return self.read_text([value], self.scope(block))
        names = (
            self.scope(block).evaluate(block.attributes["vars"])
            if ("vars" in block.attributes)
            else None
        )
        if isinstance(value, FileText) and isinstance(names, Mapping):
            return FileText(str(value), value.path, plain(dict(names)))
        return value


_DATA = {"template_file": "template", "local_file": "filename"}
"""Data sources that give what a file holds, and the field that says which."""


def _needs_rendering(text: str) -> bool:
    """Return whether a template has more than names to fill in."""
    return "%{" in text or "$${" in text or bool(re.search(r"\$\{(?![A-Za-z_][\w]*\})", text))


def _hide(name: str, value: Any) -> Any:
    """Keep a text or a number that a template is filled with under its name; parts are taken."""
    return value if isinstance(value, (Mapping, list, Encoded)) else Unknown(name, value)


def _format_value(value: Any) -> str:
    return str(value).strip()[:80] if isinstance(value, (Unknown, str)) else "its definition"


def _is_placeholder(text: str) -> bool:
    return bool(re.fullmatch(r"\s*\$\{[^{}]*\}\s*", text))


def _span(tree: Any) -> tuple[int, int]:
    return tree.meta.start_pos, tree.meta.end_pos


def _at_start(document: Document) -> Document:
    document.note_offsets({"": (0, 1)})
    return document


def _place(document: Document, offsets: dict[str, tuple[int, int]]) -> Document:
    """Return the file again, with the places of one definition."""
    placed = Document(document.where, document.text, {})
    placed.note_offsets(offsets)
    return placed


def _note_places(
    node: Any, pointer: str, offsets: dict[str, tuple[int, int]], scope: Scope
) -> None:
    """Note where the parts of a value that is written out are in the text."""
    while (
        kind_of(node) == "expr_term"
        and len(children(node)) == 1
        and hasattr(children(node)[0], "data")
    ):
        node = children(node)[0]
    if kind_of(node) == "object":
        for element in children(node):
            if kind_of(element) == "object_elem":
                key, *_, value = children(element)
                inner = f"{pointer}/{escape(read_key(scope, key))}"
                offsets[inner] = _span(key)
                _note_places(value, inner, offsets, scope)
    elif kind_of(node) == "tuple":
        for index, item in enumerate(one for one in children(node) if hasattr(one, "data")):
            offsets[f"{pointer}/{index}"] = _span(item)
            _note_places(item, f"{pointer}/{index}", offsets, scope)
