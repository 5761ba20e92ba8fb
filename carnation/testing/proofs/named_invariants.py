"""Invariants by name, as a command line has them: of ours, or a function in a file."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from carnation.errors import UsageError
from carnation.testing.proofs.stubs import at_most_once, completes

if TYPE_CHECKING:
    from carnation.testing.proofs import Environment, Invariant


def all_of(names: Sequence[str]) -> Invariant:
    """Make one invariant of several names; raises `UsageError` for a name that is not known."""
    invariants = [read_invariant(name) for name in names]

    def all_of_them(environment: Environment) -> Any:
        for invariant in invariants:
            found = invariant(environment)
            yield from [found] if isinstance(found, str) else found or ()

    all_of_them.__name__ = ", ".join(names)
    return all_of_them


def read_invariant(text: str) -> Invariant:
    """Read `completes`, `at-most-once:STATE`, or `FILE.py:FUNCTION`."""
    name, _, rest = text.rpartition(":")
    if text == "completes":
        return completes
    if name == "at-most-once" and rest:
        return at_most_once(rest)
    if name.endswith(".py"):
        return _load(name, rest)
    raise UsageError(
        f"unknown invariant '{text}'. Use completes, at-most-once:STATE, or FILE.py:FUNCTION."
    )


def _load(path: str, name: str) -> Callable[[Any], Any]:
    """Load a function out of a file of the user's own."""
    spec = importlib.util.spec_from_file_location("_invariants", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError as error:
        raise UsageError(f"file {path} not found.") from error
    found = getattr(module, name, None)
    if not callable(found):
        raise UsageError(f"{path} has no function '{name}'.")
    function: Callable[[Any], Any] = found
    return function
