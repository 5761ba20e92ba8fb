"""`carnation completion`: Print the completion script of a shell."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.commands import COMMANDS
from carnation.cli.parser import CommandParser
from carnation.errors import CarnationError

SHELLS = ("bash", "zsh", "tcsh")


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation completion",
        description="Print a script that completes commands and options in a shell.",
        epilog='example: eval "$(carnation completion bash)"',
    )
    parser.add_argument("shell", choices=SHELLS, help="Shell to complete in")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _print_script(options.shell))


def _print_script(shell: str) -> int:
    try:
        import shtab
    except ImportError as error:
        raise CarnationError(
            "shell completion requires 'shtab'. Install it with: "
            "pip install 'carnation[completion]'"
        ) from error
    print(shtab.complete(make_parser(), shell=shell))
    return EXIT_OK


def make_parser() -> argparse.ArgumentParser:
    """Create one parser of all commands; a command whose library is missing has no options."""
    parser = argparse.ArgumentParser(prog="carnation")
    parser.add_argument("--version", action="store_true", help="Print the version")
    commands = parser.add_subparsers()
    for name, meaning in COMMANDS.items():
        commands.add_parser(name, help=meaning, parents=_find_parents(name), add_help=False)
    return parser


def _find_parents(command: str) -> list[argparse.ArgumentParser]:
    try:
        return [import_module(f"carnation.cli.{command}")._make_parser()]
    except CarnationError:
        return []
