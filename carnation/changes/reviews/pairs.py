"""Which unit of the old tree is which of the new one: by name; a renamed workflow by likeness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from carnation.changes.matching import score_likeness
from carnation.changes.reviews.trees import DEFINITION_SUFFIXES
from carnation.changes.reviews.units import ComparedItem
from carnation.document.values import Json

_ALIKE = 0.6  # 5 of 3,000 pairs of unrelated definitions are more alike, all of one family


def pair_units(
    before: Sequence[ComparedItem], after: Sequence[ComparedItem]
) -> Iterator[tuple[ComparedItem | None, ComparedItem | None]]:
    """Yield the units to compare, old and new; None where a unit has no counterpart."""
    if len(before) == len(after) == 1 and _is_asked_for(before[0], after[0]):
        yield before[0], after[0]
        return
    added = {(unit.root, unit.name): unit for unit in after}
    twins = {key: added.pop(key) for key in [(u.root, u.name) for u in before] if key in added}
    removed = [unit for unit in before if (unit.root, unit.name) not in twins]
    for old, new in _find_renamed(removed, list(added.values())):
        twins[old.root, old.name] = added.pop((new.root, new.name))
    for unit in before:
        yield unit, twins.get((unit.root, unit.name))
    for unit in added.values():
        yield None, unit


def _is_asked_for(old: ComparedItem, new: ComparedItem) -> bool:
    """Return whether two units are compared whatever they are called: files, or their folders."""
    return not (old.manifest and new.manifest) or old.root == new.root


def _find_renamed(
    removed: Sequence[ComparedItem], added: Sequence[ComparedItem]
) -> Iterator[tuple[ComparedItem, ComparedItem]]:
    """Yield built workflows that only one side has, and whose definitions are alike, best first."""
    old, new = ([unit for unit in side if unit.manifest] for side in (removed, added))
    if not old or not new:
        return
    read = {id(unit): _read_definition(unit) for unit in (*old, *new)}
    scores = [(score_likeness(read[id(one)], read[id(two)]), one, two)
              for one, two in product(old, new)]  # fmt: skip
    taken: set[int] = set()
    for score, one, two in sorted(scores, key=lambda row: -row[0]):
        if score >= _ALIKE and not taken & {id(one), id(two)}:
            taken |= {id(one), id(two)}
            yield one, two


def _read_definition(unit: ComparedItem) -> Mapping[str, Json]:
    for path in unit.files:
        document = unit.parse(path) if path.endswith(DEFINITION_SUFFIXES) else None
        if document and isinstance(document.value, Mapping):
            return document.value
    return {}


def map_paths(old: ComparedItem | None, new: ComparedItem | None) -> dict[str, str]:
    """Map the paths of a unit to what they were called before, where that is another name.

    Two single files are one, and files of a renamed workflow begin with its name.
    """
    if old is None or new is None:
        return {}
    if len(old.files) == len(new.files) == 1:
        pairs = list(zip(new.files, old.files, strict=True))
    elif is_renamed(old, new):
        pairs = [(_rename(path, old.name, new.name), path) for path in old.files]
    else:
        return {}
    paths = {new.root + path: old.root + former for path, former in pairs}
    return {path: former for path, former in paths.items() if path != former}


def is_renamed(old: ComparedItem, new: ComparedItem) -> bool:
    """Return whether two built workflows have different names."""
    return bool(old.manifest and new.manifest) and old.name != new.name


def rename_files(old: ComparedItem, new: ComparedItem) -> ComparedItem:
    """Return a renamed workflow with its files named as those of the new one."""
    files = {_rename(path, old.name, new.name): data for path, data in old.files.items()}
    return old._replace(files=files)


def _rename(path: str, old: str, new: str) -> str:
    folder, slash, name = path.rpartition("/")
    return folder + slash + (new + name.removeprefix(old) if name.startswith(old) else name)
