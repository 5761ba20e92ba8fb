"""Turn a recorded history into a test: the recorded execution, again, on your machine.

Run as `carnation replay`. The test gives every Task the answer that was recorded, asserts that the
execution succeeds, and so fails until the definition is corrected; of a history that succeeded it
asserts the same output.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import clean
from carnation.errors import UsageError
from carnation.testing.recorded_tests import find_definition, list_unknown_states, render_test
from carnation.testing.recordings import read_recording


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation replay",
        description="Generate a test that replays a recorded history. Tasks answer as recorded.",
        epilog="example: carnation replay history.json --out tests/test_incident.py (after: "
        "aws stepfunctions get-execution-history --execution-arn ARN > history.json)",
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
    definition = options.definition or find_definition(recording)
    for line in list_unknown_states(definition, recording):
        print(f"carnation: {clean(line)}", file=sys.stderr)
    text = render_test(options.history, definition, recording)
    if options.out is None:
        print(text, end="")
        return EXIT_OK
    _write(options.out, text)
    print(options.out)
    return EXIT_OK


def _write(path: str, text: str) -> None:
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} already exists. Choose another file with --out.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}).") from error
