"""The options of `carnation run`, and which of them contradict each other."""

from __future__ import annotations

import argparse
from pathlib import Path

from carnation.cli.parser import CommandParser
from carnation.emulator.state_faults import INJECTED_ERROR
from carnation.errors import UsageError


def make_parser() -> CommandParser:
    """Make the parser."""
    parser = CommandParser(
        prog="carnation run",
        description="Deploy build/<workflow>/ to the embedded AWS, start an execution and print "
        "its status and output, or what the workflow's reporter knows. Exits 1 when the (last) "
        "execution failed.",
        epilog="example: carnation run orders --input @order.json --fail ChargeCard "
        "--fail-error CardDeclined --fail-attempts 2",
    )
    parser.add_argument("workflow", help="Name of a workflow in build/")
    parser.add_argument(
        "--input", metavar="JSON",
        help="Input of the execution as JSON, or @FILE (@- reads standard input); "
                "default: {}, unless a trigger started an execution",
    )  # fmt: skip
    _add_stimuli(parser)
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE",
        help="a parameter of the root stack (default: its example, else its default)",
    )  # fmt: skip
    parser.add_argument(
        "--show", action="append", default=[], metavar="RESOURCE",
        help="print what a table, queue, topic, bucket, log group or function holds at the end; "
        "by id (stock), logical ID or name",
    )  # fmt: skip
    parser.add_argument(
        "--fail", metavar="WHICH",
        help="Task state that fails, or a selection that the workflow's reporter "
                "understands (events: 3,5-7 or 10%%)",
    )  # fmt: skip
    parser.add_argument(
        "--fail-error", metavar="ERROR",
        help=f"the error with which the state of --fail fails (default: {INJECTED_ERROR})",
    )  # fmt: skip
    parser.add_argument(
        "--fail-attempts", type=int, metavar="N",
        help="Failing attempts of each (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, metavar="N",
        help="Random seed for failures and for the order of concurrent tasks",
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
        "--in-process", action="store_true", help="Run handlers in this process, for a debugger"
    )
    parser.add_argument(
        "--real-time",
        action="store_true",
        help="Use real time for Wait and Retry (default: skip waiting)",
    )
    parser.add_argument(
        "--logs", action="store_true", help="Print the output and logs of the functions"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument(
        "--report", metavar="FILE.html",
        help="Write an HTML report with diagram, timeline, payloads, and errors",
    )  # fmt: skip
    return parser


def _add_stimuli(parser: argparse.ArgumentParser) -> None:
    """Add what happens before the first execution, and may start it through a trigger."""
    parser.add_argument(
        "--put", action="append", default=[], metavar="BUCKET/KEY=FILE",
        help="put a file into a bucket first: uploads/in/a.csv=./a.csv",
    )  # fmt: skip
    parser.add_argument(
        "--send", action="append", default=[], metavar="QUEUE=JSON",
        help="send a message to a queue first, as JSON or @FILE: jobs=@job.json",
    )  # fmt: skip
    parser.add_argument(
        "--event", action="append", default=[], metavar="FILE",
        help="put an EventBridge event (source, detail-type, detail) on its bus first; its rule "
        "starts the execution",
    )  # fmt: skip
    parser.add_argument(
        "--fire", action="append", default=[], metavar="SCHEDULE", help="fire a schedule first"
    )
    parser.add_argument(
        "--results", metavar="JSON",
        help='what Task states give instead of being performed: {"State": …}, or @FILE',
    )  # fmt: skip
    parser.add_argument(
        "--jobs", choices=("succeed", "fail"),
        help="how the jobs of .sync states end, five minutes after they were started",
    )  # fmt: skip


def check_options(options: argparse.Namespace) -> None:
    """Refuse before anything ran what contradicts itself, or could not be written after."""
    for option in ("fail_attempts", "fail_error"):
        if options.fail is None and getattr(options, option) is not None:
            raise UsageError(
                f"--{option.replace('_', '-')} says how --fail fails what it chooses; "
                "give --fail, too."
            )
    if options.runs < 1 or (options.fail_attempts is not None and options.fail_attempts < 1):
        raise UsageError("--runs and --fail-attempts take a number from 1.")
    path = options.report
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise UsageError(f"--report: cannot write {path}: the folder does not exist.")
