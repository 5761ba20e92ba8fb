"""What the verbs that need the embedded AWS share: having it, and deploying a workflow to it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from carnation.artifacts import Artifacts
from carnation.errors import CarnationError

if TYPE_CHECKING:
    from carnation.emulator import Emulator


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector away while much is made and nothing is garbage.

    It would look through all that moto and botocore hold again and again: a third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def import_emulator() -> type[Emulator]:
    """Import the emulator, or raise `CarnationError` that says what to install."""
    try:
        with collector_paused():
            from carnation.emulator import Emulator
    except ImportError as error:
        raise CarnationError(
            f"running needs the embedded AWS, and '{error.name}' is not installed. "
            "Install the extra 'run'; in a clone: pip install -e '.[run]'"
        ) from error
    return Emulator


def deploy_artifacts(
    emulator: Emulator, artifacts: Artifacts, warn: Callable[[str], None] = lambda text: None
) -> Mapping[str, str]:
    """Deploy a built workflow, as `carnation deploy` names it; gives its root stack's outputs.

    `warn` is told each property of its templates that has no effect here.
    """
    with collector_paused():
        deployment = emulator.deploy(
            f"{artifacts.workflow}-dev",
            artifacts.list_uploads(),
            artifacts.find_key("-root-stack.yaml"),
            {"ArtifactBucket": "carnation-artifacts"},
            bucket="carnation-artifacts",
        )
    for text in deployment.warnings:
        warn(text)
    if "StateMachineArn" not in deployment.outputs:
        raise CarnationError(
            f"the root stack of '{artifacts.workflow}' has no output StateMachineArn, by which a "
            "run finds what to start. Add one to the workflow's root template, and build."
        )
    return deployment.outputs
