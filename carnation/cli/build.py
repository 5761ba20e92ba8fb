"""Build every workflow of `definitions/` into `build/`: definition, templates, manifest.

Run as `python -m carnation.build` or `carnation build`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence

from carnation.artifacts import (
    Artifacts,
    Difference,
    compare_artifacts,
    is_released,
    list_trees,
    make_artifacts,
    reject_changed_release,
    release_name,
    remove_tree,
    repair_build_folder,
    write_artifacts,
)
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import align_table, paint
from carnation.document import dump_json
from carnation.project import read_partition
from carnation.resources import Application
from carnation.resources.policy import list_open_needs
from carnation.workflow import find_root, load_workflows

_COLOUR_OF_KIND = {"added": "green", "changed": "yellow", "removed": "red", "released": "blue"}


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation build",
        description="Build the workflows of definitions/ into build/, and print what changed.",
        epilog="example: carnation build --check",
    )
    parser.add_argument(
        "workflows", nargs="*", metavar="WORKFLOW", help="Names to process (default: all)"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true", help="Check only: exit with 1 and list outdated files"
    )
    how.add_argument(
        "--release", action="store_true", help="Freeze the definition of the current version"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, build, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _build(options))


def _build(options: argparse.Namespace) -> int:
    root = find_root(".")
    partition = read_partition(root)
    made, alone, applications = [], [], {}
    for workflow in load_workflows(root, options.workflows):
        made.append(make_artifacts(root, workflow, partition=partition))
        if workflow.stacks is None:
            applications[workflow.name] = workflow.application
        if workflow.is_alone:
            alone.append(workflow.name)
    if not options.check:
        repair_build_folder(root)
    for artifacts in made:
        reject_changed_release(root, artifacts)
    released = [
        f"build/{artifacts.workflow}/{release_name(artifacts)}"
        for artifacts in made
        if options.release and not is_released(root, artifacts)
    ]
    differences = {artifacts.workflow: compare_artifacts(root, artifacts) for artifacts in made}
    if not options.workflows:
        for name in list_trees(root):
            differences.setdefault(name, [Difference(name, "", "removed")])
    if not options.check:
        _write(root, made, differences, options.release)
    if options.format == "json":
        changes = [change._asdict() for changes in differences.values() for change in changes]
        print(dump_json({"differences": changes, "released": released}), end="")
    else:
        _print_differences(made, differences, released, options.check)
        _print_unasked(alone, differences)
        _print_open(applications, [one for one in made if differences[one.workflow]])
    return EXIT_FINDINGS if options.check and any(differences.values()) else EXIT_OK


def _write(
    root: str, made: list[Artifacts], differences: dict[str, list[Difference]], release: bool
) -> None:
    for artifacts in made:
        if differences[artifacts.workflow] or release:
            write_artifacts(root, artifacts, release=release)
    kept = {artifacts.workflow for artifacts in made}
    for name in differences:
        if name not in kept:
            remove_tree(root, name)


def _print_differences(
    made: list[Artifacts],
    differences: dict[str, list[Difference]],
    released: list[str],
    check: bool,
) -> None:
    rows = [
        [change.kind, f"build/{name}/{change.path}"]
        for name, changes in differences.items()
        for change in changes
    ]
    rows += [["released", path] for path in released]
    for (kind, _), line in zip(rows, align_table(rows), strict=True):
        print(paint(kind, _COLOUR_OF_KIND[kind]) + line[len(kind) :])
    names = ", ".join(f"{artifacts.workflow} {artifacts.version}" for artifacts in made)
    stale = sum(map(len, differences.values()))
    files = "1 file" if stale == 1 else f"{stale} files"
    if check:
        state = f"{files} stale; run: carnation build" if stale else "build/ is current"
    else:
        written = f"{files} written" if stale else "nothing changed"
        state = f"{written}, {len(released)} released" if released else written
    print(f"{names or 'no workflows found in definitions/'}: {state}")


def _print_unasked(alone: list[str], differences: dict[str, list[Difference]]) -> None:
    """Name the templates that are new, and that no workflow asked for: until 0.2 none was built."""
    for name in alone:
        root = f"cft/{name}-root-stack.yaml"
        if Difference(name, root, "added") in differences[name]:
            print(
                f"build/{name}/{root} deploys '{name}', which lists no resources. "
                'If somebody else deploys it: Workflow(stacks="none").'
            )


def _print_open(applications: Mapping[str, Application], changed: list[Artifacts]) -> None:
    """Print what roles are allowed on a pattern, since a call has nothing that names it."""
    for artifacts in changed:
        name = artifacts.workflow
        if name in applications:
            path = f"code/state-machine/{name}.asl.json"
            for need in list_open_needs(applications[name], json.loads(artifacts.files[path])):
                print(
                    f"{name}: open-permission: the role may {need.action} on {need.resource} "
                    f"(state '{need.state}' {need.why})"
                )
