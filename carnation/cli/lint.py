"""Lint definitions: what AWS would reject, and what it would let through to break at night.

Run as `carnation lint`. It reads documents only: built ones, hand-written ones, and templates.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterable, Sequence

from carnation.cli.command import EXIT_ERROR, EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import clean, clean_lines, echo_text
from carnation.linter import NOTE, SEVERITIES, WARNING, Finding, Settings, find_rule, lint
from carnation.linter import formats as reports
from carnation.linter.settings import read_settings

GARBAGE_THRESHOLD = 100_000
"""A large definition lives until the end; looking through it again and again is no linear time."""


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation lint",
        description="Check state machine definitions for validation errors and production risks.",
        epilog="example: carnation lint statemachine.asl.json --type EXPRESS",
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="FILE or WORKFLOW",
        help="Definitions, templates, folders, built workflows, or - for standard input "
        "(default: all of build/)",
    )
    parser.add_argument("--type", choices=["STANDARD", "EXPRESS"], help="Type of the state machine")
    parser.add_argument(
        "--format",
        choices=["text", *reports.FORMATS],
        default="text",
        help="Output format (default: text)",
    )
    parser.add_argument(
        "--fail-on",
        choices=[*SEVERITIES, "never"],
        help="Exit with 1 if a finding has at least this severity (default: error)",
    )
    parser.add_argument(
        "--notes",
        action="store_true",
        help="Include notes in text output (other formats always include them)",
    )
    parser.add_argument(
        "--cfn-lint",
        action="store_true",
        help="Run cfn-lint on templates, too (extra: cloudformation)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--fix", action="store_true", help="Apply safe fixes to the files")
    how.add_argument(
        "--diff",
        action="store_true",
        help="Show fixes as a diff without writing them; exit with 1 if there are any",
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="Print the least-privilege IAM policy for a definition as JSON, and exit",
    )
    parser.add_argument(
        "--names",
        choices=["cloudformation", "sub", "plain"],
        help="With --policy: print the policy document alone, its names as Fn::Sub (for "
        "AWS::Include), or plain (for Terraform and CDK)",
    )
    parser.add_argument("--explain", metavar="RULE", help="Explain a rule, and exit")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, review, print; return the exit status."""
    parser = _make_parser()
    options = parser.parse_args(argv)
    if options.explain:
        return run_command(lambda: _print(find_rule(options.explain).describe() + "\n"))
    if options.policy:
        from carnation.linter.policies import render_policies  # nothing else needs it

        return run_command(lambda: _print(render_policies(options.policy, options.names)))
    if options.names:
        parser.error("--names requires --policy FILE.")
    return run_command(lambda: _lint(options))


def _print(text: str) -> int:
    echo_text(text)
    return EXIT_OK


def _lint(options: argparse.Namespace) -> int:
    gc.set_threshold(GARBAGE_THRESHOLD)
    settings, fail_on = read_settings(".")
    fail_on = options.fail_on or fail_on
    if options.format == "text" and not options.notes and fail_on != NOTE:
        settings = settings._replace(lowest=WARNING)
    if options.diff or options.fix:
        changed = _fix(options, settings)
        if options.diff:
            return EXIT_FINDINGS if changed else EXIT_OK
    report = lint(
        options.targets, settings, type=options.type, locate=_locate, cfn_lint=options.cfn_lint
    )
    echo_text(reports.render(report, options.format))
    for line in reports.list_summary(report):
        print(clean_lines(clean(line)), file=sys.stderr)
    if report.is_empty and not options.cfn_lint:
        return EXIT_ERROR
    return EXIT_FINDINGS if report.select(fail_on) else EXIT_OK


def _locate(path: str, findings: Iterable[Finding]) -> list[Finding]:
    from carnation.artifacts.sources import locate_sources  # it loads much: for build/ alone

    return locate_sources(path, findings)


def _fix(options: argparse.Namespace, settings: Settings) -> bool:
    """Fix the files, or show how they would be; what was done goes beside the report."""
    from carnation.linter import fixing  # who only reads does not pay for it

    changed = False
    files = fixing.fix_files(options.targets, settings, type=options.type, locate=_locate)
    for fixed in files if options.diff else map(fixing.write_fixed, files):
        changed = changed or bool(fixed.lines)
        if options.diff:
            echo_text(fixing.render_diff(fixed))
        for line in fixed.kept if options.diff else [*fixed.lines, *fixed.kept]:
            print(line, file=sys.stderr)
    return changed
