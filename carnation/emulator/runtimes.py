"""Which of Lambda's runtimes run on this machine, and by which program."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

from carnation.emulator.function_code import FunctionCode

_PYTHON = ("python3.11", "python3.12", "python3.13", "python3.14")
_NODE = re.compile(r"nodejs(\d+)\.x")
_WORKER = Path(__file__).with_name("worker.py")
_NODE_WORKER = Path(__file__).with_name("worker.mjs")
_PACKAGES = sysconfig.get_path("purelib")  # where boto3 and the runtime's client lie


def find_obstacle(runtime: str | None) -> str:
    """Say why functions of a runtime do not run here; '' if they do.

    Python's run on the interpreter of their name where it is on PATH, else on the one that runs
    this.

    >>> find_obstacle("python3.13")
    ''
    >>> find_obstacle("ruby3.3").partition(";")[0]
    "functions of the runtime 'ruby3.3' do not run in the emulator"
    """
    if runtime in _PYTHON:
        return ""
    node = _NODE.fullmatch(runtime or "")
    if node is None:
        return (
            f"functions of the runtime '{runtime}' do not run in the emulator; those of Python "
            "3.11 to 3.14 do, and Node's where `node` is on PATH"
        )
    found = _find_node()
    if found is None:
        return f"functions of the runtime '{runtime}' need `node` on PATH, and it is not there"
    if found[1] < int(node[1]):
        return (
            f"functions of the runtime '{runtime}' need node {node[1]} or newer on PATH; "
            f"node {found[1]} is there"
        )
    return ""


def is_python(runtime: str) -> bool:
    """Say whether functions of a runtime are Python's."""
    return runtime.startswith("python")


def make_command(code: FunctionCode) -> list[str]:
    """Give the command that runs a function's worker."""
    node = None if is_python(code.runtime) else _find_node()
    if node is None:
        python = find_python(code.runtime) if code.wheels is None else None
        # wheels that were fetched for this machine are for the interpreter that runs this
        return [python or sys.executable, str(_WORKER), _PACKAGES, *code.module_folders]
    return [node[0], str(_NODE_WORKER)]


@cache
def find_python(runtime: str) -> str | None:
    """Find the interpreter of a runtime's name on PATH; None if there is none that starts."""
    if runtime == f"python{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    path = shutil.which(runtime)
    if path is None:
        return None
    # what a version manager puts on PATH may have nothing behind it
    done = subprocess.run(  # noqa: S603 - found on PATH, no shell
        [path, "-I", "-c", "import sys; print(sys.executable)"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or None


@cache
def _find_node() -> tuple[str, int] | None:
    path = shutil.which("node")
    if path is None:
        return None
    done = subprocess.run(  # noqa: S603 - found on PATH, no shell
        [path, "--version"], capture_output=True, text=True, check=False
    )
    version = re.match(r"v(\d+)", done.stdout)
    return (path, int(version[1])) if version else None
