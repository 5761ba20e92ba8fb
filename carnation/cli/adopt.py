"""Adopt definitions: from JSON, YAML, json5 or a template to modules of `definitions/`.

Run as `carnation adopt`. Each module is built before it is shown or
written, so that what comes out is the definition that went in.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from carnation.cli.command import EXIT_ERROR, EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import clean_lines, paint
from carnation.document import write_files
from carnation.errors import DefinitionError, DocumentError, UsageError
from carnation.sources import read_target

if TYPE_CHECKING:
    from carnation.adoption import Source
    from carnation.adoption.adopting import AdoptedMachine


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation adopt",
        description="Turn definitions into Python modules that build the same definitions.",
        epilog="example: carnation adopt statemachine.asl.json --out definitions",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="Definitions (JSON, YAML, JSON5), templates that contain them (one: FILE#NAME), or - "
        "for standard input",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="Write one module per definition to this folder (default: standard output)",
    )
    parser.add_argument("--force", action="store_true", help="Overwrite existing modules")
    parser.add_argument(
        "--check",
        action="store_true",
        help="Check only: exit with 1 if a module does not reproduce its definition, or AWS or the "
        "build would reject it",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, adopt, print or write; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _adopt_and_continue(options))


def _adopt_and_continue(options: argparse.Namespace) -> int:
    status = adopt_files(options.files, options.out, force=options.force, check=options.check)
    if status == EXIT_OK and options.out and not options.check:
        print("Next: carnation build, then carnation lint.", file=sys.stderr)
    return status


def adopt_files(
    files: Sequence[str], out: str | None, *, force: bool = False, check: bool = False
) -> int:
    """Adopt the definitions in files; print or write their modules, and return the exit status."""
    from carnation.adoption import read_sources, rename_duplicates
    from carnation.adoption.adopting import adopt_source

    sources: list[Source] = []
    adopted: list[AdoptedMachine] = []
    refused = 0
    for path in files:
        try:
            sources += read_sources(read_target(path))
        except DocumentError as error:
            refused += _print_error(error)
    for source in rename_duplicates(sources):
        try:
            adopted.append(adopt_source(source))
        except DocumentError as error:
            refused += _print_error(error)
    if check:
        return max(_report(adopted), EXIT_ERROR if refused else EXIT_OK)
    for one in adopted:
        if one.problem:
            raise DefinitionError(f"{one.problem}. Nothing was written.")
    if refused:
        return EXIT_ERROR
    _write(adopted, out, force)
    return EXIT_OK


def _print_error(error: DocumentError) -> int:
    """Tell of a bad file at once: it hides none of the others."""
    print(f"{paint('carnation:', 'red', sys.stderr)} {clean_lines(str(error))}", file=sys.stderr)
    return 1


def _report(adopted: Sequence[AdoptedMachine]) -> int:
    status = EXIT_OK
    for one in adopted:
        refusal = "" if one.problem else one.source.format_refusal()
        said = one.problem or f"{one.source.document.where}: {one.source.name}: exact"
        print(clean_lines(f"{said}, but {refusal}" if refusal else said))
        status = EXIT_FINDINGS if one.problem or refusal else status
    return status


def _write(adopted: Sequence[AdoptedMachine], out: str | None, force: bool) -> None:
    if out is None:
        for one in adopted:
            print((f"# {one.module}\n" if len(adopted) > 1 else "") + one.text, end="")
        return
    from carnation.adoption.adopting import list_advice, list_files

    files = list_files(adopted, out)
    there = [path for path in files if os.path.lexists(path)]
    if there and not force:
        raise UsageError(
            f"{', '.join(there)} already exists. Nothing was written. Use --force to "
            "overwrite, or choose another --out."
        )
    write_files(files)
    print("\n".join(files))
    for line in list_advice(adopted):
        print(clean_lines(line), file=sys.stderr)
