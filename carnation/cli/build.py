"""Build every workflow of `definitions/` into `build/`: definition, templates, manifest.

Run as `python -m carnation.build` or `carnation build`.
"""

from __future__ import annotations

from collections.abc import Sequence

from carnation.cli.command import (
    EXIT_FINDINGS,
    EXIT_OK,
    collect_what_is_made,
    read_options,
    run_command,
)
from carnation.console import align_table, clean, clean_lines, echo_json, paint, wrap_lines
from carnation.lazy import TYPE_CHECKING
from carnation.project import find_root

if TYPE_CHECKING:
    from carnation.artifacts.building import Build
    from carnation.cli.parser import CommandParser

_COLOR_OF_KIND = {"added": "green", "changed": "yellow", "removed": "red", "released": "blue"}
_MAX_NAMED = 20


class _Options:
    """What the command line says, and unless it does."""

    targets: Sequence[str] = ()
    check = release = no_cache = False
    format = "text"


def _make_parser() -> CommandParser:
    from carnation.cli.parser import CommandParser  # most command lines need no parser

    parser = CommandParser(
        prog="carnation build",
        description="Build the workflows of definitions/ into build/, and print what changed.",
        epilog="example: carnation build --check",
    )
    parser.add_argument(
        "targets", nargs="*", metavar="WORKFLOW", help="Workflows to build (default: all)"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true", help="Check only: exit with 1 and list outdated files"
    )
    how.add_argument(
        "--release", action="store_true", help="Freeze the definition of the current version"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="Make every workflow again, changed or not"
    )
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="Output format (default: text)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, build, print; return the exit status."""
    options = read_options(argv, _Options(), _make_parser, "--check")
    return run_command(lambda: _build(options))


def _build(options: _Options) -> int:
    from carnation.artifacts.building import build_workflows  # --help does not need it

    collect_what_is_made()
    built = build_workflows(
        find_root("."),
        options.targets,
        write=not options.check,
        release=options.release,
        use_cache=not options.no_cache,
    )
    if options.format == "json":
        from carnation.document import dump_json

        changes = [one._asdict() for changes in built.differences.values() for one in changes]
        report = {"differences": changes, "released": built.released, "uncached": built.uncached}
        echo_json(dump_json(report))
    else:
        _print_differences(built, check=options.check)
        for line in built.list_notes():
            print(clean_lines(line))
    return EXIT_FINDINGS if options.check and built.is_stale else EXIT_OK


def _print_differences(built: Build, *, check: bool) -> None:
    rows = [
        [change.kind, clean(f"build/{name}/{change.path}")]
        for name, changes in built.differences.items()
        for change in changes
    ]
    rows += [["released", path] for path in built.released]
    for (kind, _), line in zip(rows, align_table(rows), strict=True):
        print(paint(kind, _COLOR_OF_KIND[kind]) + line[len(kind) :])
    names = _name_workflows(built)
    stale = sum(map(len, built.differences.values()))
    files = "1 file" if stale == 1 else f"{stale} files"
    if check:
        state = f"{files} stale; run: carnation build" if stale else "build/ is current"
    else:
        written = f"{files} written" if stale else "nothing changed"
        state = f"{written}, {len(built.released)} released" if built.released else written
    print(wrap_lines(f"{names}: {state}"))


def _name_workflows(built: Build) -> str:
    """Name the workflows with their versions, or say how many they are where nobody would read."""
    if len(built.made) > _MAX_NAMED:
        return f"{len(built.made)} workflows"
    names = [f"{one.artifacts.workflow} {one.artifacts.version}" for one in built.made.values()]
    return ", ".join(names) or "no workflows found in definitions/"
