"""`CommandParser`: the parser of a command line, which suggests what a misspelled option meant."""

from __future__ import annotations

import argparse

from carnation.console import terminal_width
from carnation.errors import suggest_name
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn

# our messages are English, and so are argparse's: looking for translations costs 5 ms
setattr(argparse, "_", str)  # noqa: B010  the name is argparse's own


class CommandParser(argparse.ArgumentParser):
    """An argument parser as wide as the terminal; unknown options get a suggestion."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", _make_formatter)
        super().__init__(**settings)
        for action in self._actions:  # there is only `--help` yet, in argparse's own style
            action.help = "Show this help and exit"

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error, and end the process with status 2."""
        words = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized arguments: ") and words[0].startswith("-"):
            option = words[0].partition("=")[0]
            message += "." + suggest_name(option, self._option_string_actions)
        super().error(message)


class _Formatter(argparse.HelpFormatter):
    """A formatter that breaks no option of an example at its hyphens."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap

        lines = textwrap.wrap(" ".join(text.split()), width - len(indent), break_on_hyphens=False)
        return "\n".join(indent + line for line in lines)


def _make_formatter(prog: str) -> argparse.HelpFormatter:
    return _Formatter(prog, width=terminal_width())
