"""Building: the workflows of `definitions/` made, compared with `build/`, and written there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from carnation.artifacts.build_folder import (
    Difference,
    compare_artifacts,
    is_released,
    list_trees,
    reject_changed_release,
    release_name,
    remove_tree,
    repair_build_folder,
    write_artifacts,
)
from carnation.artifacts.contents import Artifacts
from carnation.artifacts.render import make_artifacts
from carnation.project import read_partition
from carnation.records import NamedTuple
from carnation.resources import Application, Function
from carnation.resources.policy import list_open_needs
from carnation.workflow import load_workflows


class Build(NamedTuple):
    """What was built: the artifacts, how `build/` differed from them, and what was released.

    `alone` are workflows that list no resources, `applications` those whose stacks are derived.
    """

    made: list[Artifacts]
    differences: dict[str, list[Difference]]
    released: list[str]
    alone: list[str]
    applications: Mapping[str, Application]

    @property
    def is_stale(self) -> bool:
        """Whether `build/` was another than what was made."""
        return any(self.differences.values())

    def list_notes(self) -> Iterator[str]:
        """List what a person should know: templates nobody asked for, permissions on a pattern."""
        for name in self.alone:
            root = f"cft/{name}-root-stack.yaml"
            if Difference(name, root, "added") in self.differences[name]:
                yield (
                    f"build/{name}/{root} deploys '{name}', which lists no resources. "
                    'If another tool deploys it: Workflow(stacks="none").'
                )
        for artifacts in self.made:
            if self.differences[artifacts.workflow] and artifacts.workflow in self.applications:
                yield from self._list_open(artifacts)

    def _list_open(self, artifacts: Artifacts) -> Iterator[str]:
        """List what a role is allowed on a pattern, since a call has nothing that names it."""
        name = artifacts.workflow
        definition = json.loads(artifacts.files[f"code/state-machine/{name}.asl.json"])
        for need in list_open_needs(self.applications[name], definition):
            yield (
                f"{name}: open-permission: the role may {need.action} on {need.resource} "
                f"(state '{need.state}' {need.why})"
            )


def build_workflows(
    root: str, names: Sequence[str] = (), *, write: bool = True, release: bool = False
) -> Build:
    """Build workflows (all, where none is named) into `build/`; without `write`, only compare.

    Raises `ArtifactError` for a version that was released with another definition.
    """
    partition = read_partition(root)
    made, alone, applications = [], [], {}
    packed: dict[Function, bytes] = {}
    for workflow in load_workflows(root, list(names)):
        made.append(make_artifacts(root, workflow, partition=partition, packed=packed))
        if workflow.stacks is None:
            applications[workflow.name] = workflow.application
        if workflow.is_alone:
            alone.append(workflow.name)
    if write:
        repair_build_folder(root)
    for artifacts in made:
        reject_changed_release(root, artifacts)
    released = [
        f"build/{one.workflow}/{release_name(one)}"
        for one in made
        if release and not is_released(root, one)
    ]
    differences = {one.workflow: compare_artifacts(root, one) for one in made}
    if not names:
        for name in list_trees(root):
            differences.setdefault(name, [Difference(name, "", "removed")])
    if write:
        _write(root, made, differences, release)
    return Build(made, differences, released, alone, applications)


def _write(
    root: str,
    made: Sequence[Artifacts],
    differences: Mapping[str, list[Difference]],
    release: bool,
) -> None:
    for artifacts in made:
        if differences[artifacts.workflow] or release:
            write_artifacts(root, artifacts, release=release)
    kept = {artifacts.workflow for artifacts in made}
    for name in differences:
        if name not in kept:
            remove_tree(root, name)
