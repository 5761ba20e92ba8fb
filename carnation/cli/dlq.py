"""Dead letters of a deployed workflow: list, show, send back to the queue, or purge into a file.

Run as `carnation dlq`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from carnation.account.operations.dead_letters import (
    DeadLetter,
    choose_queues,
    count_letters,
    find_dead_letter_queues,
    list_rows,
    move_letters,
    read_letters,
    release,
)
from carnation.account.operations.letter_filters import read_filters
from carnation.cli.accounts import AccountConsole, add_options, confirm, find_reporter, open_stack
from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import align_table, count
from carnation.document import dump_json
from carnation.errors import UsageError
from carnation.workflow.reporters import Reporter


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation dlq",
        description="List, redrive, or purge the dead-letter messages of a workflow's queues, "
        "rules, and schedules. A message is deleted only after it has been sent or saved.",
        epilog="example: carnation dlq redrive carnation --where reason=Timeout --rate 5",
    )
    parser.add_argument(
        "do", choices=["list", "show", "redrive", "purge"], help="What to do with the messages"
    )
    add_options(parser)
    parser.add_argument(
        "--where", action="append", default=[], metavar="FIELD=VALUE",
        help="Filter messages, for example reason=Timeout or 'order>=100' "
                "(operators: = != ~ > < >= <=)",
    )  # fmt: skip
    parser.add_argument(
        "--queue", metavar="NAME", help="Only this dead-letter queue (default: all of the stack)"
    )
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
        raise UsageError(f"--rate {options.rate:g}: expected a number of messages per second.")
    if options.do == "purge" and not options.to:
        raise UsageError(
            "purge saves messages before deleting them. Give a new file with --to FILE."
        )
    account, deployed = open_stack(options)
    reporter = find_reporter(options.workflow)
    queues = choose_queues(
        find_dead_letter_queues(account, deployed, reporter), options.queue, deployed.name
    )
    letters = {url: read_letters(account, url) for url in queues}
    done: list[DeadLetter] = []
    try:
        chosen = {url: [one for one in found if fits(one)] for url, found in letters.items()}
        if options.do in ("list", "show"):
            listed = [one for found in chosen.values() for one in found]
            return _print_messages(console, listed, reporter, whole=options.do == "show")
        moved = move_letters(
            account, queues, chosen, to=options.to if options.do == "purge" else "",
            rate=options.rate, fresh=options.fresh, reporter=reporter,
        )  # fmt: skip
        done = _act(console, options, sum(map(len, chosen.values())), moved)
        return console.end({options.do: [one.describe(reporter) for one in done]}, EXIT_OK)
    finally:
        for url, found in letters.items():
            release(account, url, found, done)


def _print_messages(
    console: AccountConsole,
    letters: Sequence[DeadLetter],
    reporter: Reporter | None,
    *,
    whole: bool,
) -> int:
    if whole:
        for letter in letters:
            console.echo(dump_json(letter.describe(reporter)))
    if not whole or not letters:
        for line in align_table(list_rows(letters, reporter)) if letters else ():
            console.echo(line)
        console.echo(count_letters(letters, reporter))
    return console.end({"letters": [one.describe(reporter) for one in letters]}, EXIT_OK)


def _act(
    console: AccountConsole, options: argparse.Namespace, number: int, moved: Iterator[DeadLetter]
) -> list[DeadLetter]:
    what = "sent back" if options.do == "redrive" else f"written to {options.to}"
    verb = "is" if number == 1 else "are"
    console.echo(f"{count(number, 'dead letter')} {verb} {what}, each then deleted here")
    if not number or not (options.yes or confirm("continue?")):
        return []
    done: list[DeadLetter] = []
    with console.progress(options.do) as show:
        for letter in moved:
            done.append(letter)
            show(len(done), number)
    console.echo(f"{len(done)} done")
    return done
