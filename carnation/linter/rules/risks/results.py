"""The shapes of what Tasks give: by the API that they call, or as the workflow declares it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from carnation import services
from carnation.document import split_pointer
from carnation.document.values import Json
from carnation.linter.rules.risks.shapes import (
    ANY,
    TEXT,
    List,
    Object,
    Scalar,
    Shape,
    join,
    shape_of,
)
from carnation.services.task_calls import read_resource

_MAX_DEPTH = 6
_WIDEST = 120
_METADATA = dict.fromkeys(("SdkHttpMetadata", "SdkResponseMetadata"), ANY)
_SCALARS = {"string": TEXT, "integer": Scalar("number"), "number": Scalar("number"),
            "boolean": Scalar("boolean"), "null": Scalar("")}  # fmt: skip
_API_SCALARS = {
    "string": TEXT, "timestamp": TEXT, "boolean": Scalar("boolean"),
    **dict.fromkeys(("integer", "long", "double"), Scalar("number")),
}  # fmt: skip


@lru_cache(maxsize=512)
def find_result_shape(resource: str) -> Shape:
    """Return the shape of what a Task's resource gives; ANY where that is not known.

    >>> shape = find_result_shape("arn:aws:states:::sqs:sendMessage")
    >>> shape.origin, "MessageId" in shape.fields
    ('sqs:sendMessage', True)
    """
    call = read_resource(resource).full_call
    found = services.find_task_result(call)
    if found is None or found.kind != "structure":
        return ANY
    shape = _read_api(found)
    if not isinstance(shape, Object):
        return ANY
    origin = "lambda" if call == "lambda:invoke" else call
    return Object({**_METADATA, **shape.fields}, origin=origin)


def _read_api(shape: services.Shape | None, depth: int = 0) -> Shape:
    if shape is None or depth > _MAX_DEPTH:
        return ANY
    if shape.kind == "structure":
        if len(shape.members) > _WIDEST:
            return ANY
        return Object({name: _read_api(shape.members[name], depth + 1) for name in shape.members})
    if shape.kind == "list":
        return List(_read_api(shape.item, depth + 1))
    if shape.kind == "map":
        return Object({}, is_open=True)
    return _API_SCALARS.get(shape.kind, ANY)


def read_schema(schema: Json, root: Json = None, depth: int = 0) -> Shape:
    """Return the shape that a JSON schema declares.

    Named properties are all there are unless `additionalProperties` says otherwise, so that
    a read of any other is reported.

    >>> read_schema({"type": "object", "properties": {"id": {"type": "string"}}})
    Object(fields={'id': Scalar(kind='text')}, is_open=False, origin='')
    """
    root = schema if root is None else root
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH * 2:
        return ANY
    if "$ref" in schema:
        return read_schema(_follow(root, schema["$ref"]), root, depth + 1)
    if any(word in schema for word in ("allOf", "not", "if", "patternProperties")):
        return ANY
    for word in ("anyOf", "oneOf"):
        if isinstance(schema.get(word), list):
            return join_all(read_schema(one, root, depth + 1) for one in schema[word])
    if "const" in schema or isinstance(schema.get("enum"), list):
        return join_all(map(shape_of, schema.get("enum", [schema.get("const")])))
    return _read_type(schema, root, depth)


def _read_type(schema: Mapping[str, Json], root: Json, depth: int) -> Shape:
    kind = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kind, list):
        return join_all(_read_type({**schema, "type": one}, root, depth + 1) for one in kind)
    if kind == "array":
        most = schema.get("maxItems")
        item = read_schema(schema.get("items"), root, depth + 1)
        return List(item, most if isinstance(most, int) and most > 0 else 0)
    if kind != "object":
        return _SCALARS.get(str(kind), ANY)
    named = schema.get("properties")
    if not isinstance(named, Mapping):
        return Object({}, is_open=True)
    fields = {name: read_schema(inner, root, depth + 1) for name, inner in named.items()}
    return Object(fields, is_open=schema.get("additionalProperties", False) is not False)


def _follow(root: Json, reference: object) -> Json:
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    for part in split_pointer(reference[1:]):
        root = root.get(part) if isinstance(root, Mapping) else None
    return root


def join_all(shapes: Iterable[Shape]) -> Shape:
    """Return a shape that fits whatever fits one of them; ANY if there is none."""
    whole, *others = [*shapes] or [ANY]
    for shape in others:
        whole = join(whole, shape)
    return whole
