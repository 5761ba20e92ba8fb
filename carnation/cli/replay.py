"""Turn a recorded history into a test: the execution of that night, again, on this machine.

Run as `carnation replay`. The test gives every Task the answer that
was recorded, asserts that the execution succeeds, and so fails until the definition is mended; of a
history that succeeded it asserts the same output.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence

from carnation.asl import walk_states
from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.document import read_document
from carnation.errors import UsageError, suggest_name
from carnation.testing.recordings import Recording, read_recording

_TEST = '''\
"""Replayed from {history}."""

from __future__ import annotations

from typing import Any

HISTORY = {history!r}
DEFINITION = {definition!r}
INPUT = {input}


def test_{name}(load_definition: Any) -> None:
    """{sentence}"""
    machine = load_definition(DEFINITION)
    machine.mock_recorded(HISTORY)

    run = machine.run(INPUT)

    {assertion}
'''


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation replay",
        description="Write a test that replays a recorded history; Tasks answer as recorded.",
        epilog="example: carnation replay night.json --out tests/test_night.py (after: "
        "aws stepfunctions get-execution-history --execution-arn ARN > night.json)",
    )
    parser.add_argument("history", metavar="HISTORY.json", help="Output of get-execution-history")
    parser.add_argument(
        "--definition", metavar="FILE",
        help="Definition that was executed (default: the one in build/ that has all of "
                "its states)",
    )  # fmt: skip
    parser.add_argument("--out", metavar="FILE", help="Write the test to this new file")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, read, print or write; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _replay(options))


def _replay(options: argparse.Namespace) -> int:
    recording = read_recording(options.history)
    if recording.status == "RUNNING":
        raise UsageError(f"{options.history}: the execution has not ended. Get its history then.")
    definition = options.definition or _find_definition(recording)
    _check_states(definition, recording)
    text = _write_test(options.history, definition, recording)
    if options.out is None:
        print(text, end="")
        return EXIT_OK
    try:
        with open(options.out, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{options.out} already exists. Choose another file with --out.") from None
    except OSError as error:
        raise UsageError(f"{options.out} cannot be written ({error.strerror}).") from error
    print(options.out)
    return EXIT_OK


def _find_definition(recording: Recording) -> str:
    """Find the built definition that has every state that the history enters."""
    names = sorted(os.listdir("build")) if os.path.isdir("build") else []
    paths = [
        os.path.join("build", name, "code", "state-machine", f"{name}.asl.json") for name in names
    ]
    found = [
        path
        for path in paths
        if os.path.isfile(path) and set(recording.states) <= set(_list_states(path))
    ]
    if len(found) != 1:
        raise UsageError(
            f"{'no definition' if not found else 'more than one'} in build/ has the states of this "
            f"history ({', '.join(recording.states[:5])}). Name it with --definition."
        )
    return found[0]


def _list_states(path: str) -> list[str]:
    value = read_document(path).value
    return [place.name for place in walk_states(value)] if isinstance(value, dict) else []


def _check_states(path: str, recording: Recording) -> None:
    states = _list_states(path)
    for name in recording.states:
        if name not in states:
            print(
                f"carnation: the history enters '{name}', and {path} has no such state."
                f"{suggest_name(name, states)}",
                file=sys.stderr,
            )


def _write_test(history: str, definition: str, recording: Recording) -> str:
    stem = os.path.basename(history).partition(".")[0]
    name = re.sub(r"\W+", "_", stem).strip("_").lower() or "history"
    if recording.status == "SUCCEEDED":
        sentence, verb = "It succeeded, and does so still.", "still_succeeds"
        assertion = f"run.assert_succeeded({_literal(recording.output)})"
    else:
        error = f" with {recording.error}" if recording.error else ""
        sentence = (
            f"The execution ended with {recording.status}{error}. "
            "Fix the definition until this test passes."
        )
        assertion, verb = "run.assert_succeeded()", "succeeds"
    return _TEST.format(
        history=history,
        definition=definition,
        input=_literal(recording.input),
        name=f"{name}_{verb}",
        sentence=sentence.replace("\\", "/").replace('"', "'"),
        assertion=assertion,
    )


def _literal(value: object) -> str:
    from pprint import pformat

    return pformat(value, width=96, sort_dicts=False)
