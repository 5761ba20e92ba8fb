"""Adopt definitions: from JSON, YAML, json5 or a template to modules of `definitions/`.

Run as `carnation adopt`. Each module is built before it is shown or
written, so that what comes out is the definition that went in.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from carnation.adoption import (
    Inventory,
    Source,
    compare_templates,
    find_difference,
    read_sources,
    rename_duplicates,
    write_module,
)
from carnation.cli.command import EXIT_ERROR, EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.cloudformation.substitutions import find_substitutions
from carnation.console import clean_lines, paint
from carnation.document import write_files
from carnation.errors import DefinitionError, DocumentError, UsageError
from carnation.sources import read_target


class _Adopted(NamedTuple):
    source: Source
    text: str
    problem: str


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
    return run_command(lambda: _adopt(options))


def _adopt(options: argparse.Namespace) -> int:
    sources: list[Source] = []
    adopted: list[_Adopted] = []
    refused = 0
    for path in options.files:
        try:
            sources += read_sources(read_target(path))
        except DocumentError as error:
            refused += _print_error(error)
    for source in rename_duplicates(sources):
        try:
            adopted.append(_adopt_source(source))
        except DocumentError as error:
            refused += _print_error(error)
    if options.check:
        return max(_report(adopted), EXIT_ERROR if refused else EXIT_OK)
    for one in adopted:
        if one.problem:
            raise DefinitionError(f"{one.problem}. Nothing is written.")
    if refused:
        return EXIT_ERROR
    _write(adopted, options.out, options.force)
    return EXIT_OK


def _print_error(error: DocumentError) -> int:
    """Tell of a bad file at once: it hides none of the others."""
    print(f"{paint('carnation:', 'red', sys.stderr)} {clean_lines(str(error))}", file=sys.stderr)
    return 1


def _adopt_source(source: Source) -> _Adopted:
    definition = source.definition
    text = write_module(definition, source.name, source.origin, source.remarks, source.inventory)
    try:
        difference = find_difference(definition, text)
    except DefinitionError as error:
        refusal = source.find_refusal()
        raise refusal or source.make_error("", str(error)) from error
    if difference is None:
        return _Adopted(source, text, "")
    refusal = source.find_refusal()
    if refusal:
        raise refusal
    place = f"{source.locate(difference.pointer)}: '{difference.pointer}'"
    return _Adopted(source, text, f"{place} is not exact: it {difference.message}")


def _report(adopted: Sequence[_Adopted]) -> int:
    status = EXIT_OK
    for one in adopted:
        refusal = "" if one.problem else one.source.format_refusal()
        said = one.problem or f"{one.source.document.where}: {one.source.name}: exact"
        print(clean_lines(f"{said}, but {refusal}" if refusal else said))
        status = EXIT_FINDINGS if one.problem or refusal else status
    return status


def _write(adopted: Sequence[_Adopted], out: str | None, force: bool) -> None:
    modules = {one.source.name.replace("-", "_"): one.text for one in adopted}
    if out is None:
        for name, text in modules.items():
            print((f"# {name}.py\n" if len(modules) > 1 else "") + text, end="")
        return
    files = {os.path.join(out, f"{name}.py"): text.encode() for name, text in modules.items()}
    for one in adopted:
        files.update(_list_code(one, os.path.dirname(os.path.normpath(out))))
    there = [path for path in files if os.path.lexists(path)]
    if there and not force:
        raise UsageError(
            f"{', '.join(there)} already exists. Nothing was written. Use --force to "
            "overwrite, or choose another --out."
        )
    write_files(files)
    print("\n".join(files))
    for line in _advise(adopted):
        print(clean_lines(line), file=sys.stderr)


def _list_code(adopted: _Adopted, root: str) -> dict[str, bytes]:
    """List the code of the functions that are brought along, below `lambdas/`."""
    inventory = adopted.source.inventory
    return {
        os.path.join(root, "lambdas", one.id, *path.split("/")): content
        for one in (inventory.adopted.values() if inventory else ())
        for path, content in one.files.items()
    }


def _advise(adopted: Sequence[_Adopted]) -> Iterator[str]:
    """Say what is left to do: where a person has to look, and the next command."""
    for one in adopted:
        yield from one.source.list_unknown()
        if one.source.inventory is not None:
            yield from _format_inventory(one.source.inventory, one.source.name)
            yield from compare_templates(one.source.inventory, one.text)
            continue
        if one.source.left:
            yield f"{one.source.name}: resources are not brought along: {one.source.left}"
        needed = find_substitutions(one.source.definition)
        if needed:
            names = ", ".join(f"${{{name}}}" for name in needed)
            yield f"{one.source.name} needs values where it is deployed: {names}"
    yield "Next: carnation build, then carnation lint."


def _format_inventory(inventory: Inventory, name: str) -> Iterator[str]:
    """Say what the workflow took over, and what of its template is left behind."""
    others = set(inventory.elsewhere)  # the other state machines of the template
    kept = [one for name, one in inventory.adopted.items()
            if name not in others and one.logical_id in inventory.resources]  # fmt: skip
    kept += [one for one in inventory.triggers if one.logical_id]
    listed = ", ".join(one.logical_id for one in kept)
    yield f"{name} brings along, under the logical IDs they have: {listed or 'nothing'}"
    for gone, by in inventory.dropped.items():
        is_told = inventory.home and gone in others  # by the workflow that keeps the stack
        if gone not in [one.logical_id for one in kept] and not is_told:
            yield f"{gone} is replaced by {by}"
    for note in dict.fromkeys(inventory.notes):
        yield f"not brought along: {note}"
    if inventory.home:
        yield (
            f"{name} uses what the stack of {inventory.home} exports. Deploy that first, then: "
            f"carnation deploy {name}. In between, {inventory.machine} does not run."
        )
        return
    yield (
        f"To keep what is deployed where it is, deploy to its stack: carnation deploy {name} "
        "--stack-name STACK. Another stack would create it again, empty."
    )
