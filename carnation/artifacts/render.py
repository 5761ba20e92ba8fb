"""The tree of a workflow: every artifact, as content, before anything is written.

manifest.json                              version, and of each artifact the digest, the size,
                                           the key in the bucket and what it needs
cft/<workflow>-root-stack.yaml
cft/nested-stacks/*.yaml
code/state-machine/<workflow>.asl.json
code/state-machine/<workflow>.policy.json   what the state machine's role has to allow
code/python/<function>.zip                 not committed: made again where it is needed
releases/<version>.asl.json                frozen definitions
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carnation.artifacts.build_inputs import packing
from carnation.artifacts.contents import MANIFEST, Artifacts
from carnation.artifacts.function_zips import make_package, pack_files, read_package_files
from carnation.artifacts.handlers import check_handler
from carnation.cloudformation.substitutions import fill_substitutions, find_substitutions
from carnation.document import digest, dump_json, keyed_path
from carnation.errors import DefinitionError, WorkflowError, suggest_name
from carnation.linter import CALL, REFUSAL, Problem, Rule, find_problems, find_suppressed
from carnation.resources.policy import render_machine_policy
from carnation.stacks import Package, Sources
from carnation.workflow import Workflow, list_definitions
from carnation.workflow.modules import find_definition

if TYPE_CHECKING:
    from carnation.resources import Function

_WHO = {REFUSAL: "AWS would reject", CALL: "a service would reject a call in"}
_UNKNOWN = ("unknown-field", "unknown-state-type")
_MAX_DEFINITION_BYTES = 1024 * 1024  # bytes


def make_artifacts(
    root: str,
    workflow: Workflow,
    *,
    partition: str = "",
    packed: dict[Function, bytes] | None = None,
) -> Artifacts:
    """Make every artifact of a workflow; reads `lambdas/`, writes nothing.

    `partition` ('aws-cn') is put in the place of the definition's `${Partition}`; without it, that
    stays, for the stacks to fill. `packed` keeps the packages of the workflows before, so that
    those with equal functions have them made and checked once.

    Raises the errors of the rooms below: a definition that is none, a function without code, a
    substitution that no stack gives.
    """
    with packing():
        packages = _make_packages(root, workflow, {} if packed is None else packed)
    definition_path = f"code/state-machine/{workflow.name}.asl.json"
    definition = workflow.make_definition()
    if partition:
        definition = fill_substitutions(definition, {"Partition": partition})
    text = dump_json(definition)
    if len(text.encode()) > _MAX_DEFINITION_BYTES:
        raise DefinitionError(
            f"the definition of '{workflow.name}' has {len(text.encode()):,} bytes; the limit "
            f"is {_MAX_DEFINITION_BYTES:,}. Move a part of it to a separate state machine."
        )
    _reject_lost_children(root, workflow)
    _reject_definition(workflow, definition)
    sources = Sources(
        workflow=workflow.name,
        version=workflow.version,
        definition=definition,
        definition_path=definition_path,
        definition_sha256=digest(text),
        packages={
            name: Package(name, digest(content), path)
            for path, content in packages.items()
            for name in (path.rpartition("/")[2].removesuffix(".zip"),)
        },
        find_source=workflow.find_source,
    )
    templates = workflow.render_stacks(sources)
    policy = dump_json(render_machine_policy(workflow.application, definition))
    files = {
        **templates,
        definition_path: text,
        f"code/state-machine/{workflow.name}.policy.json": policy,
    }
    manifest = _make_manifest(workflow, files, packages, find_substitutions(definition))
    return Artifacts(
        workflow.name,
        workflow.version,
        {MANIFEST: dump_json(manifest), **files},
        packages,
        manifest,
    )


def _make_packages(
    root: str, workflow: Workflow, packed: dict[Function, bytes]
) -> dict[str, bytes]:
    packages = {}
    for function in workflow.functions:
        if not function.image:
            if function not in packed:
                packed[function] = _make_package(root, function)
            packages[f"code/python/{function.id}.zip"] = packed[function]
    return packages


def _make_package(root: str, function: Function) -> bytes:
    if not function.is_packed:
        return make_package(root, function.id, function.zip)
    own, wheels = read_package_files(root, function.id)
    check_handler(function, own, wheels)
    return pack_files({**own, **wheels})


def _reject_lost_children(root: str, workflow: Workflow) -> None:
    """Raise `WorkflowError` for a child workflow that `definitions/` does not have."""
    for child in workflow.application.resources:
        path = find_definition(root, child.id)
        if type(child).__name__ == "Child" and not os.path.isfile(path):
            raise WorkflowError(
                f"workflow '{workflow.name}': {child!r} ({child.line}) starts definitions/"
                f"{child.id}.py, which does not exist."
                f"{suggest_name(child.id, list_definitions(root))}"
            )


def _reject_definition(workflow: Workflow, definition: Mapping[str, Any]) -> None:
    """Raise `DefinitionError` if AWS, or a service that is called, would refuse the definition."""
    found = list(find_problems(definition, families=(REFUSAL, CALL)))
    if found:
        found = _leave_out(workflow, definition, found)
    if not found:
        return
    rule, problem = found[0]
    source = workflow.find_source(problem.state)
    state = f"state '{problem.state}'{f' ({source})' if source else ''}: " if problem.state else ""
    others = f" ({len(found) - 1} more like it.)" if len(found) > 1 else ""
    message = problem.message.rstrip(".")
    message += "" if message.endswith("?") else "."
    raise DefinitionError(
        f"{_WHO[rule.family]} the definition of '{workflow.name}'. {state}{message} To fix it: "
        f"{rule.format_solution()} (At {problem.pointer or '/'}; see: carnation lint "
        f"--explain {rule.id}){others}"
    )


def _leave_out(
    workflow: Workflow, definition: Mapping[str, Any], found: list[tuple[Rule, Problem]]
) -> list[tuple[Rule, Problem]]:
    """Leave out what a comment suppresses, as in the lint, and what is newer than carnation."""
    ignored = find_suppressed(definition, [problem for _, problem in found])
    unchecked = workflow.find_unchecked()
    return [
        (rule, problem)
        for rule, problem in found
        if (rule.id, problem.state) not in ignored
        and not (rule.id in _UNKNOWN and problem.state in unchecked)
    ]


def _make_manifest(
    workflow: Workflow,
    files: Mapping[str, str],
    packages: Mapping[str, bytes],
    substitutions: list[str],
) -> dict[str, Any]:
    entries: dict[str, dict[str, Any]] = {}
    for path, content in {**files, **packages}.items():
        name = digest(content)
        size = len(content.encode() if isinstance(content, str) else content)
        key = keyed_path(f"{workflow.name}/{path}", name)
        entries[path] = {"sha256": name, "bytes": size, "key": key, "needs": []}
    for path, text in files.items():
        if path.endswith(".asl.json"):
            entries[path]["needs"] = [f"${{{name}}}" for name in substitutions]
        else:  # a template needs what it names by key
            entries[path]["needs"] = [
                other for other, entry in entries.items() if entry["key"] in text
            ]
    for function in workflow.functions:
        if function.zip:
            entries[f"code/python/{function.id}.zip"]["source"] = function.zip
    children = [one for one in workflow.application.resources if type(one).__name__ == "Child"]
    about = {
        "tags": dict(workflow.application.tags),
        "examples": workflow.application.list_examples(),
        "children": [child.name_part for child in children],
        "declared": workflow.declared,
        "reporter": workflow.reporter,
    }
    head = {"workflow": workflow.name, "version": workflow.version}
    named = {name: value for name, value in about.items() if value}
    return {**head, **named, "artifacts": entries}
