"""Estimate what a definition takes as it grows, and which limit breaks first.

Run as `carnation estimate FILE --items 1000,100000`. It reads
documents only, and runs samples of the definition in the engine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.json_values import read_json
from carnation.cli.loads import apply_load
from carnation.cli.option_values import read_integer, read_number, read_pairs, read_rate
from carnation.cli.parser import CommandParser
from carnation.console import clean_lines, wrap_lines

_SECONDS = 0.3
"""For one expression: samples are small, and what takes longer hardly ever ends."""
_SIZES = "100,1000,10000,100000"


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation estimate",
        description="Estimate history size, payload size, transitions, invocations, duration, "
        "and cost for growing inputs, and report the first service limit that is "
        "exceeded.",
        epilog="example: carnation estimate statemachine.asl.json --items 1000,100000 "
        "--input @input.json --fail 1%",
    )
    parser.add_argument(
        "target",
        metavar="FILE or WORKFLOW",
        help="Definition, template (FILE#NAME for one of its machines), built workflow, or "
        "- for standard input",
    )
    parser.add_argument(
        "--items", metavar="N,N,…",
        help="Number of items of the Map, or of executions without a Map (default: those of "
        f"[tool.carnation.load.NAME] in pyproject.toml, otherwise {_SIZES})",
    )  # fmt: skip
    parser.add_argument("--input", metavar="JSON", help="Sample input, or @FILE")
    parser.add_argument(
        "--results", metavar="JSON",
        help="Task results by state name (for lambda:invoke, the payload is enough)",
    )  # fmt: skip
    parser.add_argument("--item", metavar="JSON", help="Sample item of an ItemReader")
    parser.add_argument(
        "--fail", default="0", metavar="RATE",
        help="Rate of items that fail, for example 1%% or 0.01 (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--retry",
        default="0",
        metavar="RATE",
        help="Rate of items that need one retry (default: 0)",
    )
    parser.add_argument(
        "--error", default="States.TaskFailed", metavar="NAME", help="Error name of failing items"
    )
    parser.add_argument(
        "--seconds", action="append", default=[], metavar="[STATE=]N",
        help="Duration of a task (default: 0.1), or of the task of one state",
    )  # fmt: skip
    parser.add_argument(
        "--memory",
        type=int,
        metavar="MB",
        help="Function memory in MB (default: from the template, otherwise 128)",
    )
    parser.add_argument(
        "--architecture", choices=["x86_64", "arm64"],
        help="Architecture of functions (default: from the template, otherwise x86_64)",
    )  # fmt: skip
    parser.add_argument(
        "--child", action="append", default=[], metavar="STATE=FILE[:EXPRESS]",
        help="Definition of the state machine that a state starts",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="Set the value of a ${substitution}",
    )  # fmt: skip
    parser.add_argument("--type", choices=["STANDARD", "EXPRESS"], help="Type of the state machine")
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="Output format (default: text)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run samples, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _estimate(options))


def _estimate(options: argparse.Namespace) -> int:
    from carnation.asl.expressions.jsonata_values import Limits
    from carnation.estimates import estimate  # the engine takes a moment; --help need not wait
    from carnation.estimates.formats import render_json, render_text

    Limits.seconds = _SECONDS
    sizes = sorted({read_integer("--items", word) for word in (options.items or _SIZES).split(",")})
    found = estimate(options.target, sizes, **dict(_read_facts(options)))
    found, month = (found, None) if options.items else apply_load(options.target, found)
    write = render_json if options.format == "json" else render_text
    text = clean_lines(write(found.name, found.model, found.sizes, month))
    sys.stdout.write(text if options.format == "json" else wrap_lines(text))
    return EXIT_OK


def _read_facts(options: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """Yield what the options say, and nothing for those that were not given."""
    seconds = dict(read_pairs("--seconds", options.seconds, bare=""))
    yield "usual", read_number("--seconds", seconds.pop("", "0.1"))
    yield "seconds", {name: read_number("--seconds", text) for name, text in seconds.items()}
    yield "fail", read_rate("--fail", options.fail)
    yield "retry", read_rate("--retry", options.retry)
    yield "error", options.error
    yield "substitutions", dict(read_pairs("--set", options.set))
    yield "children", dict(read_pairs("--child", options.child))
    for name, option in (("given", "input"), ("item", "item"), ("results", "results")):
        if text := getattr(options, option):
            yield name, read_json(f"--{option}", text)
    if options.memory is not None:
        yield "memory", options.memory
    if options.type:
        yield "express", options.type == "EXPRESS"
    if options.architecture:
        yield "arm", options.architecture == "arm64"
