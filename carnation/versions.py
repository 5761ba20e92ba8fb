"""List the versions of a deployed state machine, and where its alias leads.

Run as `python -m carnation.versions` or `carnation versions`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from carnation.console import OK, align_table, find_width, run_verb, tell_time
from carnation.operations import list_versions
from carnation.targets import Console, add_options, find_output, open_stack


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation versions",
        description="List the versions of a deployed state machine, the newest first.",
        epilog="example: python -m carnation.versions carnation --environment prod",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=find_width()),
    )
    add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, list, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_verb(lambda: _list(options))


def _list(options: argparse.Namespace) -> int:
    console = Console(options.format)
    account, deployed = open_stack(options)
    find_output(deployed, "StateMachineArn")
    versions = list_versions(account, deployed.outputs)
    rows = [["version", "published", "alias"]] + [
        [str(v.number), tell_time(v.created.timestamp()), f"{v.weight} %" if v.weight else ""]
        for v in versions
    ]
    for line in align_table(rows, right=[0]):
        console.say(line)
    return console.end(
        {"versions": [{**v._asdict(), "created": str(v.created)} for v in versions]}, OK
    )


if __name__ == "__main__":
    sys.exit(main())
