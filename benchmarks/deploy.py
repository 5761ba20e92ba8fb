"""What deploying the reference stack to the local emulator costs: the first time, and again.

    python benchmarks/deploy.py [--repeat 5] [--format json]

Each run has a local emulator of its own (`carnation serve`), which knows nothing yet; the verb is a
process of its own, as a person starts it. Seconds are what one waits, the server's work and what it
loads at the first calls included; the ratio is the verb's own CPU as a multiple of
`python -c pass`. Says whether the promises hold, and exits 1 if they do not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PROMISES = {"first deployment": 15.0, "again, nothing changed": 3.0}
CHANGED = ["--parameter", "MaxConcurrency=20"]
SUBJECTS: dict[str, list[str]] = {
    "first deployment": [],
    "again, nothing changed": [],
    "one parameter changed": CHANGED,
}


class Run(NamedTuple):
    """One run of a process: what one waited, and its CPU, in seconds."""

    seconds: float
    cpu: float


def time_process(command: list[str], environment: dict[str, str]) -> Run:
    """Run a process to its end; raises `SystemExit` with what it said where it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr[-600:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, cpu)


@contextmanager
def serve() -> Iterator[dict[str, str]]:
    """Open a local emulator of its own; gives the environment in which a client finds it."""
    command = [sys.executable, "-u", "-m", "carnation", "serve"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            environment = dict(os.environ)
            for line in server.stdout or ():
                found = re.match(r"\s+export (\w+)=(\S+)", line)
                if found:
                    environment[found[1]] = found[2]
                if "Ctrl+C" in line:
                    break
            yield environment
        finally:
            server.terminate()


def measure(repeat: int) -> dict[str, list[Run]]:
    """Measure every subject on as many local emulator as there are repetitions."""
    runs: dict[str, list[Run]] = {name: [] for name in ("python -c pass", *SUBJECTS)}
    for _ in range(repeat):
        with serve() as environment:
            runs["python -c pass"].append(time_process([sys.executable, "-c", "pass"], environment))
            for name, words in SUBJECTS.items():
                command = [
                    sys.executable,
                    "-m",
                    "carnation",
                    "deploy",
                    "carnation",
                    "--yes",
                    *words,
                ]
                runs[name].append(time_process(command, environment))
    return runs


def summarize(runs: dict[str, list[Run]]) -> dict[str, dict[str, float]]:
    """Return the medians: seconds, and CPU as a multiple of `python -c pass`."""
    base = median(run.cpu for run in runs["python -c pass"])
    return {
        name: {
            "seconds": round(median(run.seconds for run in found), 2),
            "slowest": round(max(run.seconds for run in found), 2),
            "cpu_ratio": round(median(run.cpu for run in found) / base, 1),
        }
        for name, found in runs.items()
    }


def find_broken(rows: dict[str, dict[str, float]]) -> list[str]:
    """Describe which promises are broken; the slowest run counts."""
    return [
        f"{name}: {rows[name]['slowest']} s, promised less than {limit:g}"
        for name, limit in PROMISES.items()
        if rows[name]["slowest"] >= limit
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    rows = summarize(measure(options.repeat))
    broken = find_broken(rows)
    if options.format == "json":
        print(json.dumps({"rows": rows, "broken": broken}, indent=2))
        return bool(broken)
    print(f"{'':24}  seconds  slowest  CPU ratio")
    for name, row in rows.items():
        print(f"{name:24}  {row['seconds']:7}  {row['slowest']:7}  {row['cpu_ratio']:9}")
    print(f"\npromises {'broken: ' + '; '.join(broken) if broken else 'hold'}")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
