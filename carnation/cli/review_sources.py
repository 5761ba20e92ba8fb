"""The two sides of a comparison as other rooms read them: state machines in files, and targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnation.changes.reviews import Review, Tree
from carnation.document import decode_text, split_pointer
from carnation.document.values import Json
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from carnation.estimates import Target
    from carnation.sources import Source

Definition = tuple[str, Json, Json]
_TYPES = ("Type", "StateMachineType")


def read_tree_sources(tree: Tree, path: str) -> Sequence[Source]:
    """Read the state machines of a file of a side; none of one that it has not, or is not valid."""
    if path not in tree.paths:
        return []
    from carnation.sources import Files, read_sources

    def load(name: str) -> str:
        data = tree.read([name])[name] if name in tree.paths else tree.find(name)
        if data is None:
            raise DocumentError("file not found.", name)
        return decode_text(data, name)

    def exists(name: str) -> bool:
        return name in tree.paths or tree.find(name) is not None

    try:
        return read_sources(path, Files(load, exists)).sources
    except DocumentError:  # reported elsewhere
        return []


def list_compared(review: Review, sides: tuple[Tree, Tree]) -> Iterator[Definition]:
    """List the definitions that changed, and those of which only the type did."""
    yield from review.definitions
    known = {part for part, _, _ in review.definitions}
    folder = f"build/{review.name}/"
    for change in review.changes:
        way = ["", *split_pointer(change.pointer)]
        if way[-1] not in _TYPES or "EXPRESS" not in (change.before, change.after):
            continue
        part = f"{change.part}, {change.subject.rpartition(' ')[2]}"
        if change.part.startswith(folder):
            part = f"{folder}code/state-machine/{review.name}.asl.json"
        if part in known:
            continue
        known.add(part)
        path = part.partition(", ")[0]
        paths = (review.old_paths.get(path, path), path)
        yield part, *(_read_value(tree, p, part) for tree, p in zip(sides, paths, strict=True))


def _read_value(tree: Tree, path: str, part: str) -> Json:
    found = _find_source(tree, path, part.partition(", ")[2])
    return found.value if found is not None else None


def _find_source(tree: Tree, path: str, machine: str) -> Source | None:
    """Find a state machine in a file: by its name, or the only one."""
    sources = [one for one in read_tree_sources(tree, path) if one.error is None]
    named = [one for one in sources if one.name == machine] or sources
    return named[0] if len(named) == 1 else None


def open_side(tree: Tree, name: str, part: str, path: str, value: Json) -> Target | None:
    """Open one side for an estimate, with what its template or its build says of it."""
    from carnation.estimates import Target, parse_built

    if not isinstance(value, dict) or not value.get("States"):
        return None
    folder, machine = f"build/{name}/", part.partition(", ")[2]
    if path.startswith(folder):
        paths = [one for one in tree.paths if one.startswith(folder)]
        files = {one.removeprefix(folder): data for one, data in tree.read(paths).items()}
        built = parse_built(name, files)
        return Target(name, *built) if built is not None else Target(name, value)
    source = _find_source(tree, path.partition(", ")[0], machine) if machine else None
    return Target.from_source(source) if source is not None else Target(name, value)
