"""`carnation COMMAND …` and `python -m carnation COMMAND …`: the commands under one name."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from carnation import __version__
from carnation.cli.command import EXIT_ERROR, EXIT_OK, exit_fast, rest_collector, run_command
from carnation.cli.commands import COMMANDS, ELSEWHERE, GROUPS
from carnation.errors import CarnationError, suggest_name
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the rest of the command line to the command it names; return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    command = arguments[0] if arguments else ""
    if command in COMMANDS:
        return _run_command(command, arguments[1:])
    if command == "--version":
        print(_describe_version())
        return EXIT_OK
    if command in ("", "-h", "--help"):
        print("usage: carnation COMMAND [OPTIONS]")
        for title, group in GROUPS.items():
            print(f"\n{title}")
            for name, meaning in group.items():
                print(f"  {name:<12}{meaning}")
        print(
            "\nexample: carnation build --check\nRun `carnation help COMMAND` for the "
            "options of a command."
        )
        if not command and not os.listdir():
            print("This folder is empty. Create a project: carnation init")
        return EXIT_OK if command else EXIT_ERROR
    other = f" Use: {ELSEWHERE[command]}" if command in ELSEWHERE else ""
    near = other or suggest_name(command, COMMANDS) or " Run `carnation help` for the list."
    print(f"carnation: unknown command '{command}'.{near}", file=sys.stderr)
    return EXIT_ERROR


def _describe_version() -> str:
    """Name the versions that a report of a problem needs."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from carnation.services.call_names import describe_facts

    found = []
    for name in (
        "stepfunctions",
        "stepfunctions-without-sagemaker",
        "troposphere",
        "moto",
        "boto3",
    ):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()} on {platform.system()}"
    return f"carnation {__version__}\n{python}; {', '.join(found)}\n{describe_facts()}"


def _run_command(command: str, arguments: list[str]) -> int:
    gc.disable()  # what is loaded stays: looking through it for garbage finds none
    try:
        module = import_module(f"carnation.cli.{command}")
    except CarnationError as error:  # a library that this command needs is not installed
        print(f"carnation {command}: {error}", file=sys.stderr)
        return EXIT_ERROR
    finally:
        gc.freeze()
        gc.enable()
    status: int = module.main(arguments)
    return status


def run() -> NoReturn:
    """Run the command line and end the process."""
    rest_collector()
    exit_fast(run_command(main))


if __name__ == "__main__":
    run()
