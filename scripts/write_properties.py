"""Write `carnation/services/properties.txt` again from the resource schemas that cfn-lint carries.

One line for each resource type that the emulator makes: every property by its way into the
resource, `!` before one that is required, then `#` before a number, `?` before a boolean, `[`
before a list, `{` before a mapping. One that has none below it may hold anything. `.` stands before
an attribute, `=` before the way to a value of which the schema lists all, and `|` before each of
them. Run as `python scripts/write_properties.py`; with `--check` it only says whether the file is
current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from schemas import read_names, read_schema, write_lines

from carnation.emulator.cloudformation.kinds import KINDS

OTHERS = {"AWS::CloudFormation::Stack"}
OPEN = {"AWS::CloudFormation::CustomResource"}
DEPTH = 7  # of what may lie in itself
# lists that grow each year: what AWS added since would be refused
GROWING = ("Runtime", "CompatibleRuntimes/*")
MARKS = {"integer": "#", "number": "#", "boolean": "?", "array": "[", "object": "{"}


def list_types() -> Iterator[str]:
    """Yield the line of each type."""
    names = read_names()
    for name in sorted((set(KINDS) | OTHERS) & set(names) - OPEN):
        schema = read_schema(names[name])
        if schema.get("additionalProperties") is False:
            words = (
                *list_properties(schema, schema, "", 0),
                *list_attributes(schema),
                *list_values(schema, schema, "", 0),
            )
            yield " ".join([name, *words])


def list_attributes(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes that GetAtt gives: what a template cannot say."""
    for pointer in sorted(schema.get("readOnlyProperties", ())):
        way = pointer.removeprefix("/properties/").replace("/properties/", "/")
        yield f".{way.replace('/', '.')}"


def list_properties(
    root: Mapping[str, Any], schema: Mapping[str, Any], way: str, depth: int
) -> Iterator[str]:
    """Yield the properties of a schema and of those below it."""
    required = schema.get("required", ())
    hidden = {text.removeprefix("/properties/") for text in root.get("readOnlyProperties", ())}
    for name, body in sorted(schema.get("properties", {}).items()):
        path = f"{way}{name}"
        if path.replace("/", "/properties/") in hidden:
            continue
        found = resolve(root, body)
        is_required = name in required and "default" not in found  # which stands for a value
        kind = found.get("type")  # a list where it may be of several
        yield f"{'!' * is_required}{MARKS.get(kind, '') if isinstance(kind, str) else ''}{path}"
        if depth < DEPTH and not holds_anything(root, found):
            yield from list_properties(root, *descend(root, found, path), depth + 1)


def list_values(
    root: Mapping[str, Any], schema: Mapping[str, Any], way: str, depth: int
) -> Iterator[str]:
    """Yield the ways to values of which a schema lists all that there may be."""
    for name, body in sorted(schema.get("properties", {}).items()):
        found, path = descend(root, resolve(root, body), f"{way}{name}")
        values = [str(value) for value in found.get("enum", ())]
        if values and path.rstrip("/") not in GROWING:
            yield "|".join([f"={path.rstrip('/')}", *sorted(values)])
        if depth < DEPTH:
            yield from list_values(root, found, path, depth + 1)


def resolve(root: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference to a definition."""
    while "$ref" in body:
        found: Any = root
        for part in body["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        body = found
    return body


def descend(
    root: Mapping[str, Any], body: Mapping[str, Any], path: str
) -> tuple[Mapping[str, Any], str]:
    """Return what lies below a property, and the way to it."""
    while "items" in body:
        body, path = resolve(root, body["items"]), f"{path}/*"
    return body, f"{path}/"


def holds_anything(root: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return whether any keys may stand in a property."""
    inner, _ = descend(root, body, "")
    return not (inner.get("properties") and inner.get("additionalProperties") is False)


if __name__ == "__main__":
    sys.exit(write_lines("properties.txt", "write_properties.py", list_types()))
