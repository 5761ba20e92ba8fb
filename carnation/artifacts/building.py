"""Building: the workflows of `definitions/` made, compared with `build/`, and written there."""

from __future__ import annotations

import os

from carnation.artifacts.build_cache import BuildCache, Made
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
from carnation.lazy import TYPE_CHECKING
from carnation.project import read_partition
from carnation.records import NamedTuple
from carnation.workflow.modules import choose_definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from carnation.artifacts.contents import Artifacts


class Build(NamedTuple):
    """What was built: how `build/` differed from what was made, and what was released.

    `made` is by module, without the files of what is up to date; `uncached` says of which
    definitions no entry could be kept, and why.
    """

    made: Mapping[str, Made]
    differences: dict[str, list[Difference]]
    released: list[str]
    uncached: Mapping[str, str]

    @property
    def is_stale(self) -> bool:
        """Whether `build/` was another than what was made."""
        return any(self.differences.values())

    def list_notes(self) -> Iterator[str]:
        """List what a person should know: templates nobody asked for, permissions on a pattern."""
        for made in self.made.values():
            name = made.artifacts.workflow
            root = f"cft/{name}-root-stack.yaml"
            if made.is_alone and Difference(name, root, "added") in self.differences[name]:
                yield (
                    f"build/{name}/{root} deploys '{name}', which lists no resources. "
                    'If another tool deploys it: Workflow(stacks="none").'
                )
        for made in self.made.values():
            if self.differences[made.artifacts.workflow]:
                yield from made.open_permissions


def build_workflows(
    root: str,
    names: Sequence[str] = (),
    *,
    write: bool = True,
    release: bool = False,
    use_cache: bool = False,
) -> Build:
    """Build workflows (all, where none is named) into `build/`; without `write`, only compare.

    With `use_cache`, what has the inputs it had is not made again (see `build_cache`): for a
    process in which nobody has patched what a build uses.

    Raises `ArtifactError` for a version that was released with another definition.
    """
    root = os.path.abspath(root)
    cache = BuildCache(root, read_partition(root), is_used=use_cache)
    differences: dict[str, list[Difference]] = {}
    if write:
        repair_build_folder(root)

    def compare(one: Made) -> Made:
        reject_changed_release(root, one.artifacts)
        found = compare_artifacts(root, one.artifacts)
        differences[one.artifacts.workflow] = found
        if found or release:
            return one
        # of 200 workflows, 8 MiB
        return one._replace(artifacts=one.artifacts._replace(files={}, packages={}))

    made = _make_all(cache, names, compare)
    built = [one.artifacts for one in made.values()]
    released = [
        f"build/{one.workflow}/{release_name(one)}"
        for one in built
        if release and not is_released(root, one)
    ]
    if not names:
        for name in list_trees(root):
            differences.setdefault(name, [Difference(name, "", "removed")])
    if write:
        _write(root, built, differences, release)
    return Build(made, differences, released, cache.reasons)


def _make_all(
    cache: BuildCache, names: Sequence[str], compare: Callable[[Made], Made]
) -> dict[str, Made]:
    """Make what has no entry, and keep entries of it, also where a later definition is wrong."""
    made: dict[str, Made] = {}
    fresh: dict[str, Made] = {}
    make: Callable[[str, BuildCache], Made] | None = None
    try:
        for module in choose_definitions(cache.root, names):
            one = cache.recall(module)
            if one is None:
                if make is None:
                    from carnation.artifacts.making import Maker  # it starts the SDK

                    make = Maker(cache.root, cache.partition).make
                one = fresh[module] = make(module, cache)
            made[module] = compare(one)
    finally:
        cache.put_back()
        cache.keep(fresh)
    return made


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
