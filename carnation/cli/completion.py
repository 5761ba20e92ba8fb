"""`carnation completion`: Print the completion script of a shell."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.commands import COMMANDS
from carnation.cli.parser import CommandParser
from carnation.errors import CarnationError

SHELLS = ("bash", "zsh", "tcsh")
_WORKFLOWS = (
    """sh -c 'ls definitions 2>/dev/null | sed -n "s/^\\([^_].*\\)[.]py$/\\1/p" | tr _ -'"""
)
_FUNCTIONS = "sh -c 'ls lambdas 2>/dev/null'"
"""List what the project has that the shell stands in, without starting Python."""


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
    parser = make_parser()
    workflow: dict[str, Any] = shtab.cmd(_WORKFLOWS)
    bash = f'_carnation_any() {{ _shtab_compgen_files "$1"; {workflow["bash"]} "$1"; }}'
    either = {**shtab.FILE, "bash": "_carnation_any"}
    either["preamble"] = {"bash": workflow["preamble"]["bash"] + "\n" + bash}
    _complete_words(
        parser,
        {
            "WORKFLOW": workflow,
            "FILE or WORKFLOW": either,
            "FUNCTION": shtab.cmd(_FUNCTIONS),
            "DIR": shtab.DIRECTORY,
            **dict.fromkeys(("FILE", "FILE|DIR", "FILE.html", "HISTORY.json"), shtab.FILE),
        },
    )
    print(shtab.complete(parser, shell=shell))
    return EXIT_OK


def _complete_words(parser: argparse.ArgumentParser, ways: Mapping[str, object]) -> None:
    """Have each argument completed by what its placeholder says that it is."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _complete_words(inner, ways)
        elif action.metavar in ways:
            action.complete = ways[str(action.metavar)]  # type: ignore[attr-defined]


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
