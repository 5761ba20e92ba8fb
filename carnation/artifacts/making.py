"""Making: a definition loaded and rendered, with what a person should know of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from carnation.artifacts.build_cache import BuildCache, Made
from carnation.artifacts.contents import Artifacts
from carnation.artifacts.function_zips import read_own_files
from carnation.artifacts.render import make_artifacts
from carnation.resources.policy import list_open_needs
from carnation.workflow.modules import importable
from carnation.workflow.workflow import Workflow, load_workflow

if TYPE_CHECKING:
    from carnation.resources import Function


class Maker:
    """Makes definitions of one project; equal functions are packed and checked once."""

    def __init__(self, root: str, partition: str) -> None:
        self._root = root
        self._partition = partition
        self._packed: dict[Function, bytes] = {}
        self._files: dict[str, tuple[str, ...]] = {}

    def make(self, module: str, cache: BuildCache) -> Made:
        """Load and render a definition, while the cache notes what is read for it."""
        with cache.watching(module), importable(self._root):
            workflow = load_workflow(self._root, module)
            artifacts = make_artifacts(
                self._root, workflow, partition=self._partition, packed=self._packed
            )
        return Made(
            artifacts,
            workflow.is_alone,
            tuple(_list_open(workflow, artifacts)) if workflow.stacks is None else (),
            {
                function.id: self._list_files(function.id)
                for function in workflow.functions
                if function.is_packed
            },
        )

    def _list_files(self, name: str) -> tuple[str, ...]:
        """List the files of a function's own folder that are packed."""
        if name not in self._files:
            self._files[name] = tuple(sorted(read_own_files(self._root, name)))
        return self._files[name]


def _list_open(workflow: Workflow, artifacts: Artifacts) -> Iterator[str]:
    """List what a role is allowed on a pattern, since a call has nothing that names it."""
    for need in list_open_needs(workflow.application, json.loads(artifacts.definition)):
        yield (
            f"{workflow.name}: open-permission: the role may {need.action} on {need.resource} "
            f"(state '{need.state}' {need.why})"
        )
