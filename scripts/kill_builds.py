"""Kill builds and deployments at every moment, and say what they left half done.

    python scripts/kill_builds.py [--moments N] [--deployments N]

A build of the reference workflow into an empty and into a stale `build/` is ended with SIGKILL at N
moments, evenly over the time that it takes. After each, no artifact may be half written (each has
its old bytes, or its new ones), and the next build has to end with what a build that nobody
disturbs writes, and nothing beside it. A deployment to an emulator of its own is ended at each of
its calls; the next `deploy` has to complete it. Exit 1 where anything is left.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORKFLOW = "carnation"
KILL_AT = "CARNATION_KILL_AT"
_KILLING = f"""
import os, signal, sys
from botocore.client import BaseClient
call, left = BaseClient._make_api_call, [int(os.environ["{KILL_AT}"])]
def counted(self, name, parameters):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    print(f"call {{name}}", file=sys.stderr)
    return call(self, name, parameters)
BaseClient._make_api_call = counted
from carnation.__main__ import main
sys.exit(main())
"""
"""Run as a program: the command whose calls are counted, and which dies before the last of them."""


def list_files(folder: Path) -> dict[str, bytes]:
    """List the files of a folder: path to content."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def make_project(folder: Path) -> None:
    """Copy what a build of the reference workflow reads."""
    for name in ("definitions", "lambdas", "build"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)


def make_stale(folder: Path) -> None:
    """Change every artifact, so that the build writes all of them."""
    for path in (folder / "build" / WORKFLOW).rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            path.write_bytes(path.read_bytes() + b"\n")


def run(folder: Path, *arguments: str, after: float | None = None) -> int:
    """Run a command of carnation there, killed after so many seconds; return its status."""
    process = subprocess.Popen(  # noqa: S603  a list, no shell
        [sys.executable, "-m", "carnation", *arguments], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        return process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def kill_builds(folder: Path, moments: int) -> Iterator[str]:
    """Kill a build at so many moments; yield what is wrong afterwards."""
    make_project(folder)
    run(folder, "build", WORKFLOW)
    built, began = list_files(folder), time.monotonic()
    make_stale(folder)
    run(folder, "build", WORKFLOW)
    took, killed = time.monotonic() - began, 0
    for moment in range(moments):
        if moment % 2:
            shutil.rmtree(folder / "build" / WORKFLOW)
        else:
            make_stale(folder)
        before = list_files(folder)
        killed += run(folder, "build", WORKFLOW, after=took * moment / moments) == -signal.SIGKILL
        for path, content in list_files(folder).items():
            if path in built and content not in (built[path], before.get(path)):
                yield f"killed at moment {moment}: {path} is half written"
        if run(folder, "build", WORKFLOW) != 0:
            yield f"killed at moment {moment}: the next build fails"
        left = {path for path, content in list_files(folder).items() if built.get(path) != content}
        missing = set(built) - set(list_files(folder))
        if left | missing:
            yield f"killed at moment {moment}: left over or not built: {sorted(left | missing)[:5]}"
    print(f"builds: {killed} of {moments} killed, the others had ended")


@contextmanager
def serve(folder: Path) -> Iterator[dict[str, str]]:
    """Serve an empty emulator; gives the environment in which a command finds it."""
    command = [sys.executable, "-m", "carnation", "serve"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(  # noqa: S603  a list, no shell
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        lines: list[str] = []
        for line in process.stdout or ():
            lines.append(line)
            if "Ctrl" in line:
                break
        given = dict(re.findall(r"^  export (\w+)=(.*)$", "".join(lines), re.MULTILINE))
        yield {**environment, **given}
    finally:
        process.terminate()
        process.wait(30)


def deploy(
    folder: Path, environment: dict[str, str], name: str, calls: int
) -> tuple[int, list[str]]:
    """Deploy to an environment, killed before call number `calls`; return the status and stderr."""
    done = subprocess.run(  # noqa: S603  a list, no shell
        [sys.executable, "-c", _KILLING, "deploy", WORKFLOW, "--yes", "--environment", name],
        cwd=folder, text=True,
        env={**environment, KILL_AT: str(calls)}, capture_output=True, check=False, timeout=600,
    )  # fmt: skip
    return done.returncode, done.stderr.splitlines()


def kill_deployments(folder: Path, most: int) -> Iterator[str]:
    """Kill a first deployment before each of its calls; yield where the next one fails."""
    make_project(folder)
    with serve(folder) as environment:
        for number in range(most):
            status, lines = deploy(folder, environment, f"k{number}", number)
            if status != -signal.SIGKILL:
                print(f"deployments: {number} killed, one before each call")
                return
            died = " ".join(line.removeprefix("call ") for line in lines[-2:])
            status, lines = deploy(folder, environment, f"k{number}", 10**9)
            if status != 0:
                words = [line for line in lines if not line.startswith("call ")]
                yield f"killed before call {number} ({died}): deploy ends with {status}: {words}"
    print(f"deployments: {most} killed; there are more calls")


def main() -> int:
    """Kill, and print what is left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=200, metavar="N")
    parser.add_argument("--deployments", type=int, default=200, metavar="N")
    options = parser.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, count in (
            (kill_builds, options.moments),
            (kill_deployments, options.deployments),
        ):
            for problem in kind(Path(folder, kind.__name__), count) if count else ():
                print(json.dumps(problem), flush=True)
                wrong.append(problem)
    print(f"{len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
