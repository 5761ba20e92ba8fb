"""Dead letters of a deployed workflow: list, show, send back to the queue, or purge into a file.

Run as `carnation dlq`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

from carnation.account import Account
from carnation.account.operations.dead_letters import (
    DeadLetter,
    find_dead_letter_queues,
    purge,
    read_filters,
    read_letters,
    redrive_letters,
    release,
)
from carnation.cli.accounts import AccountConsole, add_options, confirm, find_reporter, open_stack
from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import align_table, count, format_time
from carnation.document import dump_json
from carnation.errors import UsageError, suggest_name
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
        raise UsageError(f"--rate {options.rate:g}: it takes a number of messages per second.")
    if options.do == "purge" and not options.to:
        raise UsageError(
            "purge saves messages before deleting them. Give a new file with --to FILE."
        )
    account, deployed = open_stack(options)
    reporter = find_reporter(options.workflow)
    queues = _choose(
        find_dead_letter_queues(account, deployed, reporter), options.queue, deployed.name
    )
    letters = {url: read_letters(account, url) for url in queues}
    try:
        chosen = {url: [one for one in found if fits(one)] for url, found in letters.items()}
        if options.do in ("list", "show"):
            listed = [one for found in chosen.values() for one in found]
            return _print_messages(console, listed, reporter, whole=options.do == "show")
        done = _act(console, account, queues, chosen, options, reporter)
        gone = {letter.id for letter in done}
        letters = {url: [one for one in found if one.id not in gone]
                   for url, found in letters.items()}  # fmt: skip
        return console.end({options.do: [one.describe(reporter) for one in done]}, EXIT_OK)
    finally:
        for url, found in letters.items():
            release(account, url, found)


def _choose(queues: dict[str, str], name: str | None, stack: str) -> dict[str, str]:
    """Choose the dead-letter queues that are meant: one by its name, else all."""
    names = {url.rpartition("/")[2]: url for url in queues}
    if not queues:
        raise UsageError(f"stack '{stack}' has no dead-letter queue.")
    if name is None:
        return queues
    found = [url for own, url in names.items() if name in (own, url)]
    if not found:
        raise UsageError(
            f"--queue: '{name}' not found.{suggest_name(name, list(names))} The dead-letter queues "
            f"of '{stack}' are {', '.join(names)}."
        )
    return {url: queues[url] for url in found}


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
    else:
        rows = [[getattr(reporter, "noun", "what"), "reason", "since", "attempts", "from"]]
        rows += [
            [
                letter.name(reporter)[:40], letter.reason[:60], format_time(letter.since),
                letter.attempt(reporter), letter.execution.rpartition(":")[2] or letter.queue,
            ]
            for letter in letters
        ]  # fmt: skip
        for line in align_table(rows):
            console.echo(line)
        different = len({letter.name(reporter) for letter in letters})
        words = f", {count(different, getattr(reporter, 'noun', 'item'))}" if reporter else ""
        console.echo(f"{count(len(letters), 'dead letter')}{words}")
    return console.end({"letters": [one.describe(reporter) for one in letters]}, EXIT_OK)


def _act(
    console: AccountConsole,
    account: Account,
    queues: Mapping[str, str],
    chosen: Mapping[str, Sequence[DeadLetter]],
    options: argparse.Namespace,
    reporter: Reporter | None,
) -> list[DeadLetter]:
    number = sum(map(len, chosen.values()))
    what = "sent back" if options.do == "redrive" else f"written to {options.to}"
    verb = "is" if number == 1 else "are"
    console.echo(f"{count(number, 'dead letter')} {verb} {what}, each then deleted here")
    if not number or not (options.yes or confirm("go on?")):
        return []
    done: list[DeadLetter] = []
    with console.progress(options.do) as tell:
        for letter in _move(account, queues, chosen, options, reporter):
            done.append(letter)
            tell(len(done), number)
    console.echo(f"{len(done)} done")
    return done


def _move(
    account: Account,
    queues: Mapping[str, str],
    chosen: Mapping[str, Sequence[DeadLetter]],
    options: argparse.Namespace,
    reporter: Reporter | None,
) -> Iterator[DeadLetter]:
    if options.do == "purge":
        yield from purge(account, chosen, options.to)
        return
    for url, letters in chosen.items():
        yield from redrive_letters(
            account, letters, url, queues[url],
            rate=options.rate, fresh=options.fresh, reporter=reporter,
        )  # fmt: skip
