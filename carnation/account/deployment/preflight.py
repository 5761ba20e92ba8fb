"""The first stage: only what was built, reviewed and linted leaves this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

from carnation.artifacts import Artifacts, compare_artifacts, make_artifacts, read_artifacts
from carnation.document import parse_document, read_document
from carnation.errors import ArtifactError
from carnation.linter import SEVERITIES, Finding, review_definition
from carnation.linter.built import read_declared
from carnation.linter.settings import read_settings
from carnation.project import read_partition
from carnation.workflow import load_workflows

_MACHINE = "AWS::StepFunctions::StateMachine"


def check_tree(root: str, workflow: str) -> Artifacts:
    """Read a built workflow, and refuse what is stale or what the project's lint fails on."""
    artifacts = read_artifacts(root, workflow)
    partition = read_partition(root)
    for made in load_workflows(root, [workflow]):
        stale = compare_artifacts(root, make_artifacts(root, made, partition=partition))
        if stale:
            files = ", ".join(change.path for change in stale[:3])
            raise ArtifactError(
                f"build/{workflow} is not what definitions/ says ({files}"
                f"{' …' if len(stale) > 3 else ''}). Build it and have it reviewed: "
                f"python -m carnation.build {workflow}"
            )
    findings = list(_lint(root, artifacts))
    if findings:
        raise ArtifactError(
            f"lint finds {len(findings)} {findings[0].severity}{'s' * (len(findings) > 1)} in "
            f"build/{workflow}: {findings[0].message} See all of it with: "
            f"carnation lint {workflow}"
        )
    return artifacts


def _lint(root: str, artifacts: Artifacts) -> Iterator[Finding]:
    """Yield what `carnation lint` would end with status 1 for."""
    settings, fail_on = read_settings(root)
    if fail_on == "never":
        return
    wanted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    settings = settings._replace(lowest=fail_on)
    definitions = (path for path in artifacts.files if path.endswith(".asl.json"))
    for inner in definitions:
        path = os.path.join(root, "build", artifacts.workflow, *inner.split("/"))
        for finding in review_definition(
            read_document(path),
            type=find_type(artifacts, inner),
            settings=settings,
            declared=read_declared(path),
        ):
            if finding.severity in wanted:
                yield finding


def find_type(artifacts: Artifacts, definition: str) -> str:
    """Find the type of the state machine that runs a definition, in the templates."""
    key = artifacts.manifest["artifacts"].get(definition, {}).get("key", definition)
    for path, text in artifacts.files.items():
        if not path.startswith("cft/") or key not in text:
            continue
        resources = parse_document(text, path).value.get("Resources") or {}
        for body in resources.values():
            properties = body.get("Properties") or {}
            if body.get("Type") == _MACHINE and key in str(properties.get("DefinitionS3Location")):
                return str(properties.get("StateMachineType") or "STANDARD")
    return "STANDARD"
