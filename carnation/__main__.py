"""`carnation VERB …` and `python -m carnation VERB …`: the verbs under one name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from carnation import __version__
from carnation.console import OK, WRONG
from carnation.errors import suggest_name

GROUPS = {
    "make": {
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
VERBS = {name: meaning for group in GROUPS.values() for name, meaning in group.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the rest of the command line to the verb it names; return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = arguments[0] if arguments else ""
    if verb in VERBS:
        status: int = import_module(f"carnation.{verb}").main(arguments[1:])
        return status
    if verb == "--version":
        print(f"carnation {__version__}")
        return OK
    if verb in ("", "-h", "--help"):
        print("usage: carnation VERB [OPTIONS]")
        for title, group in GROUPS.items():
            print(f"\n{title}")
            for name, meaning in group.items():
                print(f"  {name:<10}{meaning}")
        print("\nexample: carnation build --check\n`carnation VERB --help` tells more.")
        return OK if verb else WRONG
    print(f"carnation: there is no verb '{verb}'.{suggest_name(verb, VERBS)}", file=sys.stderr)
    return WRONG


if __name__ == "__main__":
    sys.exit(main())
