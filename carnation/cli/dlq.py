"""Dead letters of a deployed workflow: list, show, send back to the queue, or purge into a file.

Run as `carnation dlq`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from carnation.account import Account, Deployed
from carnation.cli.accounts import AccountConsole, add_options, confirm, find_output, open_stack
from carnation.cli.command import EXIT_OK, run_command
from carnation.console import align_table, count, format_time, terminal_width
from carnation.document import dump_json
from carnation.errors import UsageError
from carnation.patterns.events.dead_letters import (
    DeadLetter,
    purge,
    read_filters,
    read_letters,
    redrive_letters,
    release,
)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation dlq",
        description="List, redrive, or purge dead-letter messages. A message is deleted only "
        "after it has been sent or saved.",
        epilog="example: carnation dlq redrive carnation --where reason=Timeout --rate 5",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=terminal_width()),
    )
    parser.add_argument("do", choices=["list", "show", "redrive", "purge"])
    add_options(parser)
    parser.add_argument(
        "--where", action="append", default=[], metavar="FIELD=VALUE",
        help="Filter messages, for example reason=Timeout or 'sequence_no>=100' "
                "(operators: = != ~ > < >= <=)",
    )  # fmt: skip
    parser.add_argument("--rate", type=float, default=0, metavar="N", help="Messages per second")
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="Reset the retry count of redriven messages (default: one more attempt)",
    )
    parser.add_argument("--to", metavar="FILE", help="New file for the messages that purge deletes")
    parser.add_argument("--yes", action="store_true", help="Skip the confirmation prompt")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, do, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _do(options))


def _do(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    fits = read_filters(options.where)
    if options.rate < 0:
        raise UsageError(f"--rate {options.rate:g}: it takes a number of Messages per second.")
    if options.do == "purge" and not options.to:
        raise UsageError(
            "purge saves messages before deleting them. Give a new file with --to FILE."
        )
    account, deployed = open_stack(options)
    url = find_output(deployed, "DeadLetterQueueUrl")
    letters = read_letters(account, url)
    try:
        chosen = [letter for letter in letters if fits(letter)]
        if options.do in ("list", "show"):
            return _show(console, chosen, whole=options.do == "show")
        done = _act(console, account, deployed, chosen, options)
        gone = {letter.id for letter in done}
        letters = [letter for letter in letters if letter.id not in gone]
        return console.end({options.do: [letter.describe() for letter in done]}, EXIT_OK)
    finally:
        release(account, url, letters)


def _show(console: AccountConsole, letters: Sequence[DeadLetter], *, whole: bool) -> int:
    if whole:
        for letter in letters:
            console.echo(dump_json(letter.describe()))
    else:
        rows = [["event", "reason", "since", "attempts", "execution"]]
        rows += [
            [
                letter.key[:40], letter.reason[:60], format_time(letter.since),
                letter.attempt, letter.execution.rpartition(":")[2],
            ]
            for letter in letters
        ]  # fmt: skip
        for line in align_table(rows):
            console.echo(line)
        events = len({letter.key for letter in letters})
        console.echo(f"{count(len(letters), 'dead letter')}, {count(events, 'event')}")
    return console.end({"letters": [letter.describe() for letter in letters]}, EXIT_OK)


def _act(
    console: AccountConsole,
    account: Account,
    deployed: Deployed,
    chosen: Sequence[DeadLetter],
    options: argparse.Namespace,
) -> list[DeadLetter]:
    url = find_output(deployed, "DeadLetterQueueUrl")
    what = "sent back to the queue" if options.do == "redrive" else f"written to {options.to}"
    verb = "is" if len(chosen) == 1 else "are"
    console.echo(f"{count(len(chosen), 'dead letter')} {verb} {what}, each then deleted here")
    if not chosen or not (options.yes or confirm("go on?")):
        return []
    done: list[DeadLetter] = []
    moving: Any
    if options.do == "redrive":
        target = find_output(deployed, "QueueUrl")
        moving = redrive_letters(
            account, chosen, url, target, rate=options.rate, fresh=options.fresh
        )
    else:
        moving = purge(account, chosen, url, options.to)
    with console.progress(options.do) as tell:
        for letter in moving:
            done.append(letter)
            tell(len(done), len(chosen))
    console.echo(f"{len(done)} done")
    return done
