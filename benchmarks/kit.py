"""What the testing kit costs: a pytest start without it, a first test with it, and the next ones.

    python benchmarks/kit.py [--repeat 5] [--format json]

Each run is a whole `pytest` in a process of its own, in an empty folder with the reference workflow
in it, without other plugins. *Start* is a test that uses nothing of carnation, with its plugin and
without. *Cold* is one test that deploys the reference workflow and runs it with 10 events, and
*warm* the same test as the tenth of its kind: the time pytest tells of it. The ratio is to a pytest
start without the plugin. Says whether the promises hold, and exits 1 if they do not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PLUGIN = ["-p", "carnation.pytest_plugin"]
START, USED, COLD, WARM = (
    *("pytest", "pytest, plugin not used"),
    *("a first test (cold)", "the tenth test (warm)"),
)
ADDED = "added by the plugin"
PROMISES = {ADDED: 0.3, COLD: 2.0, WARM: 0.2}
TESTS = {
    "test_nothing.py": "def test_nothing():\n    pass\n",
    "test_cold.py": """\
def test_every_event_is_written(deploy_workflow):
    machine = deploy_workflow("carnation")
    run = machine.run({"start_seq": 1, "end_seq": 11})
    run.assert_succeeded()
    assert len(machine.emulator.items(machine.outputs["TableName"])) == 10
""",
    "test_warm.py": """\
import pytest
from test_cold import test_every_event_is_written as run

@pytest.mark.parametrize("number", range(10))
def test_again(deploy_workflow, number):
    run(deploy_workflow)
""",
}


def run_pytest(folder: Path, *arguments: str) -> tuple[float, str]:
    """Run a whole pytest; gives what one waited for it, in seconds, and what it said."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # bytecode is there for whoever tests daily
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"pytest {' '.join(arguments)} failed: {done.stdout[-900:]}{done.stderr}")
    return seconds, done.stdout


def run_warm(folder: Path) -> float:
    """Return the seconds of the tenth test: its setup, call and teardown."""
    _, said = run_pytest(folder, *PLUGIN, "--durations=0", "-vv", "test_warm.py")
    parts = re.findall(r"([\d.]+)s \w+ +test_warm\.py::test_again\[9\]", said)
    return sum(map(float, parts))


def measure(repeat: int) -> dict[str, list[float]]:
    """Measure all in turn, after a first turn that compiles bytecode and does not count."""
    seconds: dict[str, list[float]] = {START: [], USED: [], COLD: [], WARM: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("definitions", "lambdas"):
            shutil.copytree(ROOT / part, folder / part)
        for file, text in TESTS.items():
            (folder / file).write_text(text)
        run_pytest(folder, *PLUGIN)
        for _ in range(repeat):
            seconds[START].append(run_pytest(folder, "test_nothing.py")[0])
            seconds[USED].append(run_pytest(folder, *PLUGIN, "test_nothing.py")[0])
            seconds[COLD].append(run_pytest(folder, *PLUGIN, "test_cold.py")[0])
            seconds[WARM].append(run_warm(folder))
    return seconds


def summarize(seconds: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return the medians, and their multiples of a pytest start."""
    rows = {name: median(found) for name, found in seconds.items()}
    rows[ADDED] = max(0.0, rows[USED] - rows[START])
    return {
        name: {"seconds": round(value, 3), "ratio": round(value / rows[START], 2)}
        for name, value in rows.items()
    }


def find_broken(rows: dict[str, dict[str, float]]) -> list[str]:
    """Describe which promises are broken."""
    return [
        f"{name}: {rows[name]['seconds']} s, promised less than {limit:g}"
        for name, limit in PROMISES.items()
        if rows[name]["seconds"] >= limit
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
    print(f"{'':24}  seconds  ratio")
    for name, row in rows.items():
        print(f"{name:24}  {row['seconds']:7.3f}  {row['ratio']:5.2f}")
    print(f"\npromises {'broken: ' + '; '.join(broken) if broken else 'hold'}")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
