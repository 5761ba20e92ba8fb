"""Two trees compared: units of the same name, and in each the definitions and the templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from carnation.changes.definitions import find_definition_changes
from carnation.changes.impacts import find_worst
from carnation.changes.records import Change
from carnation.changes.reviews.code import PackageChange, find_packages
from carnation.changes.reviews.pairs import is_renamed, map_paths, pair_units, rename_files
from carnation.changes.reviews.trees import DEFINITION_SUFFIXES, Tree, choose_paths
from carnation.changes.reviews.units import ComparedItem, is_definition, list_units
from carnation.changes.reviews.verdict import VersionBump, check_version_bump, sort_changes
from carnation.document import Document
from carnation.document.values import Json
from carnation.errors import UsageError
from carnation.records import NamedTuple
from carnation.sources import Source

_EMPTY: Mapping[str, Json] = {"States": {}}


class Note(NamedTuple):
    """What somebody else knows of a review, in a line: of what, and the line."""

    about: str
    sentence: str


class Review(NamedTuple):
    """What has become of one unit: its changes, the worst first, and those accepted, with reasons.

    `definitions` are the pairs that a picture can show: path, the old one, the new one;
    `old_paths` what a path was called on the old side, where that is another name; `packages` what
    changed of the code of functions, in this review or in another; `notes` what the caller
    adds, such as the cost.
    """

    name: str
    old_version: str
    new_version: str
    changes: list[Change]
    accepted: list[tuple[Change, str]]
    definitions: list[tuple[str, Json, Json]]
    old_paths: Mapping[str, str] = {}
    packages: Mapping[str, PackageChange] = {}
    notes: tuple[Note, ...] = ()

    @property
    def impact(self) -> str:
        """The worst impact of what is not accepted; '' of nothing."""
        return find_worst(change.impact for change in self.changes)

    @property
    def bump(self) -> VersionBump | None:
        """The step of the version asked for and made; None where there are no versions."""
        return check_version_bump(self.old_version, self.new_version, self.impact)


def compare_trees(old: Tree, new: Tree, accepted: Mapping[str, str]) -> list[Review]:
    """Compare two trees; a unit without a change makes no review."""
    old, new = choose_paths(old, new)
    before, after = list_units(old), list_units(new)
    _reject_nothing(old, new, before, after)
    reviews = []
    for one, two in pair_units(before, after):
        definitions: list[tuple[str, Json, Json]] = []
        changes = sort_changes(_find_changes(one, two, definitions))
        if changes:
            reviews.append(_make_review(one, two, changes, accepted, definitions))
    manifests = {unit.name: unit.manifest for unit in after if unit.manifest}
    named = [(review.name, review.changes) for review in reviews]
    packages = find_packages(named, manifests, (old, new))
    return [review._replace(packages=packages) for review in reviews] if packages else reviews


def _reject_nothing(
    old: Tree, new: Tree, before: list[ComparedItem], after: list[ComparedItem]
) -> None:
    """Raise `UsageError` where there is nothing to compare, or a file that was named is neither."""
    if not before and not after:
        raise UsageError(f"no definition or template found in '{old.name}' or '{new.name}'.")
    for tree, units in ((old, before), (new, after)):
        if len(tree.paths) == 1 and len(units) == 1 and not units[0].manifest:
            reading = units[0].read(tree.paths[0].rpartition("/")[2])
            if not reading.sources and reading.kind != "template":
                raise UsageError(f"'{tree.name}': {reading.format_nothing()}.")


def _make_review(
    old: ComparedItem | None,
    new: ComparedItem | None,
    changes: list[Change],
    accepted: Mapping[str, str],
    definitions: list[tuple[str, Json, Json]],
) -> Review:
    named = new or old
    # a fingerprint costs a digest, and most projects accept nothing
    fine = {
        id(change): accepted[change.fingerprint]
        for change in (changes if accepted else ())
        if change.fingerprint in accepted
    }
    return Review(
        named.name if named else "",
        old.version if old else "",
        new.version if new else "",
        [change for change in changes if id(change) not in fine],
        [(change, fine[id(change)]) for change in changes if id(change) in fine],
        definitions,
        map_paths(old, new),
    )


def _find_changes(
    old: ComparedItem | None, new: ComparedItem | None, definitions: list[tuple[str, Json, Json]]
) -> Iterator[Change]:
    if old is None or new is None:
        yield from _describe_item(old, new, definitions)
        return
    if is_renamed(old, new):
        sentence = f"was renamed from '{old.name}'"
        part = f"{new.root}manifest.json"
        yield Change(
            "workflow-renamed", "/workflow", new.name, sentence, old.name, new.name, part=part
        )
        old = rename_files(old, new)
    named = old.sure and new.sure
    if named and not _are_plain(old, new):
        yield from _compare_machines(old, new, definitions)
        return
    is_same = old.files == new.files or list(old.files.values()) == list(new.files.values())
    if is_same and not named:  # a template that is the same may name a file that is not
        return
    yield from _compare_declarations(old, new)
    templates: list[str] = []
    for path, twin in _pair_paths(old, new):
        one, two = old.parse(path), new.parse(twin)
        document = two or one
        if document and _is_template(document.value):
            templates.append(path)
        elif document and (is_definition(document.value) or path.endswith(DEFINITION_SUFFIXES)):
            yield from _compare_documents(new.root + twin, one, two, definitions)
            if not new.manifest and one and two:
                from carnation.changes.needs import find_new_needs

                yield from find_new_needs(one.value, two.value, new.root + twin)
    if templates:
        from carnation.changes.reviews.stacks import find_stack_changes

        yield from find_stack_changes(old, new, definitions)
    elif new.manifest:
        from carnation.changes.reviews.stacks import find_package_changes

        yield from find_package_changes(old, new)


def _are_plain(old: ComparedItem, new: ComparedItem) -> bool:
    """Return whether two files are compared as they are: two definitions, or two templates."""
    kinds = {unit.read(next(iter(unit.files))).kind for unit in (old, new)}
    return len(kinds) == 1 and kinds <= {"definition", "template"}


def _compare_machines(
    old: ComparedItem, new: ComparedItem, definitions: list[tuple[str, Json, Json]]
) -> Iterator[Change]:
    """Compare the definitions that two files of any kinds lead to, by the machines' names."""
    sides = [unit.read(next(iter(unit.files))).sources for unit in (old, new)]
    for one in (source for side in sides for source in side):
        if one.error is not None:
            raise one.fail()
    for before, after in _pair_sources(*sides):
        values = [side.value if side else _EMPTY for side in (before, after)]
        named = after or before
        if named is None or values[0] == values[1]:
            continue
        definitions.append((f"{named.where}, {named.name}", values[0], values[1]))
        for change in find_definition_changes(values[0], values[1], named.where):
            holder = before if change.old else after
            place = holder.place(change.pointer) if holder else change.pointer
            yield change._replace(pointer=place)


def _pair_sources(
    old: Sequence[Source], new: Sequence[Source]
) -> Iterator[tuple[Source | None, Source | None]]:
    if len(old) == len(new) == 1:  # whatever they are called
        yield old[0], new[0]
        return
    before, after = ({one.name: one for one in side} for side in (old, new))
    for name in dict.fromkeys([*after, *before]):
        yield before.get(name), after.get(name)


def _compare_declarations(old: ComparedItem, new: ComparedItem) -> Iterator[Change]:
    """Compare what two manifests declare; most declare nothing, or the same."""
    before, after = old.manifest.get("declared", {}), new.manifest.get("declared", {})
    if before != after and isinstance(before, Mapping) and isinstance(after, Mapping):
        from carnation.changes.schemas import find_declaration_changes

        yield from find_declaration_changes(before, after, f"{new.root}manifest.json")


def _pair_paths(old: ComparedItem, new: ComparedItem) -> Iterator[tuple[str, str]]:
    """Yield the files that differ: path in the old unit, path in the new one."""
    if len(old.files) == len(new.files) == 1 and not new.manifest:
        yield next(iter(old.files)), next(iter(new.files))
        return
    for path in dict.fromkeys([*new.files, *old.files]):
        if path != "manifest.json" and old.files.get(path) != new.files.get(path):
            yield path, path


def _is_template(value: object) -> bool:
    if not isinstance(value, Mapping) or "Resources" not in value:
        return False
    from carnation.sources.templates import is_template  # who compares definitions pays for none

    return is_template(value)


def _compare_documents(
    path: str,
    old: Document | None,
    new: Document | None,
    definitions: list[tuple[str, Json, Json]],
) -> Iterator[Change]:
    before = old.value if old else _EMPTY
    after = new.value if new else _EMPTY
    definitions.append((path, before, after))
    changes = list(find_definition_changes(before, after, path))
    if not changes and old and new and old.text != new.text:
        sentence = "is laid out in another way"
        changes = [Change("layout-changed", "", "the document", sentence, part=path)]
    yield from changes


def _describe_item(
    old: ComparedItem | None, new: ComparedItem | None, definitions: list[tuple[str, Json, Json]]
) -> Iterator[Change]:
    """Tell of a unit that is only on one side, in one record, whatever it holds."""
    unit = new or old
    if unit is None:
        return
    for path in unit.files:
        document = unit.parse(path) if path.endswith((".json", ".yaml", ".yml", ".asl")) else None
        if document and is_definition(document.value):
            sides = (_EMPTY, document.value) if new else (document.value, _EMPTY)
            definitions.append((unit.root + path, *sides))
        elif not document or not _is_template(document.value):
            continue
        kind, word = ("workflow-added", "was added") if new else ("workflow-removed", "was removed")
        yield Change(kind, "", unit.name, word, part=unit.root + path, old=new is None)
        return
