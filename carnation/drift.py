"""Compare what is deployed with build/, where CloudFormation's own drift detection is blind.

Run as `python -m carnation.drift` or `carnation drift`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from carnation.artifacts import read_artifacts
from carnation.console import FINDINGS, OK, align_table, find_width, run_verb
from carnation.operations import find_drift
from carnation.targets import Console, add_options, open_stack
from carnation.workflow import find_root


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation drift",
        description="Tell what is deployed otherwise than built: templates, definition, alias, "
        "roles, alarms; exit 1 where anything is.",
        epilog="example: python -m carnation.drift carnation --environment prod",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=find_width()),
    )
    add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, compare, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_verb(lambda: _compare(options))


def _compare(options: argparse.Namespace) -> int:
    console = Console(options.format)
    artifacts = read_artifacts(find_root("."), options.workflow)
    account, deployed = open_stack(options)
    found = list(find_drift(account, deployed, artifacts))
    for line in align_table([[one.what, one.where, one.sentence] for one in found]):
        console.say(line)
    if not found:
        console.say(f"no drift: '{deployed.name}' is what build/{options.workflow} says")
    return console.end({"drift": [one._asdict() for one in found]}, FINDINGS if found else OK)


if __name__ == "__main__":
    sys.exit(main())
