"""The local emulator between two tests: kept open with the workflow deployed, contents put back.

It is closed before a test that does not ask for it, so that nothing of it is felt there.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from carnation.artifacts import Artifacts, make_artifacts
from carnation.document import digest
from carnation.emulator.embedded import deploy_artifacts, import_emulator
from carnation.errors import UsageError
from carnation.project import read_partition
from carnation.records import NamedTuple
from carnation.testing.coverage import Coverage
from carnation.testing.state_machines import DeployedMachine
from carnation.workflow import Workflow, find_root, load_workflows


class _Kept(NamedTuple):
    """An open emulator, with what is deployed in it."""

    digest: str
    emulator: Any
    outputs: Mapping[str, str]
    functions: Mapping[str, str]
    snapshot: Any


_kept: list[_Kept] = []  # one at most: a process has one emulator
_opened: list[str] = []
"""The workflows for which an emulator was opened, each time."""
_built: dict[tuple[str, str], Artifacts] = {}


def deploy_machine(
    source: str | Workflow, root: str | Path | None, coverage: Coverage, *, fresh: bool = False
) -> DeployedMachine:
    """Build a workflow from source and deploy it, or put back the one that is deployed."""
    folder = find_root(str(root or "."))
    artifacts = _build(source, folder)
    key = digest(artifacts.files["manifest.json"] + folder)
    kept = _kept[0] if _kept else None
    if kept is None or kept.digest != key or fresh or not kept.emulator.restore(kept.snapshot):
        close_kept()
        kept = _open(artifacts, key, folder)
    definition = _read_definition(kept)
    return DeployedMachine(
        artifacts.workflow, definition, coverage, kept.emulator, kept.outputs, kept.functions
    )


def _build(source: str | Workflow, root: str) -> Artifacts:
    """Build a workflow; one that is named is built once, as sources stay while tests run."""
    if isinstance(source, Workflow):
        return make_artifacts(root, source, partition=read_partition(root))
    if not isinstance(source, str):
        raise UsageError(
            f"deploy_workflow expects the name of a workflow in definitions/, or a Workflow, "
            f"got {source!r}. For a definition alone, use load_definition."
        )
    if (root, source) not in _built:
        (workflow,) = load_workflows(root, [source])
        partition = read_partition(root)
        _built[root, source] = make_artifacts(root, workflow, partition=partition)
    return _built[root, source]


def _build_children(artifacts: Artifacts, root: str, seen: set[str]) -> list[Artifacts]:
    """Build the workflows that a workflow starts, the last ones first."""
    found: list[Artifacts] = []
    for name in artifacts.manifest.get("children", ()):
        if name not in seen:
            seen.add(name)
            child = _build(name, root)
            found += [*_build_children(child, root, seen), child]
    return found


def _list_packages(built: Iterable[Artifacts]) -> Iterator[tuple[str, bytes]]:
    for artifacts in built:
        yield from artifacts.packages.items()


def _open(artifacts: Artifacts, key: str, root: str) -> _Kept:
    if not _opened:
        gc.collect()  # what is garbage by now is still a test's to hear of
    with _environment_kept():
        emulator = import_emulator()(in_process=True)
        emulator.__enter__()
    _opened.append(artifacts.workflow)
    try:
        names = {}
        children = _build_children(artifacts, root, {artifacts.workflow})
        for path, package in _list_packages([artifacts, *children]):
            function = Path(path).stem
            emulator.sources[digest(package)] = Path(root) / "lambdas" / function
            names[_sha256(package)] = function
        outputs = deploy_artifacts(emulator, artifacts, children=children, root=root)
        rows = emulator.client("lambda").list_functions()["Functions"]
        functions = {
            names[row["CodeSha256"]]: row["FunctionName"]
            for row in rows
            if row["CodeSha256"] in names
        }
        kept = _Kept(key, emulator, outputs, functions, emulator.create_snapshot())
    except BaseException:
        with _environment_kept():
            emulator.__exit__(None, None, None)
        raise
    _kept.append(kept)
    return kept


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


def _read_definition(kept: _Kept) -> Mapping[str, Any]:
    """Return the definition as it was deployed, its substitutions filled in."""
    client = kept.emulator.client("stepfunctions")
    found = client.describe_state_machine(stateMachineArn=kept.outputs["StateMachineArn"])
    definition: Mapping[str, Any] = json.loads(found["definition"])
    return definition


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Leave the environment as it is: that of each test is its guard's."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def end_test() -> None:
    """Take a test's mocks out."""
    if _kept:
        _kept[0].emulator.script_tasks(None)


def close_kept(*, at_end: bool = False) -> None:
    """Close the emulator, if one is open; `at_end` of the process, which looks for garbage then.

    Nothing of the tests is overlooked: before the first emulator there was a look at everything,
    and if there was a second one, everything is looked through again.
    """
    if _kept:
        emulator = _kept.pop().emulator
        with _environment_kept():
            if at_end and len(_opened) == 1:
                emulator.close()
            else:
                emulator.__exit__(None, None, None)
