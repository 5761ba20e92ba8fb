"""`Fn::ForEach` in a template, written out: its resources, and the parts of a definition.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.cloudformation.language_extensions import replace_identifier
from carnation.document import join_pointer
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.sources.source import Unseen

if TYPE_CHECKING:
    from typing import Any

_LOOP = "Fn::ForEach::"
_MAX_ITEMS = 1_000
_MAX_DEPTH = 100
_MAX_RESOURCES = 500
_MAX_PARTS = 5_000


class Resource(NamedTuple):
    """A resource: its logical ID, its body, where it stands; `made` in a loop."""

    name: str
    type: str
    body: Mapping[str, Any]
    pointer: str
    made: bool = False


def list_resources(template: Mapping[str, Any], at: str = "") -> Iterator[Resource | Unseen]:
    """Yield the resources of a template that have a type."""
    resources = template.get("Resources")
    made = 0
    for one in (
        _list(resources, f"{at}/Resources", template, made=False)
        if isinstance(resources, Mapping)
        else ()
    ):
        yield one
        made += isinstance(one, Resource) and one.made
        if made >= _MAX_RESOURCES:
            where = one.pointer if isinstance(one, Resource) else one.where
            yield Unseen("what else its loops make", where, 0, 0, "a template has 500 resources")
            return


def _list(
    resources: Mapping[str, Any], at: str, template: Mapping[str, Any], *, made: bool
) -> Iterator[Resource | Unseen]:
    for name, body in resources.items():
        pointer = join_pointer(at, name)
        if name.startswith(_LOOP):
            yield from _repeat(name, body, pointer, template)
        elif name == "Fn::Transform":
            yield Unseen(name, pointer, 0, 0, "a macro brings resources, and may bring machines")
        elif isinstance(body, Mapping) and isinstance(body.get("Type"), str):
            yield Resource(name, body["Type"], body, pointer, made)


def _repeat(
    name: str, loop: Any, pointer: str, template: Mapping[str, Any]
) -> Iterator[Resource | Unseen]:
    if not _is_loop(loop):
        yield Unseen(name, pointer, 0, 0, "not a loop: expected a name, a list, and a mapping")
        return
    identifier = str(loop[0])
    for value in _list_values(loop[1], template) or [f"${{{identifier}}}"]:
        for key, body in loop[2].items():
            inner = {
                replace_identifier(key, identifier, value): replace_identifier(
                    body, identifier, value
                )
            }
            for found in _list(inner, "", template, made=True):
                place = join_pointer(pointer, "2", key)
                if isinstance(found, Unseen):
                    yield found._replace(where=place)
                else:
                    yield found._replace(pointer=place)


def render_loops(value: Any, template: Mapping[str, Any]) -> Any:
    """Write out the loops between parts of a definition; the value itself where it has none.

    Raises `DocumentError` for loops that make more than any definition holds.

    >>> render_loops({"Fn::ForEach::Each": ["X", ["a", "b"], {"S${X}": {"Next": "${X}"}}]}, {})
    {'Sa': {'Next': 'a'}, 'Sb': {'Next': 'b'}}
    """
    return _Expander(template).expand(value, 0)


class _Expander:
    def __init__(self, template: Mapping[str, Any]) -> None:
        self.template = template
        self.made = 0

    def expand(self, value: Any, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            return value
        if isinstance(value, list):
            items = [self.expand(item, depth + 1) for item in value]
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if not isinstance(value, Mapping):
            return value
        made: dict[str, Any] = {}
        for key, item in value.items():
            if str(key).startswith(_LOOP) and _is_loop(item):
                made |= self.repeat(item, depth)
            else:
                made[key] = self.expand(item, depth + 1)
        same = len(made) == len(value) and all(made.get(key) is item for key, item in value.items())
        return value if same else made

    def repeat(self, loop: list[Any], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        identifier = str(loop[0])
        for one in _list_values(loop[1], self.template) or [f"${{{identifier}}}"]:
            self.made += 1
            if self.made > _MAX_PARTS:
                raise DocumentError(f"its loops expand to more than {_MAX_PARTS:,} parts")
            made |= self.expand(replace_identifier(loop[2], identifier, one), depth + 1)
        return made


def _is_loop(loop: Any) -> bool:
    return isinstance(loop, list) and len(loop) == 3 and isinstance(loop[2], Mapping)


def _list_values(collection: Any, template: Mapping[str, Any]) -> list[str]:
    """Return a loop's values; none where only the deployment knows them."""
    if isinstance(collection, Mapping) and isinstance(collection.get("Ref"), str):
        declared = template.get("Parameters")
        body = declared.get(collection["Ref"]) if isinstance(declared, Mapping) else None
        default = body.get("Default") if isinstance(body, Mapping) else None
        collection = default.split(",") if isinstance(default, str) else default
    if not isinstance(collection, list):
        return []
    return [str(one).strip() for one in collection[:_MAX_ITEMS] if isinstance(one, (str, int))]
