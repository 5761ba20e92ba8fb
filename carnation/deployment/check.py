"""The first stage: only what was built, reviewed and linted leaves this machine."""

from __future__ import annotations

import os

from carnation.artifacts import Artifacts, compare_artifacts, make_artifacts, read_artifacts
from carnation.document import read_document
from carnation.errors import ArtifactError
from carnation.rules import ERROR, Settings, review_definition
from carnation.workflow import load_workflows


def check_tree(root: str, workflow: str) -> Artifacts:
    """Read a built workflow, and refuse what is stale or what lint calls an error."""
    artifacts = read_artifacts(root, workflow)
    for made in load_workflows(root, [workflow]):
        stale = compare_artifacts(root, make_artifacts(root, made))
        if stale:
            files = ", ".join(change.path for change in stale[:3])
            raise ArtifactError(
                f"build/{workflow} is not what definitions/ says ({files}"
                f"{' …' if len(stale) > 3 else ''}). Build it and have it reviewed: "
                f"python -m carnation.build {workflow}"
            )
    path = os.path.join("code", "state-machine", f"{workflow}.asl.json")
    document = read_document(os.path.join(root, "build", workflow, path))
    kind = _find_type(artifacts)
    findings = review_definition(document, type=kind, settings=Settings(lowest=ERROR))
    errors = [finding for finding in findings if finding.severity == ERROR]
    if errors:
        raise ArtifactError(
            f"lint finds {len(errors)} error{'s' * (len(errors) > 1)} in build/{workflow}: "
            f"{errors[0].message} See all of it with: python -m carnation.lint {workflow}"
        )
    return artifacts


def _find_type(artifacts: Artifacts) -> str:
    express = any("StateMachineType: EXPRESS" in text for text in artifacts.files.values())
    return "EXPRESS" if express else "STANDARD"
