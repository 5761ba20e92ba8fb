"""The templates of two units compared, the definitions in them, the packages beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.changes.definitions import find_definition_changes
from carnation.changes.records import MISSING, Change
from carnation.changes.reviews.units import ComparedItem, is_definition
from carnation.changes.templates import find_template_changes
from carnation.document import Document, join_pointer, split_pointer
from carnation.document.values import Json
from carnation.sources import Source
from carnation.sources.templates import is_template

_MARKS = (b"AWS::CloudFormation::Stack", b"::StateMachine")
_EMPTY: Mapping[str, Json] = {"States": {}}


def find_stack_changes(
    old: ComparedItem, new: ComparedItem, definitions: list[tuple[str, Json, Json]]
) -> Iterator[Change]:
    """Yield the changes of two units' templates; adds the definitions in them to `definitions`."""
    single = len(old.files) == len(new.files) == 1 and not new.manifest
    before = _read_templates(old, new)
    after = _read_templates(new, old)
    if single:  # under one name, whatever the files are called
        before = dict(zip(after, before.values(), strict=False))
    told: set[tuple[str, str]] = set()
    for path in dict.fromkeys([*after, *before]):
        place = new.root + path
        machines = [_list_machines(before.get(path), old), _list_machines(after.get(path), new)]
        yield from _compare_inner(place, machines, definitions, told)
    kept, current = (
        [value for value in _list_definitions(unit, side) if isinstance(value, Mapping)]
        for unit, side in ((old, before), (new, after))
    )
    parts = {path: new.root + path for path in dict.fromkeys([*after, *before])}
    values = [{path: document.value for path, document in side.items()} for side in (before, after)]
    for change in find_template_changes(values[0], values[1], kept, parts, current):
        if not _is_told(change, told):
            yield change
    yield from find_package_changes(old, new)


def _is_told(change: Change, told: set[tuple[str, str]]) -> bool:
    """Return whether a change of a property is one of a definition that was compared as such."""
    way = split_pointer(change.pointer)
    named = len(way) > 3 and way[3] in ("Definition", "DefinitionString")
    return named and change.kind == "property-changed" and (change.part, way[1]) in told


def _read_templates(unit: ComparedItem, other: ComparedItem) -> dict[str, Document]:
    """Read what differs, and what says who uses it; reading YAML costs more than comparing it."""
    found = {}
    for path, data in unit.files.items():
        if path.endswith((".asl.json", "manifest.json")):
            continue
        if other.files.get(path) == data and not any(mark in data for mark in _MARKS):
            continue
        document = unit.parse(path)
        if document and is_template(document.value):
            found[path] = document
    return found


def _list_definitions(unit: ComparedItem, templates: Mapping[str, Document]) -> Iterator[Json]:
    """Yield the definitions that executions of this side start with."""
    for path in unit.files:
        document = unit.parse(path) if path.endswith(".asl.json") else None
        if document and is_definition(document.value):
            yield document.value
    for document in templates.values():
        yield from (found.value for found in _list_machines(document, unit) if not found.error)


def _list_machines(template: Document | None, unit: ComparedItem) -> list[Source]:
    """List the state machines of a template, with those whose definition is next to it.

    In a folder, what is next to it is compared as the file that it is.
    """
    if template is None:
        return []
    found = unit.find_machines(template)
    return [one for one in found if unit.sure or one.where == template.where]


def _compare_inner(
    path: str,
    machines: list[list[Source]],
    definitions: list[tuple[str, Json, Json]],
    told: set[tuple[str, str]],
) -> Iterator[Change]:
    """Yield the changes of the definitions in a template; one that cannot be read stays a text."""
    sides = [{found.name: found for found in side} for side in machines]
    for name in dict.fromkeys([*sides[1], *sides[0]]):
        one, two = (side.get(name) for side in sides)
        if any(side and side.error for side in (one, two)):
            continue
        told.add((path, name))
        values = [side.value if side else _EMPTY for side in (one, two)]
        if values[0] == values[1]:
            continue
        definitions.append((f"{path}, {name}", values[0], values[1]))
        for change in find_definition_changes(values[0], values[1], path):
            holder = one if change.old else two
            place = holder.place(change.pointer) if holder else change.pointer
            yield change._replace(pointer=place)


def find_package_changes(old: ComparedItem, new: ComparedItem) -> Iterator[Change]:
    """Yield the packages that changed while the workflow's version, in the manifest, did not."""
    if old.version != new.version:
        return
    before, after = (_list_packages(unit) for unit in (old, new))
    for path, entry in after.items():
        if path in before and before[path] != entry:
            name = path.rpartition("/")[2].removesuffix(".zip")
            sentence = f"its package changed, and the version is still {new.version}"
            pointer = join_pointer("/artifacts", path, "sha256")
            yield Change(
                "code-unversioned", pointer, name, sentence, before.get(path, MISSING), entry,
                part=f"{new.root}manifest.json",
            )  # fmt: skip


def _list_packages(unit: ComparedItem) -> dict[str, Json]:
    artifacts = unit.manifest.get("artifacts")
    entries = artifacts.items() if isinstance(artifacts, Mapping) else ()
    return {
        path: entry.get("sha256")
        for path, entry in entries
        if path.endswith(".zip") and isinstance(entry, Mapping)
    }
