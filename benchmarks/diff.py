"""What comparing costs: the start of the verb, and two definitions of 1,000 states.

Run as `python benchmarks/diff.py`. Says whether the promises hold, and exits 1 if they do not.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.environment import make_environment  # noqa: E402
from benchmarks.lint import DEFINITION, find_median, make_chain, run  # noqa: E402
from carnation.changes import find_definition_changes  # noqa: E402
from carnation.changes.formats.html import render_page  # noqa: E402
from carnation.changes.reviews import Review  # noqa: E402
from carnation.changes.reviews.verdict import sort_changes  # noqa: E402

MAX_START = 5.0  # times `python -c pass`
MAX_LARGE = 1.0  # seconds
TEMPLATE = "cft/nested-stacks/iam-role-stack.yaml"


def measure_starts(repeat: int = 21) -> dict[str, float]:
    """Compare as text, as a multiple of `python -c pass`, the runs taken in turn."""
    python = make_environment()
    with tempfile.TemporaryDirectory() as folder:
        subjects = {name: list(map(str, paths)) for name, paths in list_subjects(Path(folder))}
        base: list[float] = []
        spent: dict[str, list[float]] = {name: [] for name in subjects}
        for _ in range(repeat):
            base.append(run([python, "-c", "pass"], folder))
            for name, words in subjects.items():
                spent[name].append(run([python, "-m", "carnation", "diff", *words], folder))
    return {name: find_median(runs) / find_median(base) for name, runs in spent.items()}


def list_subjects(folder: Path) -> list[tuple[str, list[Path]]]:
    """Write what is compared: two definitions, and two builds of which one template differs."""
    old, new = folder / "old.asl.json", folder / "new.asl.json"
    old.write_text(DEFINITION, encoding="utf-8")
    new.write_text(DEFINITION.replace("$.b", "$.c"), encoding="utf-8")
    trees = [folder / side / "build" / "carnation" for side in ("before", "after")]
    for tree in trees:
        for path in (ROOT / "build" / "carnation").rglob("*"):
            if path.is_file() and path.suffix != ".zip":
                copied = tree / path.relative_to(ROOT / "build" / "carnation")
                copied.parent.mkdir(parents=True, exist_ok=True)
                copied.write_bytes(path.read_bytes())
    role = trees[1] / TEMPLATE
    text = role.read_text(encoding="utf-8").replace("dynamodb:PutItem", "dynamodb:*")
    role.write_text(text, encoding="utf-8")
    return [
        ("two definitions", [old, new]),
        (
            "two builds, one of eight files changed, PyYAML loaded",
            [tree.parents[1] for tree in trees],
        ),
    ]


def make_edited(length: int) -> tuple[Any, Any, Any]:
    """Make a definition, the same with every state edited, and with every state renamed as well."""
    old = make_chain(length)
    edited = copy.deepcopy(old)
    for index, state in enumerate(edited["States"].values()):
        if state["Type"] == "Task":
            state["TimeoutSeconds"] = index + 1
    text = json.dumps(edited).replace('"Task', '"Step').replace('"Type": "Step"', '"Type": "Task"')
    return old, edited, json.loads(text)


def measure_large() -> dict[str, float]:
    """Compare definitions of 1,000 states: CPU seconds."""
    old, edited, renamed = make_edited(1_000)
    spent = {}
    for name, new in (("edited", edited), ("edited and renamed", renamed)):
        start = time.process_time()
        list(find_definition_changes(old, new))
        spent[name] = time.process_time() - start
    return spent


def measure_page() -> float:
    """Write the HTML report of 500 states: CPU seconds."""
    old, new, _ = make_edited(500)
    changes = sort_changes(find_definition_changes(old, new, "a"))
    start = time.process_time()
    render_page([Review("a", "", "", changes, [], [("a", old, new)])], "a")
    return time.process_time() - start


def main() -> int:
    """Measure, print, and say whether the promises hold."""
    starts, large = measure_starts(), measure_large()
    for name, times in starts.items():
        print(f"{times:.1f} times `python -c pass` for {name}")
    for name, seconds in large.items():
        print(f"{seconds:.2f} s CPU for 1,000 states, each {name}; at most {MAX_LARGE:g}")
    print(f"{measure_page():.2f} s CPU to write the page for 500 states")
    print(f"`python -c pass` is to be multiplied by at most {MAX_START:g} for two definitions")
    fine = starts["two definitions"] <= MAX_START and max(large.values()) <= MAX_LARGE
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
