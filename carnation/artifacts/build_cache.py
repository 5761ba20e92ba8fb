"""The build cache: a workflow whose inputs are what they were is not made again.

An entry lies beside the bytecode of its definition (`definitions/__pycache__/<module>.….build`).
Like bytecode it is written unless Python is told to write none, and may be deleted at any time. It
holds what was made, and of what: the project's files that were read, the packages, the modules that
lie in its folders, and the code that ran (see `build_inputs`). An entry is used only where all of
this is as it was, and none is kept of a definition that may read anything else (see `pure_code`).
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source

from carnation.artifacts.build_inputs import (
    Installation,
    UnknownCode,
    Watch,
    describe_installation,
    find_own_path,
    find_source,
    is_library,
    list_first,
    list_importable,
    read_state,
    watching,
)
from carnation.artifacts.contents import Artifacts
from carnation.artifacts.function_zips import make_package, pack_files, read_package_files
from carnation.document import digest
from carnation.errors import CarnationError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.workflow.modules import find_definition, is_own

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_ENTRY = ".build"
_INSTALLATION = ".installation"
_SPECIAL = "special"
"""In the place of a digest: neither a file nor a folder."""
_MAX_INSTALLATIONS = 4
_LATELY = 2 * 10**9  # ns: code that changed so shortly before a build may have been loaded before


class Made(NamedTuple):
    """What was made of a definition: the artifacts, and what a person should know of them.

    `is_alone` says that it lists no resources; `open_permissions` what its role is allowed on a
    pattern; `packed` names the functions that are packed here, each with the paths of its files.
    """

    artifacts: Artifacts
    is_alone: bool
    open_permissions: tuple[str, ...]
    packed: Mapping[str, tuple[str, ...]]


class _Entry(NamedTuple):
    """What an entry holds, as plain values."""

    place: tuple[str, str]
    """The project's root, and its partition."""
    installation: str
    imports: tuple[str, ...]
    """The top-level modules that its sources name, there or not."""
    sources: dict[str, str]
    """The files that were opened, by digest, or by what was there instead."""
    links: dict[str, str]
    """The real paths of the project's modules."""
    folders: dict[str, tuple[str, ...]]
    """What can be imported of the folders of the project."""
    workflow: str
    version: str
    files: dict[str, str]
    manifest: dict[str, Any]
    is_alone: bool
    open_permissions: tuple[str, ...]
    packed: dict[str, tuple[str, ...]]


class _Inputs(NamedTuple):
    """What was noted of a definition while it was made."""

    reason: str
    opened: set[str]
    own: set[str]
    """The sources of its modules."""
    folders: set[str]
    """The folders in which it looked for modules."""
    imports: set[str]


class BuildCache:
    """The entries of one project, for one run of a build.

    `reasons` says of the definitions that were made why no entry was kept, where none was.
    """

    def __init__(self, root: str, partition: str, *, is_used: bool = True) -> None:
        self.reasons: dict[str, str] = {}
        self.root = root
        self.partition = partition
        folder = os.path.dirname(self._find_entry("any"))
        self._started = 0
        if is_used and not sys.dont_write_bytecode:
            self._started = _read_clock(folder)
        self._is_used, self._is_kept = is_used, bool(self._started)
        self._first = list_first(root)
        self._digests: dict[str, str] = {}
        self._packages: dict[tuple[str, str], tuple[str, tuple[str, ...], bytes] | None] = {}
        self._folders: dict[str, tuple[str, ...] | None] = {}
        self._new: dict[str, str] = {}
        self._installations: dict[str, Installation | None] = {}
        self._inputs: dict[str, _Inputs] = {}
        self._libraries: set[str] = set()
        self._earlier: dict[str, ModuleType] = {}

    def recall(self, module: str) -> Made | None:
        """Return what was made of a definition, where every input is what it was."""
        if not self._is_used:
            return None
        entry = _read_entry(self._find_entry(module))
        if entry is None or entry.place != (self.root, self.partition):
            return None
        if not self._is_installed(entry.installation) or not self._first.isdisjoint(entry.imports):
            return None
        if any(self._list_folder(path) != found for path, found in entry.folders.items()):
            return None
        if any(self._digest(path) != found for path, found in entry.sources.items()):
            return None
        if any(os.path.realpath(path) != found for path, found in entry.links.items()):
            return None
        packages = self._make_packages(entry)
        if packages is None:
            return None
        artifacts = Artifacts(entry.workflow, entry.version, entry.files, packages, entry.manifest)
        return Made(artifacts, entry.is_alone, entry.open_permissions, entry.packed)

    def _is_installed(self, name: str) -> bool:
        """Return whether the code that an entry was made by is the one that is installed."""
        if name not in self._installations:
            found = _read(self._find_installation(name), Installation._fields)
            one = None if found is None else Installation(*found)
            is_current = one is not None and one.is_current(self.root, self._first)
            self._installations[name] = one if is_current else None
        return self._installations[name] is not None

    def _list_folder(self, path: str) -> tuple[str, ...] | None:
        if path not in self._folders:
            try:
                self._folders[path] = list_importable(path)
            except OSError:
                self._folders[path] = None
        return self._folders[path]

    def _find_new(self, folder: str) -> str:
        """Find a module that has come into a folder since the build began; '' if none has.

        Folders change when bytecode is written, so of packages `__init__` is looked at.
        """
        if folder not in self._new:
            names = self._list_folder(folder) or ()
            paths = [
                os.path.join(folder, name.replace("/__init__", "/__init__.py")) for name in names
            ]
            new = [path for path in paths if path[-1] != "/" and _has_changed(path, self._started)]
            self._new[folder] = next(iter(new), "")
        return self._new[folder]

    def _make_packages(self, entry: _Entry) -> dict[str, bytes] | None:
        """Make the packages again; None where one is another now, or cannot be made."""
        packages = {}
        for path, about in entry.manifest["artifacts"].items():
            if path.endswith(".zip"):
                name = os.path.basename(path)[:-4]
                found = self._make_package(name, about.get("source", ""))
                expected = about["sha256"], entry.packed.get(name, ())
                if found is None or found[:2] != expected:
                    return None
                packages[path] = found[2]
        return packages

    def _make_package(self, name: str, given: str) -> tuple[str, tuple[str, ...], bytes] | None:
        if (name, given) not in self._packages:
            own: Mapping[str, bytes] = {}
            try:
                if given:
                    package = make_package(self.root, name, given)
                else:
                    own, wheels = read_package_files(self.root, name)
                    package = pack_files({**own, **wheels})
            except (CarnationError, OSError):  # whoever makes the workflow says so
                self._packages[name, given] = None
            else:
                found = digest(package), tuple(sorted(own)), package
                self._packages[name, given] = found
        return self._packages[name, given]

    @contextmanager
    def watching(self, module: str) -> Iterator[None]:
        """Note what a definition reads while it is made.

        Each is given the project's modules anew, so that none depends on which were made before.
        """
        if not self._libraries:
            self._put_away_earlier()
        watch = Watch()
        try:
            with watching(watch):
                yield
            if self._is_kept:
                self._inputs[module] = self._note(module, watch)
        finally:
            for name in self._list_own():
                del sys.modules[name]

    def put_back(self) -> None:
        """Put back the modules of the project that this process had loaded before."""
        sys.modules.update(self._earlier)

    def _put_away_earlier(self) -> None:
        """Put away modules of the project that this process has loaded before."""
        self._earlier = {name: sys.modules.pop(name) for name in self._list_own()}

    def _list_own(self) -> dict[str, str]:
        """List the modules of the project that are loaded: name to file; notes the others."""
        own = {}
        for name in sys.modules.keys() - self._libraries:
            path = find_own_path(self.root, sys.modules[name])
            if path and name != "__main__":
                own[name] = path
            else:
                self._libraries.add(name)
        return own

    def _note(self, module: str, watch: Watch) -> _Inputs:
        loaded = self._list_own()
        folders = {path for path in loaded.values() if os.path.isdir(path)}
        files = {find_source(path) for path in watch.paths}
        own = {path for path in loaded.values() if path not in folders}
        folders |= {os.path.dirname(path) for path in own}
        # a module that could not be imported was opened, too
        importable = {self.root, *folders}
        own |= {one for one in files if one[-3:] == ".py" and os.path.dirname(one) in importable}
        own.add(find_definition(self.root, module))
        imports: set[str] = set()
        reason = watch.reason and f"it {watch.reason}"
        for path in sorted(own):
            if reason:
                break
            reason, named = self._check_source(path, loaded)
            imports |= named
        return _Inputs(reason, files, own, folders, imports)

    def _check_source(self, path: str, own: Mapping[str, str]) -> tuple[str, set[str]]:
        """Say why a source may read what was not noted, and list what it imports."""
        from carnation.artifacts.pure_code import read_names  # recalling needs none

        shown = os.path.relpath(path, self.root)
        try:
            with open(path, "rb") as file:
                reason, imports = read_names(file.read(), own)
        except (OSError, ValueError, SyntaxError):
            return f"{shown} is no source of Python", set()
        return (f"{shown}, {reason}" if reason else ""), imports

    def keep(self, made: Mapping[str, Made]) -> None:
        """Keep entries of what was made (by module), where all that it was made of is known."""
        if not made or not self._is_used:
            return
        self._digests.clear()  # of what was compared before, which may be another now
        self._folders.clear()
        installation, unknown = "", "Python writes no bytecode here"
        if self._is_kept:
            try:
                installation = self._keep_installation()
            except UnknownCode as error:
                unknown = str(error)
        for module, one in made.items():
            reason = self._keep(module, one, installation) if installation else unknown
            if reason:
                self.reasons[module] = reason

    def _keep(self, module: str, made: Made, installation: str) -> str:
        """Keep an entry, or say why not."""
        inputs = self._inputs[module]
        if inputs.reason:
            return inputs.reason
        sources = {path: self._digest(path) for path in sorted(inputs.own | inputs.opened)
                   if is_own(self.root, path) or not is_library(path)}  # fmt: skip
        folders = {self.root, os.path.join(self.root, "definitions"), *inputs.folders}
        entry = _Entry(
            (self.root, self.partition),
            installation,
            tuple(sorted(inputs.imports)),
            sources,
            {path: os.path.realpath(path) for path in sorted({*inputs.own, *folders})},
            {path: self._list_folder(path) or () for path in sorted(folders)},
            made.artifacts.workflow,
            made.artifacts.version,
            dict(made.artifacts.files),
            dict(made.artifacts.manifest),
            made.is_alone,
            made.open_permissions,
            dict(made.packed),
        )
        for path, found in sources.items():
            if found == _SPECIAL:
                return f"it reads {path}, which is no regular file"
            gone = found.startswith("error") and _has_changed(os.path.dirname(path), self._started)
            if gone or _has_changed(path, self._started):
                return f"{path} has changed while it was made"
        for path in sorted(folders):
            changed = self._find_new(path)
            if changed:
                return f"{changed} has changed while it was made"
        if not _write(self._find_entry(module), entry, _Entry._fields):
            return "what it gives are no plain values"
        return ""

    def _keep_installation(self) -> str:
        """Write down which code is loaded; return its name."""
        opened = {
            path
            for inputs in self._inputs.values()
            for path in inputs.opened
            if is_library(path) and not is_own(self.root, path)
        }
        names = self._libraries - {"__main__"}
        found = describe_installation(self.root, opened, names, self._first)
        for path, state in found.files.items():
            if state and max(state[1:3]) >= self._started - _LATELY:
                raise UnknownCode(f"{path} has just changed")
        for name, known in self._installations.items():
            if known is not None:
                if known.covers(found):
                    return name
                found = found.join(known)
        name = digest(marshal.dumps(tuple(found), 2))[:16]
        _write(self._find_installation(name), found, Installation._fields)
        self._installations[name] = found
        self._forget_installations()
        return name

    def _forget_installations(self) -> None:
        """Remove all but the newest descriptions; entries of others are made again."""
        folder, suffix = os.path.split(self._find_installation("any"))
        suffix = suffix.removeprefix("any")
        paths = [os.path.join(folder, one) for one in os.listdir(folder) if one.endswith(suffix)]
        for path in sorted(paths, key=_read_date)[:-_MAX_INSTALLATIONS]:
            with suppress(OSError):
                os.remove(path)

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = _read_digest(path)
        return self._digests[path]

    def _find_entry(self, module: str) -> str:
        return cache_from_source(find_definition(self.root, module)).removesuffix(".pyc") + _ENTRY

    def _find_installation(self, name: str) -> str:
        return self._find_entry(name).removesuffix(_ENTRY) + _INSTALLATION


def _read_digest(path: str) -> str:
    """Read the digest of a file, or what is there instead: an error, a folder, a pipe."""
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            return "folder" if stat.S_ISDIR(mode) else _SPECIAL
        with open(path, "rb") as file:
            return digest(file.read())
    except (OSError, ValueError) as error:
        return f"error {getattr(error, 'errno', None)}"


def _read_date(path: str) -> int:
    state = read_state(path)
    return state[1] if state else 0


def _read_clock(folder: str) -> int:
    """Read the time by which the system dates files; 0 where a folder cannot be written."""
    try:
        os.makedirs(folder, exist_ok=True)
        os.utime(folder)
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _has_changed(path: str, since: int) -> bool:
    state = read_state(path)
    return state is not None and max(state[1:3]) >= since


def _read_entry(path: str) -> _Entry | None:
    found = _read(path, _Entry._fields)
    return None if found is None else _Entry(*found)


def _read(path: str, fields: tuple[str, ...]) -> Any:
    """Read what `_write` wrote; None where there is nothing, nothing whole, or another form."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return None
    head = _make_head(fields)
    data = content[len(head) + 4 :]
    if content[: len(head) + 4] != head + _sum(data):
        return None
    return marshal.loads(data)  # noqa: S302 - of the folder whose bytecode Python runs


def _write(path: str, value: tuple[Any, ...], fields: tuple[str, ...]) -> bool:
    try:
        data = marshal.dumps(tuple(value))
    except ValueError:
        return False
    SourceFileLoader("", path).set_data(path, _make_head(fields) + _sum(data) + data)
    return True


def _make_head(fields: tuple[str, ...]) -> bytes:
    return MAGIC_NUMBER + _sum(" ".join(fields).encode())


def _sum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")
