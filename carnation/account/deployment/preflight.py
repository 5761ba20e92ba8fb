"""The first stage: only what was built, reviewed and linted leaves this machine."""

from __future__ import annotations

import os

from carnation.artifacts import Artifacts, compare_artifacts, read_artifacts
from carnation.errors import ArtifactError
from carnation.linter import Finding, lint
from carnation.linter.settings import read_settings
from carnation.project import read_partition


def check_tree(root: str, workflow: str) -> Artifacts:
    """Read a built workflow, and refuse what is stale or what the project's lint fails on."""
    # both need the SDK; --help does not
    from carnation.artifacts import make_artifacts
    from carnation.workflow import load_workflows

    artifacts = read_artifacts(root, workflow)
    partition = read_partition(root)
    for made in load_workflows(root, [workflow]):
        stale = compare_artifacts(root, make_artifacts(root, made, partition=partition))
        if stale:
            files = ", ".join(change.path for change in stale[:3])
            raise ArtifactError(
                f"build/{workflow} differs from definitions/ ({files}"
                f"{' …' if len(stale) > 3 else ''}). Build it and have it reviewed: "
                f"carnation build {workflow}"
            )
    findings = _lint(root, artifacts)
    if findings:
        raise ArtifactError(
            f"lint finds {len(findings)} {findings[0].severity}{'s' * (len(findings) > 1)} in "
            f"build/{workflow}: {findings[0].message} See all of it with: "
            f"carnation lint {workflow}"
        )
    return artifacts


def _lint(root: str, artifacts: Artifacts) -> list[Finding]:
    """Return what `carnation lint` would end with status 1 for."""
    settings, fail_on = read_settings(root)
    if fail_on == "never":
        return []
    tree = os.path.join(root, "build", artifacts.workflow)
    definitions = [path for path in artifacts.files if path.endswith(".asl.json")]
    files = [os.path.join(tree, *path.split("/")) for path in definitions]
    return lint(files, settings._replace(lowest=fail_on)).select(fail_on) if files else []
