"""What each way to install costs: megabytes on disk beyond pip's own, and seconds of CPU.

Run as `python benchmarks/install.py [WAY …]`; a way is a list of extras, such as `run,sdk`, or
`base`. Each goes into an empty environment; `pip check` and a first command follow. It needs a
package index. The last row is README's first command. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
WAYS = {
    "base": ("draw", "docs/pictures/orders.asl.json", "--format", "mermaid"),
    "sdk": ("build", "--check"),
    "sagemaker": ("build", "--check"),
    "run,sdk": ("run", "carnation", "--input", '{"start_seq": 1, "end_seq": 3}'),
    "run": ("--version",),
    "deploy": ("deploy", "--help"),
    "yaml": ("draw", "docs/pictures/orders.asl.json", "--format", "mermaid"),
    "terraform": ("draw", "docs/pictures/orders.asl.json", "--format", "mermaid"),
    "sam": ("draw", "docs/pictures/orders.asl.json", "--format", "mermaid"),
    "cloudformation": ("lint", "--cfn-lint", "build/carnation"),
    "jsonata": ("estimate", "docs/pictures/orders.asl.json"),
    "parquet": ("--version",),
    "completion": ("completion", "bash"),
    "docs": ("--version",),
    "test": ("build", "--check"),
}
"""Extras, and the first command: what they are for."""
TARGETS = {"base": 40, "sdk": 110, "run,sdk": 200}
"""Megabytes."""
README_SECONDS = 40


class Cost(NamedTuple):
    """What a way to install took."""

    way: str
    megabytes: float
    seconds: float

    @property
    def is_too_much(self) -> bool:
        """Whether a target is missed."""
        return self.megabytes > TARGETS.get(self.way, 1000) or (
            self.way == "README" and self.seconds > README_SECONDS
        )


def measure(way: str, folder: Path) -> Cost:
    """Install one way into an empty environment, check it, and run its first command."""
    environment = folder / way.replace(",", "-")
    clone = folder / f"{environment.name}-clone"  # what an earlier build left is not in it
    _run(["git", "clone", "--quiet", str(ROOT), str(clone)])
    venv.create(environment, with_pip=True)
    before, began = _size(environment), _cpu()
    extras = "" if way == "base" else f"[{way}]"
    _run([str(environment / "bin" / "pip"), "install", "--quiet", f"{clone}{extras}"])
    cost = Cost(way, (_size(environment) - before) / 1e6, _cpu() - began)
    _run([str(environment / "bin" / "pip"), "check"])
    _run([str(environment / "bin" / "carnation"), *WAYS[way]])
    return cost


def measure_readme(folder: Path) -> Cost:
    """Do README's first command in a copy of the repository's committed files."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.findall(r"^python3 -m venv .*carnation run .*$", readme, re.MULTILINE)[0]
    clone = folder / "clone"
    _run(["git", "clone", "--quiet", str(ROOT), str(clone)])
    command = command.replace("python3", shlex.quote(sys.executable), 1)
    began = _cpu()
    _run(["bash", "-c", command], cwd=clone)
    return Cost("README", _size(clone / ".venv") / 1e6, _cpu() - began)


def _run(words: list[str], cwd: Path = ROOT) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(words, cwd=cwd, env=kept, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def _size(folder: Path) -> int:
    """Return the bytes of blocks on disk."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if not path.is_dir())


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(ways: list[str]) -> int:
    """Measure, and print a row for each."""
    print("| way | MB on disk | seconds of CPU |\n| --- | ---: | ---: |")
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for way in ways or [*WAYS, "README"]:
            path = Path(folder)
            cost = measure_readme(path) if way == "README" else measure(way, path)
            missed = missed or cost.is_too_much
            print(f"| {way} | {cost.megabytes:.0f} | {cost.seconds:.1f} |", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
