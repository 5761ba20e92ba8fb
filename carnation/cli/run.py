"""Run a built workflow on this machine: its very artifacts, its real handlers, no account.

Run as `carnation run`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carnation.artifacts import Artifacts, read_artifacts, read_children
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.json_values import read_json
from carnation.cli.run_options import check_options
from carnation.cli.run_options import make_parser as _make_parser
from carnation.cli.stimuli import read_clock, read_parameters, read_stimuli
from carnation.console import clean_lines, echo, echo_json, show_progress
from carnation.document import dump_json
from carnation.emulator.declared import list_undeclared
from carnation.emulator.embedded import collector_paused, import_emulator
from carnation.emulator.state_faults import choose_faults
from carnation.errors import UsageError
from carnation.workflow import find_root
from carnation.workflow.reporters import Reporter, load_reporter

if TYPE_CHECKING:
    from carnation.emulator.workflow_runs import Observer, WorkflowRuns


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    inputs = [] if options.input is None else [read_json("--input", options.input)]
    following = read_json("--next-input", options.next_input) if options.next_input else None
    results = _read_results(options)
    check_options(options)
    root = find_root(".")
    artifacts = read_artifacts(root, options.workflow)
    reporter = load_reporter(root, artifacts.manifest)
    if options.next_input is None:
        following = reporter.next_input if reporter else (inputs or [{}])[0]
    children = read_children(root, artifacts)
    faults = choose_faults(
        artifacts, options.fail, options.fail_error, options.fail_attempts or 1,
        options.seed, reporter, children,
    )  # fmt: skip
    with collector_paused():
        stimuli = read_stimuli(options)
    if options.runs > 1 and not (inputs or stimuli):
        inputs = [{}]
    import_emulator()
    from carnation.emulator.workflow_runs import run  # --help need not wait for it

    _warn_of_undeclared(artifacts, inputs)
    runs = run(
        artifacts, *inputs, *[following] * (options.runs - 1),
        reporter=reporter, faults=faults, observer=_observe(artifacts, options.format),
        in_process=options.in_process, real_time=options.real_time, seed=options.seed,
        logs=options.logs, keeps_children=options.report is not None,
        children=children,
        parameters=read_parameters(options.parameter),
        stimuli=stimuli, shows=options.show, jobs=options.jobs, results=results,
        root=root, clock=read_clock(options.clock), exact_python=options.exact_python,
    )  # fmt: skip
    _print_end(runs, options, reporter)
    return EXIT_OK if runs.succeeded else EXIT_FINDINGS


def _warn_of_undeclared(artifacts: Artifacts, inputs: Sequence[Any]) -> None:
    """Say on standard error which members of an input are not as the workflow declares them."""
    schema = artifacts.manifest.get("declared", {}).get("input", {})
    for value in inputs:
        for problem in list_undeclared(schema, value):
            line = f"carnation run: warning: --input: {problem}."
            print(clean_lines(line), file=sys.stderr)


def _read_results(options: argparse.Namespace) -> dict[str, Any]:
    if options.results is None:
        return {}
    results = read_json("--results", options.results)
    if not isinstance(results, dict):
        raise UsageError('--results must be an object: {"State": result of its task}')
    return results


def _observe(artifacts: Artifacts, form: str) -> Observer:
    """Return what prints the runs as they go; only warnings where a document follows at the end."""
    from carnation.emulator.run_formats import RunPrinter, WarningPrinter

    if form == "json":
        return WarningPrinter()
    echo(f"{artifacts.workflow} {artifacts.version} on the local emulator")
    show_progress("  deploying …")
    return RunPrinter()


def _print_end(runs: WorkflowRuns, options: argparse.Namespace, reporter: Reporter | None) -> None:
    from carnation.emulator.run_formats import describe_runs, format_end

    if options.format == "json":
        echo_json(dump_json(describe_runs(runs)))
    else:
        for line in format_end(runs, has_reporter=reporter is not None):
            echo(line)
    if options.report is not None:
        from carnation.history import save_page

        save_page(
            options.report,
            runs.record(_make_namer(reporter)),
            f"{runs.artifacts.workflow} {runs.artifacts.version}",
            runs.lines,
        )
        if options.format == "text":
            echo(f"\nreport: {options.report}")


def _make_namer(reporter: Reporter | None) -> Callable[[Mapping[str, Any]], str] | None:
    """Make what names an item by the key that the reporter finds in it."""
    if reporter is None:
        return None

    def name(value: Mapping[str, Any]) -> str:
        keys = list(reporter.find_keys(value))
        return f"{reporter.noun} {keys[0]}" if len(keys) == 1 else ""

    return name
