"""Reporters: what a workflow adds to what `run`, `start`, `recover` and `dlq` print.

A workflow names one: `Workflow(reporter=…)`. Its manifest notes the reporter's entry point and the
outputs of the root stack that it reads. Only reporters of carnation, of an installed entry point
`carnation.reporters`, or of the project's own `definitions/` are loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from carnation.errors import WorkflowError
from carnation.lazy import compile_lazily
from carnation.records import NamedTuple
from carnation.workflow.modules import load_module

GROUP = "carnation.reporters"
_ENTRY_POINT = compile_lazily(r"((?:carnation\.patterns|definitions)(?:\.\w+)+):(\w+)\Z")
_METHODS = (
    "choose_faults",
    "describe_run",
    "find",
    "describe_places",
    "name",
    "reset",
    "attempts",
    "find_keys",
)


class ItemAttempt(NamedTuple):
    """An item of a workflow's work: its key, which attempt (0 is the first), its own fields."""

    key: Any
    attempt: int
    fields: Mapping[str, Any]


class Faults(Protocol):
    """Failures on purpose; `count` says how many happened."""

    count: int

    def install(self, emulator: Any) -> None:
        """Make an emulator fail what was chosen."""


class RunReport(Protocol):
    """What a reporter adds to the report of one run."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """Fields for a program."""

    @property
    def lines(self) -> Sequence[str]:
        """Lines for a person, instead of the execution's output."""

    @property
    def explains(self) -> bool:
        """Whether the lines make the cause of a failure superfluous."""


class Reporter(Protocol):
    """Knows what the items of a workflow's work are, and where each of them is."""

    entry_point: str
    """`module:NAME`, by which a manifest names the reporter."""
    outputs: Sequence[str]
    """The outputs of the root stack that it reads."""
    next_input: Any
    """The input of runs that only work through what earlier runs left."""
    settled_errors: Sequence[str]
    """Errors of executions that left nothing to be redriven.

    A reporter may name `input_errors` as well: errors of an input that a redrive meets again.
    """
    dead_letters: Mapping[str, str]
    """The output of each dead-letter queue, to that of the queue its messages go back to."""
    noun: str
    """What one item is called, in the singular."""

    def choose_faults(self, which: str, attempts: int, seed: int) -> Faults:
        """Read `--fail`; raises `UsageError` where it cannot be read."""

    def describe_run(self, execution: Any) -> RunReport:
        """Describe what an execution did."""

    def find(self, reader: Any, outputs: Mapping[str, str]) -> Iterable[Any]:
        """Find where every item is; `reader` has `items`, `messages` and `objects`."""

    def describe_places(self, found: Sequence[Any]) -> tuple[Mapping[str, Any], Sequence[str]]:
        """Return fields for a program and lines for a person."""

    def name(self, fields: Mapping[str, Any]) -> str:
        """Name an item by the fields of a message; '' where it is none."""

    def reset(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the fields of a message whose item has all its retries again."""

    def attempts(self, value: Any) -> Iterable[ItemAttempt]:
        """Find the items in a payload or in the parameters of a call."""

    def find_keys(self, value: Any) -> Iterable[Any]:
        """Find the keys of items in a value, for a transcript."""


def note_reporter(workflow: str, reporter: object) -> dict[str, Any]:
    """Return what a manifest notes of a reporter; raises `WorkflowError` for what is not one."""
    _require_methods(f"workflow '{workflow}': reporter={reporter!r}", reporter)
    point, outputs = getattr(reporter, "entry_point", None), getattr(reporter, "outputs", None)
    if not isinstance(point, str) or isinstance(outputs, str) or outputs is None:
        raise WorkflowError(
            f"workflow '{workflow}': reporter={reporter!r} has no entry_point ('module:NAME') or "
            "no outputs (names of the root stack's outputs). Set both."
        )
    return {"entry_point": point, "outputs": list(outputs)}


def load_reporter(root: str, manifest: Mapping[str, Any]) -> Reporter | None:
    """Load the reporter that a manifest names; None where it names none."""
    noted = manifest.get("reporter")
    if not isinstance(noted, Mapping):
        return None
    point = str(noted.get("entry_point"))
    found = _load(root, point)
    _require_methods(f"the reporter '{point}'", found)
    reporter: Reporter = found
    return reporter


def _load(root: str, point: str) -> Any:
    match = _ENTRY_POINT.match(point)
    try:
        if not match:
            return _load_installed(point)
        if match[1].startswith("carnation."):
            return getattr(import_module(match[1]), match[2])
        return getattr(_import_definition(root, match[1]), match[2])
    except (ImportError, AttributeError) as error:
        raise WorkflowError(
            f"the reporter '{point}' cannot be loaded ({error}). Build the workflow again."
        ) from error


def _import_definition(root: str, module: str) -> Any:
    path = os.path.join(root, *module.split(".")) + ".py"
    if not os.path.isfile(path):
        raise ImportError(f"{os.path.relpath(path, root)} does not exist")
    return load_module(root, path, f"_reporter_{module.replace('.', '_')}")


def _load_installed(point: str) -> Any:
    from importlib.metadata import entry_points

    for found in entry_points(group=GROUP, name=point):
        return found.load()
    raise WorkflowError(
        f"the reporter '{point}' is not loaded: it is not a reporter of carnation, of "
        f"definitions/, "
        f"or of an installed entry point '{GROUP}'. Install its package, or build again."
    )


def _require_methods(where: str, found: object) -> None:
    missing = [name for name in _METHODS if not callable(getattr(found, name, None))]
    if missing:
        raise WorkflowError(
            f"{where} is not a reporter: it has no method {missing[0]}(). "
            "See carnation.workflow.reporters.Reporter."
        )
