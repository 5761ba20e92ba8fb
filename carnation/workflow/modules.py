"""Modules of `definitions/`: files loaded without being installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType

from carnation.errors import WorkflowError


def load_module(root: str, path: str, name: str) -> ModuleType:
    """Load a file of `definitions/` as a module; what it prints goes to standard error."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(name, path, loader=_SourceLoader(name, path))
    if spec is None or spec.loader is None:
        raise WorkflowError(f"{os.path.relpath(path, root)} cannot be loaded as a module.")
    loaded = module_from_spec(spec)
    with importable(root), redirect_stdout(sys.stderr):
        spec.loader.exec_module(loaded)
    return loaded


class _SourceLoader(SourceFileLoader):
    """Compiles a file each time: its kept bytecode would outlive an edit of the same second."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


@contextmanager
def importable(root: str) -> Iterator[None]:
    """Let a definition import its siblings (`from definitions import _shared`) while it loads."""
    sys.path.insert(0, root)
    try:
        yield
    finally:
        sys.path.remove(root)
