"""Prove an invariant of a definition: it is run once for everything that can go wrong.

Run as `carnation prove FILE --invariant completes`. Nothing is deployed: Tasks are stubs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.json_values import read_json
from carnation.console import echo, terminal_width
from carnation.errors import BrokenPromiseError, UsageError

if TYPE_CHECKING:
    from carnation.testing.proofs import Environment, Invariant
    from carnation.testing.proofs.stubs import StubbedEnvironment


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation prove",
        description="Run a definition once for every fault at every call and every step, and "
        "check invariants at every moment. Tasks are stubs; nothing is deployed.",
        epilog="example: carnation prove orders.asl.json --invariant at-most-once:Charge "
        "--input @order.json",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=terminal_width()),
    )
    parser.add_argument(
        "target", metavar="FILE",
        help="Definition, or template (FILE#NAME for one of its machines)",
    )  # fmt: skip
    parser.add_argument(
        "--invariant", action="append", required=True, metavar="INVARIANT",
        help="What holds: completes (every execution succeeds), at-most-once:STATE (its call has "
        "its effect once), or FILE.py:FUNCTION, which gives sentences of what is wrong",
    )  # fmt: skip
    parser.add_argument(
        "--input", action="append", default=[], metavar="JSON",
        help="Input of an execution, or @FILE; several are run one after the other (default: {})",
    )  # fmt: skip
    parser.add_argument(
        "--results", default="{}", metavar="JSON", help="Task results by state name, or @FILE"
    )
    parser.add_argument(
        "--kinds", metavar="KIND,…", help="Faults to inject (default: all that can happen)"
    )
    parser.add_argument(
        "--times", type=int, default=1, metavar="N",
        help="How often a fault happens at one call, one after the other (default: 1)",
    )  # fmt: skip
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, prove, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _prove(options))


def _prove(options: argparse.Namespace) -> int:
    from carnation.testing.proofs import KINDS, prove  # the engine takes a moment

    invariants = [_read_invariant(text) for text in options.invariant]

    def all_of_them(world: Environment) -> Any:
        for invariant in invariants:
            found = invariant(world)
            yield from [found] if isinstance(found, str) else found or ()

    all_of_them.__name__ = ", ".join(options.invariant)
    inputs = [read_json("--input", text) for text in options.input] or [{}]
    kinds = options.kinds.split(",") if options.kinds else tuple(KINDS)
    world = _open(options)
    try:
        proof = prove(world, all_of_them, inputs, kinds=kinds, times=options.times)
    except BrokenPromiseError as error:
        return _print_broken(str(error), options.format)
    if options.format == "json":
        echo(json.dumps({"holds": True, **proof._asdict(), "kinds": dict(proof.kinds)}))
        return EXIT_OK
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(proof.kinds.items()))
    echo(f"holds in {proof.stories} stories at {proof.points} points ({counts or 'no faults'})")
    return EXIT_OK


def _print_broken(text: str, format: str) -> int:
    complaint, *rest = text.splitlines()
    if format == "json":
        echo(json.dumps({"holds": False, "complaint": complaint, "story": rest[1:]}))
    else:
        echo(text)
    return EXIT_FINDINGS


def _open(options: argparse.Namespace) -> StubbedEnvironment:
    from carnation.sources import read_target
    from carnation.testing.proofs.stubs import StubbedEnvironment

    found = read_target(options.target).sources
    if len(found) != 1:
        names = ", ".join(f"{options.target}#{one.name}" for one in found)
        raise UsageError(
            f"{options.target} holds {len(found)} state machines. Name one: {names or 'none'}"
        )
    results = read_json("--results", options.results)
    if not isinstance(results, dict):
        raise UsageError("--results takes an object: results by the names of Task states.")
    express = found[0].type == "EXPRESS"
    return StubbedEnvironment(found[0].value, results, express=express)


def _read_invariant(text: str) -> Invariant:
    from carnation.testing.proofs.stubs import at_most_once, completes

    name, _, rest = text.rpartition(":")
    if text == "completes":
        return completes
    if name == "at-most-once" and rest:
        return at_most_once(rest)
    if name.endswith(".py"):
        return _load(name, rest)
    raise UsageError(
        f"there is no invariant '{text}'. Give completes, at-most-once:STATE, or FILE.py:FUNCTION."
    )


def _load(path: str, name: str) -> Callable[[Any], Any]:
    """Load a function out of a file of the user's own."""
    spec = importlib.util.spec_from_file_location("_invariants", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}.") from error
    found = getattr(module, name, None)
    if not callable(found):
        raise UsageError(f"{path} has no function '{name}'.")
    function: Callable[[Any], Any] = found
    return function
