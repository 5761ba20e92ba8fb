"""`carnation init`: Create a project that builds, runs, and passes its own test."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from carnation.cli.command import EXIT_OK, run_command
from carnation.console import terminal_width


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation init",
        description="Create a project: one workflow with its function, stack, and test. "
        "Nothing that exists is overwritten.",
        epilog="example: carnation init",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=terminal_width()),
    )
    parser.add_argument(
        "folder", nargs="?", default=".", help="Folder of the project (default: this folder)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = _make_parser().parse_args(argv)
    return run_command(lambda: _create(arguments.folder))


def _create(folder: str) -> int:
    from carnation.workflow.scaffold import create_project

    for path in create_project(folder):
        print(path)
    print("\nNext:")
    if folder != ".":
        print("  (in the project's folder)")
    print('  carnation build\n  carnation run hello --input \'{"name": "Ada"}\'\n  pytest')
    return EXIT_OK
