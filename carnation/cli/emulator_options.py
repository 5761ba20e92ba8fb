"""The options of the commands that open a local emulator, `run` and `serve`."""

from __future__ import annotations

import argparse


def add_emulator_options(parser: argparse.ArgumentParser) -> None:
    """Add how the emulator runs, and the parameters of the stacks that are deployed to it."""
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE",
        help="Set a parameter of the root stack (default: its example, otherwise its default)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, metavar="N",
        help="Random seed for failures and for the order of concurrent tasks",
    )  # fmt: skip
    parser.add_argument(
        "--in-process", action="store_true", help="Run handlers in this process, for a debugger"
    )
    parser.add_argument(
        "--exact-python", action="store_true",
        help="Reject functions whose Python is not on this machine (default: run them on the "
        "Python of carnation, with a warning)",
    )  # fmt: skip
    parser.add_argument(
        "--real-time", action="store_true",
        help="Use real time for Wait and Retry (default: skip waiting)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", choices=("succeed", "fail"),
        help="How the jobs of .sync states end, five minutes after they were started",
    )  # fmt: skip
    parser.add_argument(
        "--clock", metavar="TIME",
        help="Start of the virtual clock, for executions and schedules (default: now)",
    )  # fmt: skip
