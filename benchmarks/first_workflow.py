"""How long the Start page takes to its first own workflow that ran and has a test.

Run as `python benchmarks/first_workflow.py`. It types the page's commands, up to the first
`pytest`, in an empty folder, and prints the seconds of each, and those of CPU, which a busy machine
does not change. It needs a package index; carnation is installed from this clone. Exits with 1
above five commands or three minutes.
"""

from __future__ import annotations

import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.pages import Command, read_steps  # noqa: E402  the project need not be installed

MAX_COMMANDS, MAX_SECONDS = 5, 180


def list_commands() -> list[str]:
    """List the commands of the Start page, up to the first test."""
    page = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    lines = [step.line for step in read_steps(page) if isinstance(step, Command)]
    return lines[: lines.index("pytest") + 1]


def time_command(line: str, folder: Path, clone: Path) -> float:
    """Run one command as a user would, in the page's environment; return its seconds."""
    line = line.replace("python3", shlex.quote(sys.executable), 1)
    line = line.replace("'carnation[", f"'{clone}[")
    path = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", str(folder))}
    began = time.monotonic()
    words = ["bash", "-c", line]
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{line}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return time.monotonic() - began


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Type the commands, and print a row for each."""
    lines, total = list_commands(), 0.0
    print("| command | seconds | of CPU |\n| --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as project, tempfile.TemporaryDirectory() as clone:
        git = ["git", "clone", "--quiet", str(ROOT), clone]
        subprocess.run(git, check=True)
        first = _cpu()
        for line in lines:
            began = _cpu()
            seconds = time_command(line, Path(project), Path(clone))
            total += seconds
            print(f"| `{line}` | {seconds:.1f} | {_cpu() - began:.1f} |", flush=True)
    print(f"| {len(lines)} commands | {total:.1f} | {_cpu() - first:.1f} |")
    return int(len(lines) > MAX_COMMANDS or total > MAX_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
