"""Diff definitions and templates: what a pull request changes, in words, and how much it matters.

Run as `carnation diff`. It reads documents only, of a folder, a file
or a git revision, and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from carnation.changes import IMPACTS
from carnation.changes.formats import FORMATS
from carnation.changes.reviews import compare_trees, read_accepted
from carnation.changes.reviews.verdict import reaches
from carnation.cli.command import (
    EXIT_FINDINGS,
    EXIT_OK,
    add_account_options,
    run_command,
)
from carnation.cli.operands import AccountLocation, open_targets
from carnation.cli.option_values import read_integer
from carnation.cli.parser import CommandParser
from carnation.cli.review_notes import add_notes
from carnation.console import echo_text, has_color, report_width
from carnation.errors import DocumentError


def _read_impact(word: str) -> str:
    """Accept the spelling of 0.1."""
    return "behavioral" if word == "behavioural" else word


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation diff",
        description="Show changes between two builds, Git revisions, definitions, or templates.",
        epilog="example: carnation diff main --fail-on breaking",
        # with a width of its own argparse need not load shutil to ask for one
    )
    target = "A folder, a definition or template file, a Git revision, or deployed[:STACK]"
    parser.add_argument("old", nargs="?", metavar="OLD", help=f"{target} (default: HEAD)")
    parser.add_argument(
        "new", nargs="?", metavar="NEW", help="New side, as for OLD (default: the working tree)"
    )
    parser.add_argument(
        "--format", choices=list(FORMATS), default="text", help="Output format (default: text)"
    )
    parser.add_argument(
        "--fail-on",
        choices=[*IMPACTS, "never"],
        type=_read_impact,
        default="never",
        metavar="IMPACT",
        help="Exit with 1 if a change has at least this impact: cosmetic, behavioral, breaking, "
        "or dangerous (default: never)",
    )
    parser.add_argument(
        "--accepted",
        metavar="FILE",
        help="File of accepted change fingerprints (default: accepted-changes.json, if it exists)",
    )
    parser.add_argument(
        "--items",
        metavar="N",
        help="Compare cost and limits at N items a day (default: the load that the project "
        "declares as [tool.carnation.load.NAME])",
    )
    add_account_options(parser.add_argument_group("account of deployed[:STACK]"))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, compare, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _diff(options))


def _diff(options: argparse.Namespace) -> int:
    items = options.items and read_integer("--items", options.items.replace(",", ""))
    old, new = open_targets(
        options.old, options.new,
        AccountLocation(options.profile, options.region, options.endpoint_url, options.environment),
    )  # fmt: skip
    title = f"{old.name} to {new.name}"
    try:
        accepted = read_accepted(options.accepted)
        reviews = compare_trees(old, new, accepted)
        reviews = add_notes(reviews, (old, new), items, accepted)
        color = has_color(sys.stdout)
        report = FORMATS[options.format](reviews, title, report_width(), color)
    except RecursionError as error:
        raise DocumentError(
            f"{title}: cannot compare: the document is nested too deeply."
        ) from error
    echo_text(report)
    failed = any(reaches(review.changes, options.fail_on) for review in reviews)
    return EXIT_FINDINGS if failed else EXIT_OK
