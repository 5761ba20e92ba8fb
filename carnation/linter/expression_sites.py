"""Where expressions are in a definition: every path, payload template and JSONata text in it.

A prepared list, made once for a machine and read by the rules that judge expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from carnation.asl.comparisons import COMPARISONS
from carnation.asl.fields import ATA, KNOWN, PATH, Field
from carnation.asl.graph import Node
from carnation.asl.kinds import is_placeholder
from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.linter.machine import Machine
from carnation.records import NamedTuple

ROOTLESS = "reference"
_EXPRESSIVE = ("Error", "Cause", "RoleArn")
_OWN_PARTS = ("ItemReader", "ItemBatcher", "ResultWriter", "Credentials")
_NO_TEMPLATES = ("Result",)


class ExpressionSite(NamedTuple):
    """A text that is, or should be, an expression.

    `field` is the field it is in or under; `value` need not be a text. `kind` says what it should
    be: `path`, `reference` (names and indexes only), `template` (behind a key with `.$`: a path or
    an intrinsic), `either` (ErrorPath, CausePath), `jsonata` (a text of a JSONata state).
    """

    kind: str
    value: Json
    part: Node
    inner: str
    field: str


_KINDS_OF_PATH = {
    "InputPath": "path",
    "OutputPath": "path",
    "ErrorPath": "either",
    "CausePath": "either",
    "RoleArn.$": "template",
}


@lru_cache(maxsize=1)  # seven rules ask, one machine after the other
def list_expressions(machine: Machine) -> list[ExpressionSite]:
    """List the expressions of a definition, in the order of its parts."""
    found: list[ExpressionSite] = []
    for part in machine.parts:
        found.extend(_find_in(part))
    return found


@lru_cache(maxsize=256)
def _fields_by_use(place: str, language: str) -> Mapping[str, str]:
    """Say for each field of a place how its value is read in a language."""
    found: dict[str, str] = {}
    for name, field in KNOWN.get(place, {}).items():
        kind = _kind_of(field, language)
        if kind:
            found[name] = kind
    if language == PATH and place in ("Rule", "NestedRule"):
        found["Variable"] = "path"
        found.update({name: "path" for name, kind in COMPARISONS.items() if kind == "path"})
    return found


def _kind_of(field: Field, language: str) -> str:
    if field.language not in ("", language) or field.name in (*_OWN_PARTS, *_NO_TEMPLATES):
        return ""
    if language == ATA:
        expressive = field.dynamic or field.kind in ("payload", "condition", "items")
        return "jsonata" if expressive or field.name in _EXPRESSIVE else ""
    if field.kind in ("path", "optional_path"):
        return _KINDS_OF_PATH.get(field.name, ROOTLESS)
    return "payload" if field.kind == "payload" else ""


def _find_in(part: Node) -> Iterator[ExpressionSite]:
    kinds = _fields_by_use(part.place, part.language)
    for name, value in part.body.items():
        kind = kinds.get(name, "")
        if kind == "jsonata":
            yield from _walk_texts(part, name, value)
        elif kind == "payload":
            yield from _walk_template(part, name, value)
        elif kind and value is not None and not is_placeholder(value):
            yield ExpressionSite(kind, value, part, f"/{name}", name)


def _walk_texts(part: Node, name: str, value: Json) -> Iterator[ExpressionSite]:
    waiting = [(value, f"/{name}")]
    while waiting:
        item, inner = waiting.pop()
        if isinstance(item, str):
            if "%" in item:
                yield ExpressionSite("jsonata", item, part, inner, name)
        elif isinstance(item, Mapping):
            waiting += [(child, join_pointer(inner, key)) for key, child in item.items()]
        elif isinstance(item, list):
            waiting += [(child, f"{inner}/{index}") for index, child in enumerate(item)]


def _walk_template(part: Node, name: str, value: Json) -> Iterator[ExpressionSite]:
    waiting = [(value, f"/{name}")]
    while waiting:
        item, inner = waiting.pop()
        if isinstance(item, Mapping):
            for key, child in item.items():
                if key.endswith(".$"):
                    if not is_placeholder(child):
                        yield ExpressionSite(
                            "template", child, part, join_pointer(inner, key), name
                        )
                elif isinstance(child, (dict, list)):
                    waiting.append((child, join_pointer(inner, key)))
        elif isinstance(item, list):
            waiting += [(child, f"{inner}/{index}") for index, child in enumerate(item)]


def read_expression(text: str) -> str | None:
    """Return what is between `{%` and `%}`; None for a text that is not an expression.

    >>> read_expression("{% $n %}")
    ' $n '
    """
    if text.startswith("{%") and text.endswith("%}") and len(text) >= len("{%%}"):
        return text[2:-2]
    return None
