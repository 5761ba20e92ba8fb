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
MAX_START = 3.5  # times `python -c pass`, in either language
MAX_EACH = 1.0  # milliseconds, of 1,000 definitions in one call
MAX_GROWTH = 10.5  # from 1,000 states to 10,000
DEFINITION = (
    '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "$.b"}, "Next": "B"},'
    '"B": {"Type": "Succeed"}}}'
)
JSONATA = (
    '{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": '
    '{"a": "{% $states.input.b %}"}, "Next": "B"}, "B": {"Type": "Succeed"}}}'
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


def measure_start(repeat: int = 41) -> list[float]:
    """Lint a small definition in JSONPath and one in JSONata, and 1,000 of both in one call.

    The first two as multiples of `python -c pass`, runs taken in turn; the last in milliseconds
    each.
    """
    python = make_environment()
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder, "many")
        inner.mkdir()
        for i in range(500):
            (inner / f"path{i}.asl.json").write_text(DEFINITION, encoding="utf-8")
            (inner / f"ata{i}.asl.json").write_text(JSONATA, encoding="utf-8")
        commands = {
            "pass": ["-c", "pass"],
            "path": ["-m", "carnation", "lint", "many/path0.asl.json"],
            "ata": ["-m", "carnation", "lint", "many/ata0.asl.json"],
        }
        spent: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeat):
            for name, command in commands.items():
                spent[name].append(run([python, *command], folder))
        many = run([python, "-m", "carnation", "lint", "many"], folder)
    base, path, ata = map(find_median, spent.values())
    return [path / base, ata / base, many]


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
    path, ata, each = measure_start()
    growth = measure_growth()
    print(f"{median:.2f} ms CPU for a definition (median of {count}); at most {MAX_MEDIAN:g}")
    for name, start in (("JSONPath", path), ("JSONata", ata)):
        print(
            f"{start:.1f} times `python -c pass` to lint a {name} definition; at most {MAX_START:g}"
        )
    print(f"{each:.2f} ms CPU for each of 1,000 definitions in one call; at most {MAX_EACH:g}")
    print(f"{growth:.1f} times the CPU for ten times the states; at most {MAX_GROWTH:g}")
    starts = path <= MAX_START and ata <= MAX_START and each <= MAX_EACH
    return 0 if median <= MAX_MEDIAN and starts and growth <= MAX_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
