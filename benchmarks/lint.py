"""What linting costs: CPU for each definition, the start of the verb, and how both grow.

Run as `python benchmarks/lint.py`. The corpus of published definitions lies beside the repository
(`../shared/corpus`); where it does not, the committed definitions are measured. Says whether the
promises hold, and exits 1 if they do not.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.environment import make_environment  # noqa: E402
from carnation.document import read_document  # noqa: E402  the project need not be installed
from carnation.linter import review_definition  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpus" / "valid"
MAX_MEDIAN = 2.0  # milliseconds
MAX_START = 4.0  # times `python -c pass`
MAX_GROWTH = 12.0  # from 1,000 states to 10,000
DEFINITION = (
    '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "$.b"}, "Next": "B"},'
    '"B": {"Type": "Succeed"}}}'
)


def find_median(numbers: list[float]) -> float:
    """Return the middle one."""
    return sorted(numbers)[len(numbers) // 2]


def measure_definitions() -> tuple[float, int]:
    """Read and review every definition: the median of the milliseconds, and how many there are."""
    files = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    files = files or sorted((ROOT / "build").rglob("*.asl.json"))
    spent = []
    for path in files:
        start = time.process_time()
        review_definition(read_document(str(path)))
        spent.append((time.process_time() - start) * 1000)
    return find_median(spent), len(files)


def run(command: list[str], folder: str) -> float:
    """Run a command in a folder, without the caller's settings, and give its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder}
    quiet = subprocess.DEVNULL
    subprocess.run(command, check=True, env=env, cwd=folder, stdout=quiet, stderr=quiet)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_start(repeat: int = 21) -> float:
    """Lint a small JSONPath definition, as a multiple of `python -c pass`, runs taken in turn."""
    python = make_environment()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.asl.json")
        Path(path).write_text(DEFINITION, encoding="utf-8")
        base, lint = [], []
        for _ in range(repeat):
            base.append(run([python, "-c", "pass"], folder))
            lint.append(run([python, "-m", "carnation", "lint", path], folder))
    return find_median(lint) / find_median(base)


def make_chain(length: int) -> dict[str, Any]:
    """Make a definition of so many Tasks, each with a catcher."""
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}]
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Catch": catch}
    payload = {"FunctionName": "f", "Payload": {"id.$": "$.id"}}
    states: dict[str, Any] = {
        f"Task{i}": {**task, "Parameters": payload, "Next": f"Task{i + 1}"} for i in range(length)
    }
    states[f"Task{length}"] = {"Type": "Succeed"}
    states["Failed"] = {"Type": "Fail", "Error": "Failed"}
    return {"StartAt": "Task0", "States": states}


def measure_growth() -> float:
    """Compare 10,000 states with 1,000."""
    import gc

    from carnation.cli.lint import GARBAGE_THRESHOLD
    from carnation.linter import find_problems

    gc.set_threshold(GARBAGE_THRESHOLD)  # as the verb does
    spent = {}
    for length in (1_000, 10_000):
        definition = make_chain(length)
        runs = []
        for _ in range(3):
            start = time.process_time()
            list(find_problems(definition))
            runs.append(time.process_time() - start)
        spent[length] = find_median(runs)
    return spent[10_000] / spent[1_000]


def main() -> int:
    """Measure, print, and say whether the promises hold."""
    median, count = measure_definitions()
    start, growth = measure_start(), measure_growth()
    print(f"{median:.2f} ms CPU for a definition (median of {count}); at most {MAX_MEDIAN:g}")
    print(
        f"{start:.1f} times `python -c pass` to lint a JSONPath definition; at most {MAX_START:g}"
    )
    print(f"{growth:.1f} times the CPU for ten times the states; at most {MAX_GROWTH:g}")
    return 0 if median <= MAX_MEDIAN and start <= MAX_START and growth <= MAX_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
