"""Fetch the wheels that functions require, for Lambda's runtime and architecture.

The one verb that asks a package index, so that building never does. Run as
`carnation fetch`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from shutil import rmtree

from carnation.artifacts import wheels
from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.errors import UsageError, WorkflowError
from carnation.workflow import find_root

_FOR_LAMBDA = (
    "--only-binary=:all:",
    "--implementation=cp",
    "--python-version=3.13",
    *(
        f"--platform={tag}_aarch64"
        for tag in ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
    ),
)  # the runtime python3.13 on arm64, which is Amazon Linux 2023 with glibc 2.34


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation fetch",
        description="Download the packages that lambdas/<name>/requirements.txt lists to "
        ".carnation/wheels/.",
        epilog="example: carnation fetch process_event",
    )
    parser.add_argument(
        "functions", nargs="*", metavar="FUNCTION", help="Functions to fetch for (default: all)"
    )
    parser.add_argument(
        "--local", action="store_true",
        help="Also install them for local runs, into .carnation/packages/",
    )  # fmt: skip
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, fetch, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _fetch_all(find_root("."), options.functions, local=options.local))


def _fetch_all(root: str, names: Sequence[str], *, local: bool) -> int:
    folder = os.path.join(root, "lambdas")
    functions = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        if name not in functions:
            raise UsageError(f"function '{name}' not found in lambdas/.")
    for name in names or functions:
        requirements = wheels.read_requirements(root, name)
        count = _fetch(root, name, requirements) if requirements else 0
        if local and requirements:
            _install(root, name, requirements)
        here = ", and the same for this machine" if local else ""
        print(f"{name}: {count} wheels{here}" if requirements else f"{name}: no requirements")
    return EXIT_OK


def _fetch(root: str, name: str, requirements: str) -> int:
    """Download into a folder beside, check, then change places: whole or not at all."""
    target = wheels.find_wheels(root, name)
    part = f"{target}.part"
    rmtree(part, ignore_errors=True)
    os.makedirs(part)
    _run_pip(root, name, "Lambda (Python 3.13, arm64)", "download", *_FOR_LAMBDA, f"--dest={part}")
    found = os.listdir(part)
    missing = wheels.list_missing_pins(requirements, found)
    if missing:
        raise WorkflowError(
            f"lambdas/{name}/requirements.txt is missing transitive dependencies. Add: "
            f"{', '.join(missing)}"
        )
    wheels.write_stamp(part, requirements)
    rmtree(target, ignore_errors=True)
    os.rename(part, target)
    return len(found)


def _install(root: str, name: str, requirements: str) -> None:
    """Install for this machine, whole or not at all."""
    target = wheels.find_local_packages(root, name)
    part = f"{target}.part"
    rmtree(part, ignore_errors=True)
    os.makedirs(part)
    _run_pip(root, name, "this machine", "install", "--only-binary=:all:", f"--target={part}")
    wheels.write_local_stamp(part, requirements)
    rmtree(target, ignore_errors=True)
    os.rename(part, target)


def _run_pip(root: str, name: str, purpose: str, command: str, *options: str) -> None:
    source = os.path.join(root, "lambdas", name, "requirements.txt")
    pip = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(  # noqa: S603  a list, no shell
        [*pip, *options, f"--requirement={source}"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise WorkflowError(
            f"the requirements of '{name}' could not be fetched for {purpose}: "
            + (lines[-1][7:] if lines else done.stderr.strip()[-300:])
        )
