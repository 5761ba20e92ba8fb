"""Estimate what a definition takes as it grows, and which limit breaks first.

Run as `carnation estimate FILE --items 1000,100000`. It reads
documents only, and runs samples of the definition in the engine.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.json_values import read_json
from carnation.console import terminal_width
from carnation.errors import UsageError, suggest_name
from carnation.sources import STDIN, Source, read_target, split_target

_SIZES = "100,1000,10000,100000"


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation estimate",
        description="Estimate what a definition takes as it grows: history, payloads, transitions, "
        "functions, time and dollars, and the first limit that breaks.",
        epilog="example: carnation estimate statemachine.asl.json --items 1000,100000 "
        "--input @input.json --fail 1%",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=terminal_width()),
    )
    parser.add_argument(
        "target",
        metavar="FILE or WORKFLOW",
        help="a definition, a template (FILE#NAME for one of its machines), a built workflow, or "
        "- for standard input",
    )
    parser.add_argument(
        "--items", default=_SIZES, metavar="N,N,…",
        help=f"how many items the Map gets, or, without one, executions (default: {_SIZES})",
    )  # fmt: skip
    parser.add_argument("--input", metavar="JSON", help="a sample input; @FILE reads a file")
    parser.add_argument(
        "--results", metavar="JSON",
        help="what tasks give, by the names of their states; of lambda:invoke the payload will do",
    )  # fmt: skip
    parser.add_argument("--item", metavar="JSON", help="a sample item of what an ItemReader reads")
    parser.add_argument(
        "--fail", default="0", metavar="SHARE", help="the share of items that fail: 1%% or 0.01"
    )
    parser.add_argument(
        "--retry", default="0", metavar="SHARE", help="the share of items that need one retry"
    )
    parser.add_argument(
        "--error", default="States.TaskFailed", metavar="NAME", help="what failing items fail with"
    )
    parser.add_argument(
        "--seconds", action="append", default=[], metavar="[STATE=]N",
        help="how long a task takes (default: 0.1); for one state with its name",
    )  # fmt: skip
    parser.add_argument(
        "--memory", type=int, metavar="MB", help="of functions (default: as built, or 128)"
    )
    parser.add_argument(
        "--architecture", choices=["x86_64", "arm64"],
        help="of functions (default: as built, or x86_64)",
    )  # fmt: skip
    parser.add_argument(
        "--child", action="append", default=[], metavar="STATE=FILE[:EXPRESS]",
        help="the machine whose executions a state starts",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="the value of a substitution, where an expression reads it",
    )  # fmt: skip
    parser.add_argument("--type", choices=["STANDARD", "EXPRESS"], help="of the state machine")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run samples, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _estimate(options))


def _estimate(options: argparse.Namespace) -> int:
    from carnation.estimates import make_model  # the engine takes a moment; --help need not wait
    from carnation.estimates.formats import write_json, write_text

    sizes = _read_sizes(options.items)
    target = _read_target(options.target)
    model = make_model(target.definition, _read_facts(options, target))
    write = write_json if options.format == "json" else write_text
    sys.stdout.write(write(target.name, model, sizes))
    return EXIT_OK


class _Target(NamedTuple):
    """What is estimated, and what is known of it."""

    name: str
    definition: Mapping[str, Any]
    type: str = "STANDARD"
    declared: Mapping[str, Any] = {}
    defaults: Mapping[str, str] = {}
    memories: Mapping[str, int] = {}
    arm: bool = False


def _read_sizes(text: str) -> list[int]:
    words = [word.strip().replace("_", "") for word in text.split(",")]
    if not all(word.isdigit() and 0 < int(word) <= 10**9 for word in words):
        raise UsageError(f"--items {text}: give whole numbers from 1 to 1000000000: 1000,100000")
    return sorted({int(word) for word in words})


def _read_target(target: str) -> _Target:
    """Read a definition from a file, or a built workflow by its name."""
    from carnation.estimates.built_workflow import read_built

    built = None if os.path.isfile(target) else read_built(target)
    if built is not None:
        return _Target(target, built.definition, "STANDARD", *built[1:])
    if target != STDIN and not os.path.isfile(split_target(target)[0]):
        known = os.listdir("build") if os.path.isdir("build") else []
        near = suggest_name(target, [*known, *os.listdir(".")])
        raise UsageError(f"there is no file and no built workflow '{target}'.{near}")
    reading = read_target(target)
    if len(reading.sources) != 1:
        names = ", ".join(f"{target}#{one.name}" for one in reading.sources)
        raise UsageError(
            f"{target} holds {len(reading.sources)} state machines. Name one of them: {names}"
        )
    (found,) = reading.sources
    return _Target(found.name, found.value, found.type or "STANDARD", {}, _list_defaults(found))


def _list_defaults(source: Source) -> dict[str, str]:
    """List the substitutions that the template gives a text or a number."""
    return {
        name: str(value)
        for name, value in source.substitutions.items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool)
    }


def _read_facts(options: argparse.Namespace, target: _Target) -> Any:
    from carnation.estimates import Facts, sample_schema

    declared = target.declared
    results = {name: sample_schema(shape) for name, shape in declared.get("results", {}).items()}
    given = sample_schema(declared["input"]) if "input" in declared else None
    if options.results:
        named = read_json("--results", options.results)
        if not isinstance(named, Mapping):
            raise UsageError('--results takes an object: {"State": what its task gives}')
        results |= named
    seconds = dict(_read_pairs("--seconds", options.seconds, bare=""))
    usual = _read_number("--seconds", seconds.pop("", "0.1"))
    arm = options.architecture == "arm64" if options.architecture else target.arm
    return Facts(
        given=read_json("--input", options.input) if options.input else given,
        results=results,
        item=read_json("--item", options.item) if options.item else None,
        fail=_read_share("--fail", options.fail),
        retry=_read_share("--retry", options.retry),
        error=options.error,
        seconds={name: _read_number("--seconds", text) for name, text in seconds.items()},
        usual=usual,
        memory=_check_memory(options.memory) or 128,
        memories={} if options.memory else dict(_find_memories(target)),
        substitutions={**target.defaults, **dict(_read_pairs("--set", options.set))},
        express=(options.type or target.type) == "EXPRESS",
        arm=arm,
        children=dict(_read_children(options.child, target.definition)),
    )


def _find_memories(target: _Target) -> Iterator[tuple[str, int]]:
    """Yield the memory of the function that a state invokes: `${PayFunction}` is `PayFunction`."""
    from carnation.asl import walk_states

    for place in walk_states(target.definition):
        given = place.body.get("Parameters", place.body.get("Arguments"))
        named = given.get("FunctionName") if isinstance(given, Mapping) else None
        title = str(named or place.body.get("Resource", "")).strip("${}")
        if title in target.memories:
            yield place.name, target.memories[title]


def _read_children(words: Sequence[str], definition: Mapping[str, Any]) -> Iterator[Any]:
    from carnation.asl import walk_states
    from carnation.estimates import Child

    states = [place.name for place in walk_states(definition)]
    for name, path in _read_pairs("--child", words):
        if name not in states:
            raise UsageError(f"--child: there is no state '{name}'.{suggest_name(name, states)}")
        child = _read_target(path.removesuffix(":EXPRESS"))
        express = path.endswith(":EXPRESS") or child.type == "EXPRESS"
        yield name, Child(child.definition, express)


def _read_pairs(
    option: str, words: Sequence[str], bare: str | None = None
) -> Iterator[tuple[str, str]]:
    for word in words:
        name, mark, value = word.rpartition("=")
        if not mark and bare is None:
            raise UsageError(f"{option} {word}: give a name and a value: NAME=VALUE")
        yield (name, value) if mark else (str(bare), word)


def _read_number(option: str, text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise UsageError(f"{option} {text}: give a number, such as 0.5")
    return float(text)


def _check_memory(given: int | None) -> int | None:
    """Refuse what Lambda refuses."""
    from carnation.services.limits import LEAST_MEMORY, MOST_MEMORY

    if given is not None and not LEAST_MEMORY <= given <= MOST_MEMORY:
        raise UsageError(f"--memory {given}: a function has {LEAST_MEMORY} to {MOST_MEMORY} MB")
    return given


def _read_share(option: str, text: str) -> float:
    percent = text.endswith("%")
    share = _read_number(option, text.rstrip("%")) / (100 if percent else 1)
    if share > 1:
        raise UsageError(f"{option} {text}: a share is at most 100%, or 1")
    return share
