"""Lint definitions: what AWS would reject, and what it would let through to break at night.

Run as `carnation lint`. It reads documents only: built ones, hand-written ones, and templates.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Sequence

from carnation.cli.command import EXIT_ERROR, EXIT_FINDINGS, EXIT_OK, read_options, run_command
from carnation.console import clean, clean_lines, echo_text
from carnation.lazy import TYPE_CHECKING
from carnation.linter import NOTE, WARNING, Finding, Settings, find_rule, lint
from carnation.linter import formats as reports
from carnation.linter.settings import read_settings

if TYPE_CHECKING:
    from carnation.cli.parser import CommandParser

GARBAGE_THRESHOLD = 1_000_000
"""A large definition lives until the end; looking through it again and again is no linear time."""


class _Options:
    """What the command line says, and unless it does."""

    targets: Sequence[str] = ()
    type: str | None = None
    format = "text"
    fail_on: str | None = None
    notes = cfn_lint = fix = diff = False
    policy: str | None = None
    names: str | None = None
    explain: str | None = None


def _make_parser() -> CommandParser:
    from carnation.cli.lint_options import make_parser  # most command lines name files alone

    return make_parser()


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, review, print; return the exit status."""
    options = read_options(argv, _Options(), _make_parser)
    if rule := options.explain:
        return run_command(lambda: _print(find_rule(rule).describe() + "\n"))
    if path := options.policy:
        from carnation.linter.policies import render_policies  # nothing else needs it

        return run_command(lambda: _print(render_policies(path, options.names)))
    if options.names:
        _make_parser().error("--names requires --policy FILE.")
    return run_command(lambda: _lint(options))


def _print(text: str) -> int:
    echo_text(text)
    return EXIT_OK


def _lint(options: _Options) -> int:
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


def _fix(options: _Options, settings: Settings) -> bool:
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
