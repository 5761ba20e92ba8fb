"""Artifacts: what a workflow becomes, and `build/`, where it lies to be reviewed.

Enters: `Workflow` objects, and `lambdas/`.
Leaves: the files of `build/`: definitions, templates, packages, a manifest; the same bytes
    everywhere.
May not know: the clock, the environment, the network (but `fetch`), who runs or deploys them.
"""

from typing import TYPE_CHECKING

from carnation.lazy import load_lazily

if TYPE_CHECKING:
    from carnation.artifacts.build_folder import (
        Difference,
        compare_artifacts,
        is_released,
        list_trees,
        read_artifacts,
        read_children,
        reject_changed_release,
        release_name,
        remove_tree,
        repair_build_folder,
        write_artifacts,
    )
    from carnation.artifacts.contents import MANIFEST, Artifacts
    from carnation.artifacts.function_zips import make_package, pack_files
    from carnation.artifacts.render import make_artifacts

__all__ = [
    "MANIFEST",
    "Artifacts",
    "Difference",
    "compare_artifacts",
    "is_released",
    "list_trees",
    "make_artifacts",
    "make_package",
    "pack_files",
    "read_artifacts",
    "read_children",
    "reject_changed_release",
    "release_name",
    "remove_tree",
    "repair_build_folder",
    "write_artifacts",
]

_HOMES = {
    "MANIFEST": "contents",
    "Artifacts": "contents",
    "make_artifacts": "render",
    "make_package": "function_zips",
    "pack_files": "function_zips",
}
# who reads build/ does not pay for the SDK, nor needs it
__getattr__ = load_lazily(__name__, {**dict.fromkeys(__all__, "build_folder"), **_HOMES})
