"""The inputs of a build, so that one can tell whether they changed.

Of the project, the files that are opened while a workflow is made, by digest, and which modules
lie in its folders. Of what is installed, the code that was loaded: files by their size, times, and
inode, as git knows them, and the folders in which Python looks for modules, by the time of their
last entry.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from importlib.util import source_from_cache

from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.workflow.modules import is_own

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, TypeAlias

    State: TypeAlias = tuple[int, ...] | None
    """Of a file: size, times in ns, inode; None where there is none."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_IMPORTABLE = (".py", ".pyc", ".so", ".pyd")
_OUTPUTS = frozenset({"build", "lambdas", "__pycache__"})
_ASKED = frozenset({"jsonata", "sitecustomize", "usercustomize"})
"""Modules that are loaded where there are some, without which all works as well."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Watch:
    """What is opened while a workflow is made; `reason` says what would not happen again."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.reason = ""
        self.is_paused = False

    def note(self, path: object, mode: object, flags: object) -> None:
        """Note that a file was opened."""
        if self.is_paused:
            return
        if isinstance(path, int):
            self.reason = self.reason or ("reads or writes a stream" if path < 3 else "")
            return
        name = os.fsdecode(path)  # type: ignore[arg-type]
        is_writing = (
            any(letter in mode for letter in "wax+")
            if isinstance(mode, str)
            else isinstance(flags, int) and bool(flags & _WRITING)
        )
        if not is_writing:
            self.paths.add(name)
            if not os.path.isabs(name):
                self.reason = f"opens '{name}', a relative path"
        elif not _is_for_bytecode(name):
            self.reason = f"writes '{name}'"


def _is_for_bytecode(path: str) -> bool:
    prefix = sys.pycache_prefix
    return "__pycache__" in path or (prefix is not None and path.startswith(prefix))


_watches: list[Watch] = []
_is_hooked = False


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Note what is opened, and whether a warning is shown, meanwhile.

    Source: https://docs.python.org/3/library/audit_events.html
    """
    global _is_hooked  # a hook stays until the process ends
    if not _is_hooked:
        sys.addaudithook(_hear)
        _is_hooked = True
    import warnings  # Python has loaded it

    show = warnings.showwarning

    def note_warning(*arguments: Any, **named: Any) -> None:
        watch.reason = "shows a warning"
        show(*arguments, **named)

    warnings.showwarning = note_warning
    _watches.append(watch)
    try:
        yield
    finally:
        _watches.remove(watch)
        warnings.showwarning = show


@contextmanager
def packing() -> Iterator[None]:
    """Let what is read be packed: the packages are compared as such."""
    before = [(watch, watch.is_paused) for watch in _watches]
    for watch in _watches:
        watch.is_paused = True
    try:
        yield
    finally:
        for watch, was_paused in before:
            watch.is_paused = was_paused


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _watches and event == "open":
        for watch in _watches:
            watch.note(*arguments)
    elif _watches and event == "builtins.input":
        for watch in _watches:
            watch.reason = "asks for input"


def find_own_path(root: str, module: ModuleType) -> str:
    """Return the file of a module of the project, or the folder of one that has none; else ''."""
    try:
        path = getattr(module, "__file__", None)
        places = [path] if path else list(getattr(module, "__path__", ()))
    except Exception:  # whatever an object that poses as a module raises
        return ""
    return next((str(one) for one in places if is_own(root, str(one))), "")


def find_source(path: str) -> str:
    """Return the file that was meant where bytecode was opened: its source."""
    if path.endswith(".pyc"):
        with suppress(ValueError, NotImplementedError):
            return source_from_cache(path)
    return path


def is_library(path: str) -> bool:
    """Return whether a file belongs to what is installed: it lies where Python looks."""
    homes = [_PACKAGE, *sys.path[1:]]
    return any(home and path.startswith(home + os.sep) for home in homes)


def list_importable(folder: str) -> tuple[str, ...]:
    """List what Python can import of a folder: files, and folders with or without `__init__`."""
    return tuple(sorted(_list_importable(folder)))


def _list_importable(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(_IMPORTABLE):
                yield name
            elif name.isidentifier() and name not in _OUTPUTS and _is_folder(entry):
                has_init = any(
                    os.path.exists(os.path.join(entry.path, f"__init__{suffix}"))
                    for suffix in _IMPORTABLE
                )
                yield f"{name}/__init__" if has_init else f"{name}/"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def read_state(path: str) -> State:
    """Read how a file is known; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


class Installation(NamedTuple):
    """The code that a build runs: what Python it is, where it looks, and what it loaded.

    `places` are the entries of `sys.path` but the first, which depends on how a command is started,
    and `tops` the top-level modules that were found in them.
    """

    python: tuple[str, ...]
    places: tuple[tuple[str, State], ...]
    tops: tuple[str, ...]
    files: dict[str, State]

    def is_current(self, root: str, first: Set[str]) -> bool:
        """Return whether Python would load the same code now; `first` as `list_first` gives it."""
        if self.python != _describe_python() or self.places != _describe_places(root):
            return False
        if os.path.abspath(__file__) not in self.files:  # ours is another one
            return False
        if any(read_state(path) != state for path, state in self.files.items()):
            return False
        return first.isdisjoint(self.tops) and first.isdisjoint(_ASKED)

    def covers(self, other: Installation) -> bool:
        """Return whether what the other one knows, this one knows as well."""
        return (
            self[:2] == other[:2]
            and set(self.tops) >= set(other.tops)
            and self.files.items() >= other.files.items()
        )

    def join(self, other: Installation) -> Installation:
        """Put two that are current together."""
        tops = tuple(sorted({*self.tops, *other.tops}))
        return self._replace(tops=tops, files={**other.files, **self.files})


def describe_installation(
    root: str, opened: Iterable[str], names: Iterable[str], first: Set[str]
) -> Installation:
    """Describe the code that is loaded: the modules of those names, and the files they opened.

    Raises `UnknownCode` for a module that is no file, or one that was found in the folder that a
    command was started in.
    """
    files = {path: read_state(path) for path in opened}
    tops = set()
    for name in names:
        module = sys.modules.get(name)
        path = getattr(module, "__file__", None)
        if path:
            files[path] = read_state(path)
            if files[path] is None:
                raise UnknownCode(f"{path}, which was loaded, is no file")
            if hasattr(module, "__path__"):  # its entries decide what a name in it means
                folder = os.path.dirname(path)
                files[folder] = read_state(folder)
        tops.add(name.partition(".")[0])
    hidden = sorted(first & tops)
    if hidden:
        raise UnknownCode(f"the folder that this was started in has a module '{hidden[0]}'")
    return Installation(
        _describe_python(), _describe_places(root), tuple(sorted(tops)), dict(sorted(files.items()))
    )


class UnknownCode(Exception):  # noqa: N818 - no error of anybody's
    """What is loaded cannot be described; says why."""


def _describe_python() -> tuple[str, ...]:
    """Name the interpreter, and what of its options changes what code does or shows."""
    flags = sys.flags
    return (
        sys.version,
        sys.executable,
        f"{flags.optimize} {flags.bytes_warning} {flags.dev_mode} {flags.utf8_mode}",
        sys.getfilesystemencoding(),
        *sys.warnoptions,
    )


def _find_first_place() -> str | None:
    """Return the entry of `sys.path` that depends on how Python was started; None for none."""
    if getattr(sys.flags, "safe_path", False) or not sys.path:
        return None
    return sys.path[0] or os.getcwd()


def _describe_places(root: str) -> tuple[tuple[str, State], ...]:
    """Describe where Python looks; what the root has to import is listed by itself."""
    places = sys.path if _find_first_place() is None else sys.path[1:]
    return tuple((one, None if one == root else _describe_place(one)) for one in places)


def _describe_place(path: str) -> State:
    state = read_state(path)
    return state[1:2] if state and os.path.isdir(path) else state


def list_first(root: str) -> frozenset[str]:
    """List the modules in the folder that a command was started in, which go before all others.

    Those of the root are listed by themselves, and those of a folder on the path are no others.
    """
    first = _find_first_place()
    if first is None or first == root or first in sys.path[1:]:
        return frozenset()
    try:
        entries = list_importable(first)
    except OSError:
        return frozenset()
    return frozenset(entry.partition("/")[0].partition(".")[0] for entry in entries)
