"""Prove an invariant of a definition: it is run once for everything that can go wrong.

Run as `carnation prove FILE --invariant completes`. Nothing is deployed: Tasks are stubs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.definition_files import find_definition_file
from carnation.cli.json_values import read_json
from carnation.cli.parser import CommandParser
from carnation.console import echo
from carnation.errors import BrokenPromiseError


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation prove",
        description="Run a definition once for every fault at every call and every step, and "
        "check invariants after every step. Tasks are stubs; nothing is deployed.",
        epilog="example: carnation prove orders.asl.json --invariant at-most-once:Charge "
        "--input @order.json",
    )
    parser.add_argument(
        "target", metavar="FILE or WORKFLOW",
        help="Definition, template (or one state machine: FILE#NAME), or built workflow",
    )  # fmt: skip
    parser.add_argument(
        "--invariant", action="append", required=True, metavar="INVARIANT",
        help="Invariant to check: completes (every execution succeeds), at-most-once:STATE (its "
        "call takes effect at most once), or FILE.py:FUNCTION, which returns violations as strings",
    )  # fmt: skip
    parser.add_argument(
        "--input", action="append", default=[], metavar="JSON",
        help="Input of an execution, or @FILE; repeat it for several executions",
    )  # fmt: skip
    parser.add_argument(
        "--results", default="{}", metavar="JSON", help="Task results by state name, or @FILE"
    )
    parser.add_argument(
        "--kinds", metavar="KIND,…", help="Faults to inject (default: all but deny, which lasts)"
    )
    parser.add_argument(
        "--times", type=int, default=1, metavar="N",
        help="How often a fault happens at one call, one after the other (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--together", type=int, default=1, metavar="N",
        help="How many faults one scenario has, in every combination of points (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="Output format (default: text)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, prove, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _prove(options))


def _prove(options: argparse.Namespace) -> int:
    from carnation.testing.proofs import KINDS, prove  # the engine takes a moment
    from carnation.testing.proofs.named_invariants import all_of
    from carnation.testing.proofs.stubs import open_stubs

    invariant = all_of(options.invariant)
    inputs = [read_json("--input", text) for text in options.input] or [{}]
    kinds = options.kinds.split(",") if options.kinds else tuple(KINDS)
    environment = open_stubs(
        find_definition_file(options.target), read_json("--results", options.results)
    )
    try:
        proof = prove(
            environment,
            invariant,
            inputs,
            kinds=kinds,
            times=options.times,
            together=options.together,
        )
    except BrokenPromiseError as error:
        return _print_broken(str(error), options.format)
    if options.format == "json":
        echo(json.dumps({"holds": True, **proof._asdict(), "kinds": dict(proof.kinds)}))
        return EXIT_OK
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(proof.kinds.items()))
    echo(f"holds in {proof.scenarios} scenarios at {proof.points} points ({counts or 'no faults'})")
    return EXIT_OK


def _print_broken(text: str, format: str) -> int:
    complaint, *rest = text.splitlines()
    if format == "json":
        echo(json.dumps({"holds": False, "complaint": complaint, "scenario": rest[1:]}))
    else:
        echo(text)
    return EXIT_FINDINGS
