"""The options of `carnation run`, and which of them contradict each other."""

from __future__ import annotations

import argparse
from pathlib import Path

from carnation.cli.emulator_options import add_emulator_options
from carnation.cli.parser import CommandParser
from carnation.emulator.state_faults import INJECTED_ERROR
from carnation.errors import UsageError


def make_parser() -> CommandParser:
    """Make the parser."""
    parser = CommandParser(
        prog="carnation run",
        description="Deploy build/<workflow>/ to a local emulator, start an execution, and print "
        "its status and output, or what the workflow's reporter knows. Exits with 1 if the last "
        "execution failed.",
        epilog="example: carnation run orders --input @order.json --fail ChargeCard "
        "--fail-error CardDeclined --fail-attempts 2",
    )
    parser.add_argument("workflow", metavar="WORKFLOW", help="Name of a workflow in build/")
    parser.add_argument(
        "--input", metavar="JSON",
        help="Input of the execution as JSON, or @FILE (@- reads standard input); "
                "default: {}, unless a trigger started an execution",
    )  # fmt: skip
    _add_stimuli(parser)
    add_emulator_options(parser)
    parser.add_argument(
        "--show", action="append", default=[], metavar="RESOURCE",
        help="Print what a table, queue, topic, bucket, log group, or function holds at the end; "
        "by id (stock), logical ID or name",
    )  # fmt: skip
    parser.add_argument(
        "--fail", metavar="WHICH",
        help="Task state that fails, or a selection that the workflow's reporter "
                "understands (events: 3,5-7 or 10%%)",
    )  # fmt: skip
    parser.add_argument(
        "--fail-error", metavar="ERROR",
        help=f"Error with which the state of --fail fails (default: {INJECTED_ERROR})",
    )  # fmt: skip
    parser.add_argument(
        "--fail-attempts", type=int, metavar="N",
        help="Failing attempts of each (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=int, default=1, metavar="N",
        help="Number of runs against the same data; runs after the first use "
                "--next-input",
    )  # fmt: skip
    parser.add_argument(
        "--next-input", metavar="JSON",
        help="Input of the runs after the first (default: the reporter's, otherwise "
                "--input)",
    )  # fmt: skip
    parser.add_argument(
        "--logs", action="store_true", help="Print the output and logs of the functions"
    )
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="Output format (default: text)"
    )
    parser.add_argument(
        "--report", metavar="FILE.html",
        help="Write an HTML report with diagram, timeline, payloads, and errors",
    )  # fmt: skip
    return parser


def _add_stimuli(parser: argparse.ArgumentParser) -> None:
    """Add what happens before the first execution, and may start it through a trigger."""
    parser.add_argument(
        "--put", action="append", default=[], metavar="PLACE=FILE",
        help="Put a file into a bucket first: uploads/in/a.csv=./a.csv; or items into a table, "
        "an object or a list as JSON: stock=./stock.json",
    )  # fmt: skip
    parser.add_argument(
        "--send", action="append", default=[], metavar="QUEUE=JSON",
        help="Send a message to a queue first, as JSON or @FILE: jobs=@job.json",
    )  # fmt: skip
    parser.add_argument(
        "--event", action="append", default=[], metavar="FILE",
        help="Put an EventBridge event (source, detail-type, detail) on its bus first; its rule "
        "starts the execution",
    )  # fmt: skip
    parser.add_argument(
        "--fire", action="append", default=[], metavar="SCHEDULE", help="Fire a schedule first"
    )
    parser.add_argument(
        "--advance", metavar="TIME",
        help="Advance virtual time first (36h, 7d, or until 2026-03-29T04:00Z); schedules in "
        "between fire in order",
    )  # fmt: skip
    parser.add_argument(
        "--results", metavar="JSON",
        help='Results of Task states, instead of running them: {"State": …}, or @FILE',
    )  # fmt: skip


def check_options(options: argparse.Namespace) -> None:
    """Reject before anything ran what contradicts itself, or could not be written after."""
    for option in ("fail_attempts", "fail_error"):
        if options.fail is None and getattr(options, option) is not None:
            raise UsageError(f"--{option.replace('_', '-')} requires --fail.")
    if options.runs < 1 or (options.fail_attempts is not None and options.fail_attempts < 1):
        raise UsageError("--runs and --fail-attempts must be integers >= 1.")
    path = options.report
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise UsageError(f"--report: cannot write {path}: the folder does not exist.")
