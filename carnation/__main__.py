"""`carnation COMMAND …` and `python -m carnation COMMAND …`: the commands under one name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from carnation import __version__
from carnation.cli.command import EXIT_ERROR, EXIT_OK, exit_fast
from carnation.errors import suggest_name

GROUPS = {
    "make": {
        "init": "create a project that builds, runs, and passes its own test",
        "adopt": "turn definitions somebody wrote into modules of definitions/",
        "build": "build definitions/ into build/, or check that it is current",
        "fetch": "fetch the wheels that functions require",
    },
    "review": {
        "diff": "tell what changed between two builds, revisions, definitions or templates",
        "draw": "draw a definition, as SVG or Mermaid",
        "estimate": "estimate what a definition takes as it grows, and which limit breaks first",
        "lint": "find what AWS would refuse, and what production would regret",
    },
    "run here": {
        "replay": "turn a recorded history into a test",
        "run": "run a built workflow on this machine",
        "serve": "serve the embedded AWS on a port, for any client",
    },
    "deploy": {
        "deploy": "deploy a built workflow to an account",
        "destroy": "delete a deployed workflow's stack; what holds data is retained",
        "versions": "list the versions of a deployed state machine",
        "rollback": "move its alias back to an earlier version",
        "drift": "tell what is deployed otherwise than built",
    },
    "operate": {
        "start": "start a deployed state machine, follow it, explain a failure",
        "status": "show stack, versions, queues, alarms and executions",
        "dlq": "list, show, redrive or purge dead letters",
        "recover": "redrive executions that ended with events in them",
    },
}
COMMANDS = {name: meaning for group in GROUPS.values() for name, meaning in group.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the rest of the command line to the command it names; return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = arguments[0] if arguments else ""
    if command in COMMANDS:
        status: int = import_module(f"carnation.cli.{command}").main(arguments[1:])
        return status
    if command == "--version":
        print(f"carnation {__version__}")
        return EXIT_OK
    if command in ("", "-h", "--help"):
        print("usage: carnation COMMAND [OPTIONS]")
        for title, group in GROUPS.items():
            print(f"\n{title}")
            for name, meaning in group.items():
                print(f"  {name:<10}{meaning}")
        print("\nexample: carnation build --check\n`carnation COMMAND --help` tells more.")
        if not command and not os.listdir():
            print("This folder is empty. Create a project: carnation init")
        return EXIT_OK if command else EXIT_ERROR
    print(
        f"carnation: unknown command '{command}'.{suggest_name(command, COMMANDS)}", file=sys.stderr
    )
    return EXIT_ERROR


def run() -> NoReturn:
    """Run the command line and end the process."""
    exit_fast(main())


if __name__ == "__main__":
    run()
