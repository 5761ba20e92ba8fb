"""`carnation init`: Create a project that builds, runs, and passes its own test."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.workflow.scaffold import (
    ADOPTED_TEST,
    PROJECT_FILES,
    SHAPES,
    check_free,
    create_project,
    write_project,
)


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation init",
        description="Create a project: a workflow with its functions, resources, and test. "
        "Nothing that exists is overwritten. Shapes: "
        + "; ".join(f"{name}, {shape.summary}" for name, shape in SHAPES.items())
        + ".",
        epilog="example: carnation init --shape order",
    )
    parser.add_argument(
        "folder", nargs="?", default=".", help="Folder of the project (default: this folder)"
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--shape",
        choices=list(SHAPES),
        help="Example workflow to start from (default: the one that the folder is named after, "
        "otherwise hello)",
    )
    start.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help="Adopt this definition, SAM template, or CloudFormation template instead",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _adopt(options) if options.source else _create(options))


def _create(options: argparse.Namespace) -> int:
    folder = os.path.basename(os.path.abspath(options.folder))
    shape = options.shape or (folder if folder in SHAPES else "hello")
    for path in create_project(options.folder, shape):
        print(path)
    _print_next(options.folder, SHAPES[shape].run)
    return EXIT_OK


def _adopt(options: argparse.Namespace) -> int:
    from carnation.cli.adopt import adopt_files

    files = {"tests/test_definitions.py": ADOPTED_TEST, **PROJECT_FILES}
    check_free(options.folder, {**files, "definitions/_": "", "lambdas/_": ""})
    out = os.path.normpath(os.path.join(options.folder, "definitions"))
    status = adopt_files([options.source], out)
    if status != EXIT_OK:
        return status
    for path in write_project(options.folder, files):
        print(path)
    _print_next(options.folder, "carnation lint")
    return EXIT_OK


def _print_next(folder: str, command: str) -> None:
    print("\nNext:")
    if folder != ".":
        print(f"  cd {folder}")
    print(f"  carnation build\n  {command}\n  pytest")
