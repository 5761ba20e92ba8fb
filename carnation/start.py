"""Start the deployed state machine, follow it live, and explain a failure.

Run as `python -m carnation.start` or `carnation start`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from carnation.console import FINDINGS, OK, align_table, find_width, paint, run_verb
from carnation.document import read_document
from carnation.errors import UsageError
from carnation.operations import (
    Failure,
    derive_name,
    explain_failure,
    follow_execution,
    start,
)
from carnation.operations.executions import SETTLED
from carnation.targets import Console, add_options, find_output, open_stack

_SHOWN = ("StateEntered", "IterationFailed", "ExecutionSucceeded", "ExecutionFailed", "Retry")
_LONGEST = 2000


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation start",
        description="Start the deployed state machine and follow it; exit 1 where it fails.",
        epilog="example: python -m carnation.start carnation "
        """--input '{"start_seq": 1, "end_seq": 11}' --once""",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=find_width()),
    )
    add_options(parser)
    parser.add_argument("--input", required=True, metavar="JSON", help="or @FILE")
    parser.add_argument("--name", metavar="NAME", help="of the execution (default: a random one)")
    parser.add_argument(
        "--once", action="store_true", help="name it by its input: a second start is the same one"
    )
    parser.add_argument("--no-follow", action="store_true", help="start it, and leave")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, start, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_verb(lambda: _start(options))


def _read_input(word: str) -> str:
    if word.startswith("@"):
        return json.dumps(read_document(word[1:]).value)
    try:
        json.loads(word)
    except ValueError as error:
        raise UsageError(
            f"--input is no JSON ({error}). Quote it, or name a file: @FILE"
        ) from error
    return word


def _start(options: argparse.Namespace) -> int:
    console = Console(options.format)
    text = _read_input(options.input)
    name = derive_name(text) if options.once else options.name
    account, deployed = open_stack(options)
    machine = deployed.outputs.get("StateMachineAliasArn") or find_output(
        deployed, "StateMachineArn"
    )
    arn, existed = start(account, machine, text, name)
    console.say(f"{'there is already' if existed else 'started'} {arn}")
    if options.no_follow:
        return console.end({"execution": arn, "existed": existed}, OK)
    found, events = follow_execution(account, arn, lambda event: _tell(console, event))
    failure = explain_failure(found, events)
    report = {
        "execution": arn, "existed": existed, "status": found["status"],
        "output": found.get("output"), "failure": failure._asdict() if failure else None,
    }  # fmt: skip
    if failure is None:
        console.say(paint(f"{found['status']}: {str(found.get('output', ''))[:_LONGEST]}", "green"))
        return console.end(report, OK)
    for line in _tell_failure(failure, found, options):
        console.say(line)
    return console.end(report, FINDINGS)


def _tell(console: Console, event: Mapping[str, Any]) -> None:
    kind = str(event["type"])
    if not kind.endswith(_SHOWN) and "Failed" not in kind:
        return
    details: Mapping[str, Any] = next(
        (v for k, v in event.items() if k.endswith("EventDetails") and v), {}
    )
    words = [details.get("name"), details.get("error")]
    when = event["timestamp"].strftime("%H:%M:%S")
    console.say(f"  {when}  {kind:<28}{' '.join(str(word) for word in words if word)}")


def _tell_failure(
    failure: Failure, found: Mapping[str, Any], options: argparse.Namespace
) -> list[str]:
    same = f"{options.workflow} --environment {options.environment}"
    if failure.error == SETTLED:
        following = f"carnation dlq list {same}, or start it again: the queue is worked through"
    elif found["status"] in ("TIMED_OUT", "ABORTED") or failure.state:
        following = f"carnation recover {same}"
    else:
        following = f"carnation status {same}"
    rows = [
        ["state", failure.state or "(none)"],
        ["item", "" if failure.item is None else str(failure.item)],
        ["error", failure.error],
        ["cause", failure.cause[:_LONGEST]],
        ["input", failure.input[:_LONGEST]],
        ["next", following],
    ]
    head = paint(f"{found['status']}", "red")
    return [head, *(f"  {line}" for line in align_table([row for row in rows if row[1]]))]


if __name__ == "__main__":
    sys.exit(main())
