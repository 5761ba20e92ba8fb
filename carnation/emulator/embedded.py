"""What commands that run the emulator share: importing it, and deploying a workflow to it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from carnation.artifacts import Artifacts, wheels
from carnation.artifacts.exports import order_by_exports
from carnation.artifacts.sources import place_resources, placing_resources
from carnation.document import digest, parse_document
from carnation.emulator.runtimes import list_runtimes, start_fork_servers
from carnation.errors import CarnationError, UsageError, suggest_name

if TYPE_CHECKING:
    from carnation.emulator.emulator import Emulator

BUCKET = "carnation-artifacts"


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector away while much is made and nothing is garbage.

    It would look through all that moto and botocore hold again and again: a third of the time. What
    was made it passes over, until an emulator is closed.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()
            gc.enable()


def import_emulator() -> type[Emulator]:
    """Import the emulator, or raise `CarnationError` that says what to install."""
    try:
        with collector_paused():
            from carnation.emulator.emulator import Emulator
    except ImportError as error:
        raise CarnationError(
            f"'{error.name}' is required to run workflows locally. Install it with: pip "
            "install 'carnation[run]' (in a clone: pip install -e '.[run]')"
        ) from error
    return Emulator


def deploy_artifacts(
    emulator: Emulator,
    artifacts: Artifacts,
    warn: Callable[[str], None] = lambda text: None,
    *,
    parameters: Mapping[str, str] = MappingProxyType({}),
    children: Sequence[Artifacts] = (),
    root: str = "",
) -> Mapping[str, str]:
    """Deploy a built workflow, as `carnation deploy` names it; returns its root stack's outputs.

    With the project's `root`, functions run with the packages that `carnation fetch --local`
    installed for this machine, and what is wrong with a resource names its line of Python.

    `warn` is told each property of its templates that has no effect here. `children` are deployed
    first, and before all what exports something. A parameter has the value given, else its example,
    else its default; raises `UsageError` for one that has none of them, or that does not exist.
    """
    if root:
        use_local_packages(emulator, root, [*children, artifacts], warn)
    with collector_paused():
        outputs: Mapping[str, str] = {}
        for one in order_by_exports([*children, artifacts]):
            if one is artifacts:
                outputs = _deploy(emulator, artifacts, warn, parameters, root)
            else:
                _deploy(emulator, one, warn, {}, root)
    if "StateMachineArn" not in outputs:
        raise CarnationError(
            f"the root stack of '{artifacts.workflow}' has no StateMachineArn output. Add "
            "it to the root template and rebuild."
        )
    return outputs


def use_local_packages(
    emulator: Emulator, root: str, built: Iterable[Artifacts], warn: Callable[[str], None]
) -> None:
    """Let functions run with the packages that were fetched for this machine.

    `warn` is told of a function that may need them and has none.
    """
    for artifacts in built:
        for path, package in artifacts.packages.items():
            name = Path(path).stem
            folder = wheels.read_local_packages(root, name)
            if folder is not None:
                emulator.wheels[digest(package)] = Path(folder)
            elif wheels.has_compiled_wheels(root, name):
                warn(
                    f"the wheels of function '{name}' are compiled for Lambda. If it does not "
                    f"run, download those for this machine: carnation fetch --local {name}"
                )


def default_stack_name(artifacts: Artifacts) -> str:
    """Name the stack of a workflow."""
    return f"{artifacts.workflow}-dev"


def _deploy(
    emulator: Emulator,
    artifacts: Artifacts,
    warn: Callable[[str], None],
    parameters: Mapping[str, str],
    root: str,
) -> Mapping[str, str]:
    chosen = _choose_parameters(artifacts, parameters)
    runtimes = list_runtimes(artifacts.files.values())
    if not emulator.in_process:
        start_fork_servers(runtimes)
    template = artifacts.find_key("-root-stack.yaml")
    with placing_resources(root, artifacts.workflow):
        deployment = emulator.deploy(
            default_stack_name(artifacts), artifacts.list_uploads(), template, chosen, bucket=BUCKET
        )
    for obstacle in filter(None, map(emulator.find_obstacle, runtimes)):
        warn(obstacle)  # only now: an interpreter may be slow to find, and was looked for meanwhile
    for text in deployment.warnings:
        warn(place_resources(root, artifacts.workflow, text))
    return deployment.outputs


def share_parameters(built: Sequence[Artifacts], given: Mapping[str, str]) -> list[dict[str, str]]:
    """Choose, of parameters given for several workflows, those that each of them has.

    Raises `UsageError` for a name that none of them has.
    """
    shares = []
    for artifacts in built if given else ():
        known = {_fold(name) for name in _read_parameters(artifacts)}
        shares.append({name: value for name, value in given.items() if _fold(name) in known})
    for name in given:
        if not any(name in share for share in shares):
            workflows = ", ".join(artifacts.workflow for artifacts in built) or "none"
            raise UsageError(f"--parameter: no workflow has a parameter '{name}' ({workflows}).")
    return shares or [{} for _ in built]


def _fold(name: str) -> str:
    return name.replace("_", "").lower()


def _choose_parameters(artifacts: Artifacts, given: Mapping[str, str]) -> dict[str, str]:
    """Choose the parameters of the root stack; defaults are the template's own matter."""
    known = _read_parameters(artifacts)
    names = {_fold(name): name for name in known}
    chosen = {"ArtifactBucket": BUCKET, **artifacts.manifest.get("examples", {})}
    for name, value in given.items():
        if _fold(name) not in names:
            raise UsageError(
                f"--parameter: '{artifacts.workflow}' has no parameter '{name}'."
                f"{suggest_name(name, list(known))} It has {', '.join(known)}."
            )
        chosen[names[_fold(name)]] = value
    missing = [name for name, body in known.items() if name not in chosen and "Default" not in body]
    if missing:
        raise UsageError(
            f"parameter {missing[0]} of '{artifacts.workflow}' has neither example nor default. "
            f"Add --parameter {missing[0]}=…, or set Parameter(…, example=…) and build."
        )
    return chosen


def _read_parameters(artifacts: Artifacts) -> Mapping[str, Mapping[str, Any]]:
    for path, text in artifacts.files.items():
        if path.endswith("-root-stack.yaml"):
            found = parse_document(text, path).value.get("Parameters")
            return found if isinstance(found, Mapping) else {}
    return {}
