"""Units: what is compared with what. A built workflow is one, and so is any other document.

A unit holds texts; they are parsed when somebody asks, and what is the same to the byte on both
sides mostly never is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from carnation.changes.reviews.trees import DEFINITION_SUFFIXES, MANIFEST, Tree
from carnation.document import Document, decode_text, parse_document, parse_json
from carnation.document.values import Json
from carnation.errors import DocumentError
from carnation.records import NamedTuple
from carnation.sources import Files, Reading, Source, find_sources, read_sources

_MARKS = (b"StartAt", b"Resources")  # nothing is a definition or a template without one


class ComparedItem(NamedTuple):
    """Documents that belong together: `files` maps paths within the unit to contents.

    It is `sure` to be what it seems where somebody named it; `find` gives the bytes of a file that
    one of its documents names.
    """

    name: str
    root: str
    files: Mapping[str, bytes]
    manifest: Mapping[str, Json]
    sure: bool = False
    find: Callable[[str], bytes | None] = lambda path: None

    @property
    def version(self) -> str:
        """The workflow's version, from its manifest; '' without one."""
        return str(self.manifest.get("version", ""))

    def parse(self, path: str) -> Document | None:
        """Read one of the files; None if the file does not exist.

        What only might have been a template, going by its name, need not be readable either.
        """
        data = self.files.get(path)
        if data is None:
            return None
        try:
            return _parse(data, self.root + path)
        except DocumentError:
            if self.sure or self.manifest or path.endswith(DEFINITION_SUFFIXES):
                raise
            return None

    def read(self, path: str) -> Reading:
        """Read the definitions that one of the files leads to, in whatever file they stand."""
        return read_sources(self.root + path, Files(self._load, self._exists))

    def find_machines(self, template: Document) -> Sequence[Source]:
        """Find the state machines of a template of this unit."""
        return find_sources(template.where, [template], Files(self._load, self._exists)).sources

    def _load(self, path: str) -> str:
        data = self.files.get(path.removeprefix(self.root))
        data = self.find(path) if data is None else data
        if data is None:
            raise DocumentError("file not found.", path)
        return decode_text(data, path)

    def _exists(self, path: str) -> bool:
        return path.removeprefix(self.root) in self.files or self.find(path) is not None


@lru_cache(maxsize=512)
def _parse(data: bytes, where: str) -> Document:
    return parse_document(decode_text(data, where), where)


def is_definition(value: object) -> bool:
    """Return whether a document is a definition: it starts somewhere, and has states."""
    return isinstance(value, Mapping) and "StartAt" in value and "States" in value


def list_units(tree: Tree) -> list[ComparedItem]:
    """List the units of a tree, in the order of their names."""
    contents = tree.read(tree.paths)
    roots = [path[: -len(MANIFEST)] for path in contents if path.rpartition("/")[2] == MANIFEST]
    units: list[ComparedItem] = []
    taken: set[str] = set()
    for root in roots:
        manifest = _read_manifest(contents[root + MANIFEST], root + MANIFEST)
        if manifest:
            inside = {path for path in contents if path.startswith(root)}
            files = {path[len(root) :]: contents[path] for path in sorted(inside)}
            units.append(ComparedItem(str(manifest["workflow"]), root, files, manifest))
            taken |= inside
    units += _list_loose(tree, {p: data for p, data in contents.items() if p not in taken})
    return units


def _read_manifest(data: bytes, where: str) -> Mapping[str, Json]:
    if b'"artifacts"' not in data:
        return {}
    value = parse_json(decode_text(data, where), where)
    known = isinstance(value, Mapping) and isinstance(value.get("artifacts"), Mapping)
    return value if known and "workflow" in value else {}


def _list_loose(tree: Tree, contents: Mapping[str, bytes]) -> Iterator[ComparedItem]:
    named = len(tree.paths) == 1
    for path, data in contents.items():
        if named or path.endswith(DEFINITION_SUFFIXES) or any(mark in data for mark in _MARKS):
            folder, slash, name = path.rpartition("/")
            yield ComparedItem(path, folder + slash, {name: data}, {}, named, tree.find)
