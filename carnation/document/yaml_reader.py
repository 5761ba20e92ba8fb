"""The reader of YAML: PyYAML's nodes, turned into plain values as JSON has them.

Keys are always the text that stands there (`Yes:` is a name, not a truth), dates stay text, and
CloudFormation's short tags become their long forms. Aliases are followed as far as a sane document
needs; an anchor that stands twice names the last one before the alias, as YAML says. A file may
hold several documents.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from carnation.document.pointers import join_pointer
from carnation.errors import CarnationError, DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

try:
    import yaml
except ImportError as missing:
    raise CarnationError(
        "reading YAML requires PyYAML, which is not installed. Install it with: pip install PyYAML"
    ) from missing

_MAX_NODES = 200_000  # a definition of 1 MiB has fewer; a bomb of aliases has more
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS: Any = yaml.constructor.SafeConstructor()
_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAGS = {"Ref", "Condition"}
_ANCHOR_TWICE = "duplicate anchor"


class Composed(NamedTuple):
    """A document in a text: its value, where its parts stand, its repeated keys.

    `words` are the words that YAML 1.1 takes for a truth (`Yes`, `off`), by their pointers.
    """

    value: Any
    offsets: dict[str, tuple[int, int]]
    repeated: list[str]
    words: dict[str, str]


class _Reader:
    def __init__(self, where: str, text: str) -> None:
        self.where = where
        self.text = text
        self.offsets: dict[str, tuple[int, int]] = {}
        self.repeated: list[str] = []
        self.words: dict[str, str] = {}
        self.count = 0
        self.open: set[int] = set()

    def read(self, node: Any, pointer: str) -> Any:
        self.count += 1
        if self.count > _MAX_NODES:
            raise self.fail(node, f"its aliases unfold to more than {_MAX_NODES:,} values")
        if id(node) in self.open:
            raise self.fail(node, "an alias refers to itself")
        if pointer not in self.offsets:
            self.offsets[pointer] = _offsets_of(node)
        tag = node.tag
        if tag.startswith("!") and len(tag) > 1:
            return self.read_tagged(node, tag[1:], pointer)
        return self.read_plain(node, pointer)

    def read_tagged(self, node: Any, name: str, pointer: str) -> dict[str, Any]:
        key = name if name in _PLAIN_TAGS else f"Fn::{name}"
        inner = join_pointer(pointer, key)
        self.offsets[inner] = _offsets_of(node)
        value = node.value if isinstance(node, yaml.ScalarNode) else self.read_plain(node, inner)
        if name == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {key: value}

    def read_plain(self, node: Any, pointer: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            value = self.read_scalar(node)
            if isinstance(value, bool) and node.value.lower() not in ("true", "false"):
                self.words[pointer] = node.value
            return value
        self.open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            value = [self.read(item, f"{pointer}/{index}") for index, item in enumerate(node.value)]
        else:
            value = self.read_mapping(node, pointer)
        self.open.discard(id(node))
        return value

    def read_mapping(self, node: Any, pointer: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.fail(key, "a key that is not a string")
            if key.tag == f"{_STANDARD}merge":
                self.merge(item, pointer, made)
                continue
            inner = join_pointer(pointer, key.value)
            if key.value in made:
                self.repeated.append(inner)
            self.offsets[inner] = _offsets_of(item)
            if not isinstance(item, yaml.ScalarNode):
                self.offsets[inner] = _offsets_of(key)
            made[key.value] = self.read(item, inner)
        return made

    def merge(self, node: Any, pointer: str, made: dict[str, Any]) -> None:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.read(source, join_pointer(pointer, "<<"))
            if not isinstance(value, dict):
                raise self.fail(source, "'<<' merges a value that is not a mapping")
            for key, item in value.items():
                made.setdefault(key, item)

    def read_scalar(self, node: Any) -> Any:
        kind = node.tag.removeprefix(_STANDARD)
        if kind in ("str", "timestamp", "value", "!"):
            return node.value
        if kind not in ("null", "bool", "int", "float"):
            raise self.fail(node, f"the tag '{node.tag}'")
        try:
            value = getattr(_SCALARS, f"construct_yaml_{kind}")(node)
        except (ValueError, KeyError, OverflowError) as error:
            raise self.fail(node, f"'{node.value[:20]}' is not a valid {kind}") from error
        if isinstance(value, float) and not math.isfinite(value):
            raise self.fail(node, f"JSON has no word for {node.value}")
        return value

    def fail(self, node: Any, problem: str) -> DocumentError:
        mark = node.start_mark
        return DocumentError(
            f"this YAML cannot be read ({problem}). Fix the file.",
            self.where, mark.line + 1, mark.column + 1,
        )  # fmt: skip


def _offsets_of(node: Any) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


class _LastAnchor(yaml.SafeLoader):  # type: ignore[misc]
    """PyYAML's loader in Python, for texts with an anchor twice: its faster one refuses them."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if not self.check_event(yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)


def compose_yaml(text: str, where: str) -> list[Composed]:
    """Read the documents in a YAML text, one as a rule.

    Raises `DocumentError` with line and column for what is no YAML or has no place in JSON.
    """
    try:
        nodes = _compose(text)
        composed = [_read(node, text, where) for node in nodes]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError(
            f"this is not valid YAML ({error.problem}). Fix the file.", where, *place
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = (
            "it nests too deep"
            if isinstance(error, RecursionError)
            else " ".join(str(error).split())
        )
        raise DocumentError(
            f"this is not valid YAML ({reason}). Fix the file.", where, 1, 1
        ) from error
    if not composed:
        raise DocumentError("the file is empty. Write a document into it.", where, 1, 1)
    return composed


def _compose(text: str) -> list[Any]:
    try:
        return list(_list_nodes(text, _LOADER))
    except yaml.composer.ComposerError as error:
        if _ANCHOR_TWICE not in str(error):
            raise
        return list(_list_nodes(text, _LastAnchor))


def _list_nodes(text: str, loader: Any) -> Iterator[Any]:
    """Yield the nodes of the documents; those that hold nothing are passed over."""
    for node in yaml.compose_all(text, loader):
        if not (isinstance(node, yaml.ScalarNode) and not node.value and node.style is None):
            yield node


def _read(node: Any, text: str, where: str) -> Composed:
    reader = _Reader(where, text)
    value = reader.read(node, "")
    return Composed(value, reader.offsets, reader.repeated, reader.words)
