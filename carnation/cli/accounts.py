"""What the verbs for an account share: which stack of which account, and how they speak."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from carnation.account import Account, Deployed, find_deployed
from carnation.artifacts import read_artifacts
from carnation.cli.command import add_account_options
from carnation.console import clean, echo, echo_json, has_color, paint, show_progress, wrap_lines
from carnation.document import dump_json
from carnation.errors import AccountError, CarnationError, UsageError, WorkflowError
from carnation.workflow import find_root, validate_name
from carnation.workflow.reporters import Reporter, load_reporter

_ACCOUNT = ("environment", "stack_name", "profile", "region", "endpoint_url")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which stack of which account is meant."""
    parser.add_argument(
        "workflow", metavar="WORKFLOW", type=_read_name, help="Name of a workflow in build/"
    )
    add_account_options(parser)
    parser.add_argument(
        "--stack-name", metavar="NAME", help="Name of the stack (default: WORKFLOW-ENVIRONMENT)"
    )
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="Output format (default: text)"
    )


def _read_name(text: str) -> str:
    try:
        validate_name(text)
    except WorkflowError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def render_options(options: argparse.Namespace) -> str:
    """Render the options that were given, for the next command: it is about the same account.

    >>> given = argparse.Namespace(environment="prod", profile=None, region="eu-west-1")
    >>> render_options(given)
    '--environment prod --region eu-west-1'
    """
    given = {name: getattr(options, name, None) for name in _ACCOUNT}
    words = [[f"--{name.replace('_', '-')}", str(value)] for name, value in given.items() if value]
    return " ".join(shlex.quote(word) for pair in words for word in pair)


def open_account(options: argparse.Namespace) -> Account:
    """Open the account that the options name, and settle the stack's name."""
    options.stack = options.stack_name or f"{options.workflow}-{options.environment}"
    return Account(options.profile, options.region, options.endpoint_url)


def open_stack(options: argparse.Namespace) -> tuple[Account, Deployed]:
    """Open the account and find the stack; raises `AccountError` where it is not deployed."""
    account = open_account(options)
    deployed = find_deployed(account, options.stack)
    if deployed is None or not deployed.exists:
        raise AccountError(
            f"stack '{options.stack}' not found in account {account.number}, "
            f"{account.region}. Check --environment and --region, or run: carnation deploy "
            f"{options.workflow} --environment {options.environment}",
            reason="no-stack",
        )
    return account, deployed


def find_reporter(workflow: str) -> Reporter | None:
    """Load the reporter of a workflow from its build/, where the command runs in its project."""
    try:
        root = find_root(".")
        artifacts = read_artifacts(root, workflow)
    except CarnationError:  # an account can be asked from anywhere
        return None
    return load_reporter(root, artifacts.manifest)


def find_output(deployed: Deployed, name: str) -> str:
    """Return an output of the root stack; raises `AccountError` where it has none of that name."""
    if name not in deployed.outputs:
        raise AccountError(
            f"stack '{deployed.name}' has no output {name}; it has "
            f"{', '.join(deployed.outputs) or 'none'}. Add it to the root template, and deploy.",
            reason="no-output",
        )
    return deployed.outputs[name]


def read_pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """Read `NAME=VALUE` words.

    >>> read_pairs(["Schedule=rate(1 hour)"], "--parameter")
    {'Schedule': 'rate(1 hour)'}
    """
    for word in words:
        if not word.partition("=")[0] or "=" not in word:
            raise UsageError(f"{option} {word}: expected NAME=VALUE.")
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def confirm(question: str, look: str = "--plan to preview") -> bool:
    """Ask a person; raises `UsageError` where there is none to ask."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"{question} Cannot prompt: standard input is not a terminal. Use --yes, or {look}."
        )
    # standard output may be a program's, and belongs to the report
    print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


class AccountConsole:
    """What a verb says: lines for a person, or one document for a program."""

    def __init__(self, form: str, *, wraps: bool = False) -> None:
        """Take `text` or `json`, and whether sentences are broken at a terminal's width."""
        self._form, self._wraps = form, wraps
        self._last = ("", "")

    def echo(self, line: str) -> None:
        """Print a line, unless a program reads."""
        if self._form == "text":
            echo(wrap_lines(line) if self._wraps else line)

    def end(self, report: Mapping[str, Any], status: int) -> int:
        """Print the document, where a program reads; give the status back."""
        if self._form == "json":
            echo_json(dump_json(dict(report)))
        return status

    def echo_event(self, event: Any) -> None:
        """Print an event of a stack."""
        if (event.status, event.path) == self._last:  # that it begins is an event twice
            return
        self._last = event.status, event.path
        color = "red" if event.failed else "green" if event.status.endswith("COMPLETE") else "dim"
        status = paint(event.status.ljust(28), color)
        reason = "" if event.reason == "User Initiated" else f"  {event.reason}"
        self.echo(
            f"  {event.time:%H:%M:%S}  {status}  {event.path}{reason if event.failed else ''}"
        )

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show on a terminal how far something is; say nothing to a pipe."""
        yield lambda done, of: self.show_progress(f"{what} {done}/{of}")
        self.show_progress("")

    def show_progress(self, line: str) -> None:
        """Show a line on a terminal until the next one takes its place, unless a program reads."""
        if self._form == "text":
            show_progress(line)

    @property
    def color(self) -> bool:
        """Return whether to color."""
        return has_color(sys.stdout)
