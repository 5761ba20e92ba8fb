"""Which of Lambda's runtimes run on this machine, and by which program."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from carnation.emulator.fork_server import Fork, start_fork_server
from carnation.emulator.function_code import FunctionCode

_PYTHON = ("python3.11", "python3.12", "python3.13", "python3.14")
_OWN = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_NODE = re.compile(r"nodejs(\d+)\.x")
_RUNTIME = re.compile(
    r"\bRuntime\"?: \"?((?:python|nodejs|ruby|java|dotnet|go|provided)[\w.]*)(?![^\s\",])"
)
_WORKER = Path(__file__).with_name("worker.py")
_NODE_WORKER = Path(__file__).with_name("worker.mjs")
_PACKAGES = sysconfig.get_path("purelib")  # where boto3 and the runtime's client lie


def find_obstacle(
    runtime: str | None, fallback: PythonFallback | None = None, *, has_wheels: bool = False
) -> str:
    """Describe why functions of a runtime do not run here; '' if they do.

    Whether the interpreter of a Python is here is for `fallback` to say, which is told whether the
    function has packages for this machine; without it any Python will do.

    >>> find_obstacle("python3.13")
    ''
    >>> find_obstacle("ruby3.3").partition(";")[0]
    "functions of the runtime 'ruby3.3' do not run in the emulator"
    """
    if runtime in _PYTHON:
        return fallback.find_obstacle(runtime, has_wheels=has_wheels) if fallback else ""
    node = _NODE.fullmatch(runtime or "")
    if node is None:
        return (
            f"functions of the runtime '{runtime}' do not run in the emulator; those of Python "
            "3.11 to 3.14 do, and Node's where `node` is on PATH"
        )
    found = _find_node()
    if found is None:
        return f"functions of the runtime '{runtime}' need `node` on PATH, which was not found"
    if found[1] < int(node[1]):
        return (
            f"functions of the runtime '{runtime}' need node {node[1]} or newer on PATH; found "
            f"node {found[1]}"
        )
    return ""


class PythonFallback:
    """Whether a function of a Python that is not here runs on the one that runs this.

    Only where somebody is told, once for each runtime; otherwise it is refused by name.
    """

    def __init__(self, tell: Callable[[str], None] | None) -> None:
        """Take whom to tell; None: there is no fallback."""
        self._tell = tell
        self._told: set[str] = set()

    def find_obstacle(self, runtime: str, *, has_wheels: bool = False) -> str:
        """Describe why a function does not run; '' if it does, where it has packages for here."""
        if runtime == _OWN or (not has_wheels and find_python(runtime) is not None):
            return ""
        reason, remedy = f"no {runtime} is on PATH", f"install {runtime}"
        if has_wheels:
            reason = f"carnation fetch --local brought packages for {_OWN}"
            remedy = f"fetch and run with {runtime}"
        if self._tell is None:
            return (
                f"functions of the runtime '{runtime}' are not run on another Python, and "
                f"{reason}; {remedy}, or let them run on {_OWN}: without --exact-python, or "
                "without Emulator(other_python=None)"
            )
        if runtime not in self._told:
            self._told.add(runtime)
            self._tell(f"functions of the runtime '{runtime}' run on {_OWN}: {reason}")
        return ""


def list_runtimes(templates: Iterable[str]) -> list[str]:
    """List the runtimes that templates name.

    >>> list_runtimes(["Runtime: python3.13", '"Runtime": "nodejs22.x",', "Runtime: !Ref R"])
    ['nodejs22.x', 'python3.13']
    """
    return sorted({name for text in templates for name in _RUNTIME.findall(text)})


def is_python(runtime: str) -> bool:
    """Return whether functions of a runtime are Python's."""
    return runtime.startswith("python")


def start_worker(code: FunctionCode, variables: Mapping[str, str]) -> Fork | subprocess.Popen[str]:
    """Start a function's worker with these variables, by a fork where that makes no difference."""
    node = None if is_python(code.runtime) else _find_node()
    if node is not None:
        return _start_process([node[0], str(_NODE_WORKER)], code, variables)
    # wheels that were fetched for this machine are for the interpreter that runs this
    command = _make_command(code.runtime if code.wheels is None else None)
    folders, server = code.module_folders, start_fork_server(command)
    fork = server and server.fork(folders, str(code.folder), variables)
    return fork or _start_process([*command, *folders], code, variables)


def _start_process(
    command: Sequence[str], code: FunctionCode, variables: Mapping[str, str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program, by its path
        command,
        cwd=code.folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def start_fork_servers(runtimes: Iterable[str]) -> None:
    """Let the processes load of which functions of these runtimes will be forks.

    Nobody waits for it; the interpreter of a runtime's name may be slow to find.
    """
    pythons = [name for name in runtimes if is_python(name)]

    def start() -> None:
        for runtime in pythons:
            start_fork_server(_make_command(runtime))

    threading.Thread(target=start, daemon=True).start()


def _make_command(runtime: str | None) -> list[str]:
    python = runtime and find_python(runtime)
    return [python or sys.executable, str(_WORKER), _PACKAGES]


@cache
def find_python(runtime: str) -> str | None:
    """Find the interpreter of a runtime's name on PATH; None if there is none that starts."""
    if runtime == _OWN:
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
