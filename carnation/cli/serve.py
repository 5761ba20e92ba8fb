"""Serve the local emulator on loopback, for any client, with built workflows deployed in it.

Run as `carnation serve`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from carnation.artifacts import read_artifacts, read_children
from carnation.cli.command import EXIT_OK, collect_while_serving, run_command
from carnation.cli.emulator_options import add_emulator_options
from carnation.cli.parser import CommandParser
from carnation.cli.stimuli import read_clock, read_parameters
from carnation.console import align_table, clean, clean_lines, paint
from carnation.emulator.embedded import deploy_artifacts, import_emulator, share_parameters
from carnation.errors import UsageError
from carnation.workflow import find_root

if TYPE_CHECKING:
    from carnation.emulator import Emulator


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation serve",
        description="Start the local AWS emulator on a port and deploy built workflows to it. "
        "All data is lost when it stops.",
        epilog="example: carnation serve carnation --port 4599",
    )
    parser.add_argument(
        "workflows", nargs="*", metavar="WORKFLOW", help="Built workflows to deploy (default: none)"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="Port to listen on (default: a free one)"
    )
    parser.add_argument("--region", default="us-east-1", help="AWS Region (default: %(default)s)")
    add_emulator_options(parser)
    parser.add_argument(
        "--host-name", action="append", default=[], metavar="NAME",
        help="Answer under this host name too; it must resolve to this machine",
    )  # fmt: skip
    parser.add_argument(
        "--require-signature", action="store_true",
        help="Accept only requests signed with a key that is created and printed at the start",
    )  # fmt: skip
    parser.add_argument(
        "--request-log", action="store_true", help="Print a line for each request to stderr"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, serve, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _serve(options))


def _serve(options: argparse.Namespace) -> int:
    if not 0 <= options.port < 65536:
        raise UsageError(f"--port {options.port}: a port is a number from 0 to 65535.")
    root = find_root(".") if options.workflows else ""
    built = [read_artifacts(root, name) for name in options.workflows]
    parameters = share_parameters(built, read_parameters(options.parameter))
    emulator_type = import_emulator()
    with emulator_type(
        region=options.region,
        in_process=options.in_process,
        real_time=options.real_time,
        seed=options.seed,
        port=options.port,
        hold_port=True,
        host_names=options.host_name,
        require_signature=options.require_signature,
        request_log=_log_request if options.request_log else None,
        clock=read_clock(options.clock),
        other_python=None if options.exact_python else _warn,
    ) as emulator:
        emulator.finish_jobs(options.jobs)
        deployed: list[str] = []
        for artifacts, chosen in zip(built, parameters, strict=True):
            if artifacts.workflow in deployed:
                continue
            known = read_children(root, artifacts)
            children = [one for one in known if one.workflow not in deployed]
            begun = time.monotonic()
            outputs = deploy_artifacts(
                emulator, artifacts, _warn, parameters=chosen, children=children, root=root
            )
            deployed += [one.workflow for one in (*children, artifacts)]
            version, took = artifacts.version, time.monotonic() - begun
            print(f"{artifacts.workflow} {version} deployed in {took:.1f} s")
            for line in align_table([[f"  {name}", value] for name, value in outputs.items()]):
                print(clean(line))
            print()
        collect_while_serving()
        emulator.open_port()
        _print_endpoint(emulator)
        _wait_for_the_end()
    return EXIT_OK


def _warn(text: str) -> None:
    print(clean_lines(f"warning: {text}"), file=sys.stderr)


def _print_endpoint(emulator: Emulator) -> None:
    print(f"Emulator listening on {paint(emulator.endpoint, 'bold')}. To use it:\n")
    for name, value in emulator.client_environment.items():
        print(f"  export {name}={value}")
    if not emulator.real_time:
        print("\nTime is virtual: Wait and Retry take no time; timestamps advance as if they did.")
        print("Use --real-time for real waits. Schedules fire on request:")
        print(f"  curl -X POST '{emulator.endpoint}/_advance?by=24h'")
    print("\nPress Ctrl+C to stop.", flush=True)


def _log_request(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _wait_for_the_end() -> None:
    """Wait for an interruption, or for a polite end from outside."""
    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
