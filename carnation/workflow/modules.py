"""Modules of `definitions/`: files listed, and loaded without being installed; no SDK is needed."""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from types import CodeType, ModuleType

from carnation.errors import WorkflowError, suggest_name

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_own(root: str, path: str) -> bool:
    """Return whether a path is the project's: below its root, and no library installed there."""
    if not path.startswith(root + os.sep):
        return False
    # the first place is the folder of a command, or where it was started
    homes = [_PACKAGE, *(home for home in sys.path[1:] if len(home) > len(root))]
    return not any(path.startswith(home + os.sep) or path == home for home in homes)


def list_definitions(root: str) -> list[str]:
    """List the modules of `definitions/` by name, without loading them."""
    names = sorted(os.listdir(os.path.join(root, "definitions")))
    return [name[:-3] for name in names if name.endswith(".py") and not name.startswith("_")]


def find_definition(root: str, module: str) -> str:
    """Return the file of a module of `definitions/`, there or not."""
    return os.path.join(root, "definitions", f"{module}.py")


def choose_definitions(root: str, names: Sequence[str] = ()) -> list[str]:
    """List the modules of the workflows that are named, each once; all, where none is.

    Raises `WorkflowError` for a name that is not there.
    """
    modules = list_definitions(root)
    chosen = [name.replace("-", "_") for name in names] or modules
    for name, module in zip(names, chosen, strict=False):
        if module not in modules:
            known = [module.replace("_", "-") for module in modules]
            raise WorkflowError(
                f"workflow '{name}' not found in definitions/.{suggest_name(name, known)}"
            )
    return list(dict.fromkeys(chosen))


def load_module(root: str, path: str, name: str) -> ModuleType:
    """Load a file of `definitions/` as a module; what it prints goes to standard error.

    Python knows it by its name from then on, which dataclasses ask for what an annotation means.
    """
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(name, path, loader=_SourceLoader(name, path))
    if spec is None or spec.loader is None:
        raise WorkflowError(f"{os.path.relpath(path, root)} cannot be loaded as a module.")
    loaded = sys.modules[name] = module_from_spec(spec)
    try:
        with importable(root), redirect_stdout(sys.stderr):
            spec.loader.exec_module(loaded)
    except BaseException:
        del sys.modules[name]
        raise
    return loaded


class _SourceLoader(SourceFileLoader):
    """Keeps bytecode where Python does, by the digest of its source.

    Python's own would go by the time, and outlive an edit of the same second.
    Source: https://docs.python.org/3/reference/import.html#pyc-invalidation
    """

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path)
        head = MAGIC_NUMBER + _CHECKED + source_hash(source)
        place = cache_from_source(self.path)
        try:
            kept = self.get_data(place)
        except OSError:
            kept = b""
        if kept.startswith(head):
            with suppress(ValueError, EOFError, TypeError):  # a broken file
                code: CodeType = marshal.loads(kept[len(head) :])  # noqa: S302 - as Python does
                if code.co_filename == self.path:
                    return code
        code = self.source_to_code(source, self.path)
        if not sys.dont_write_bytecode:
            self.set_data(place, head + marshal.dumps(code))
        return code


_CHECKED = (0b11).to_bytes(4, "little")


class _ProjectFinder:
    """Finds the modules of a project for Python, which are loaded as definitions are."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._finders: dict[str, FileFinder] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that is one file; a folder without `__init__` is left to Python."""
        for folder in [self.root] if path is None else path:
            if folder == self.root or is_own(self.root, folder):
                if folder not in self._finders:
                    self._finders[folder] = FileFinder(folder, (_SourceLoader, [".py"]))
                spec = self._finders[folder].find_spec(name)
                if spec is not None and spec.loader is not None:
                    return spec
        return None


@contextmanager
def importable(root: str) -> Iterator[None]:
    """Let a definition import its siblings (`from definitions import _shared`) while it loads."""
    if any(isinstance(one, _ProjectFinder) and one.root == root for one in sys.meta_path):
        yield  # whoever makes a workflow loads it on the way
        return
    finder = _ProjectFinder(root)
    sys.path.insert(0, root)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.path.remove(root)
        sys.meta_path.remove(finder)
