"""What a first test with `deploy_workflow` costs, and each one after it.

Run as `python benchmarks/plugin.py [--repeat N]`: a pytest of one test of the reference workflow,
and one of two, in a plain environment, in turns with `python -c pass`. Says whether the promises
hold, and exits 1 if they do not.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.build import ROOT, find_quartiles, take_median
from benchmarks.environment import make_environment

MAX_COLD = 1.2
"""Seconds, from the start of pytest to its end, of one test."""
MAX_WARM = 0.03
"""Seconds of another test of the same workflow."""
_TESTS = """
def test_first(deploy_workflow):
    deploy_workflow("carnation").run({"start_seq": 1, "end_seq": 3}).assert_succeeded()


def test_second(deploy_workflow):
    deploy_workflow("carnation").run({"start_seq": 1, "end_seq": 3}).assert_succeeded()
"""


def run(python: str, folder: str, *arguments: str) -> float:
    """Run a process; give its seconds from start to end."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder}
    start = time.perf_counter()
    done = subprocess.run([python, *arguments], cwd=folder, env=env, capture_output=True, text=True)
    used = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(
            f"benchmark: {' '.join(arguments)} ended with {done.returncode}: {done.stdout}"
        )
    return used


def read_second(path: str) -> float:
    """Read how long the second test took, as pytest noted it."""
    text = Path(path).read_text(encoding="utf-8")
    found = re.search(r'name="test_second" time="([0-9.]+)"', text)
    if found is None:
        raise SystemExit(f"benchmark: pytest noted no time: {text}")
    return float(found[1])


def main() -> int:
    """Measure, print, and say what is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=11, metavar="N")
    options = parser.parse_args()
    plain = ROOT / ".venv-benchmarks" / "plugin"
    python = make_environment(plain, extras="run,sdk", packages=("pytest",))
    passes, cold, warm = [], [], []
    with tempfile.TemporaryDirectory(prefix="carnation-plugin-") as folder:
        for name in ("definitions", "lambdas"):
            shutil.copytree(
                ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__")
            )
        Path(folder, "test_reference.py").write_text(_TESTS)
        one = ("-m", "pytest", "-q", "test_reference.py::test_first")
        two = ("-m", "pytest", "-q", "--junit-xml=found.xml", "test_reference.py")
        run(python, folder, *one)  # compiles what is not compiled
        for _ in range(options.repeat):
            passes.append(run(python, folder, "-c", "pass"))
            cold.append(run(python, folder, *one))
            run(python, folder, *two)
            warm.append(read_second(os.path.join(folder, "found.xml")))
    broken = False
    for name, seen, most in (("one test, cold", cold, MAX_COLD), ("the next test", warm, MAX_WARM)):
        middle, (low, high) = take_median(seen), find_quartiles(seen)
        holds = middle <= most
        broken = broken or not holds
        print(
            f"{name:16} {middle * 1000:6.0f} ms "
            f"(half of the runs {low * 1000:.0f} to {high * 1000:.0f}), "
            f"{middle / take_median(passes):.1f} times `python -c pass`; "
            f"at most {most * 1000:.0f} ms  {'holds' if holds else 'BROKEN'}"
        )
    low, high = find_quartiles(passes)
    print(
        f"noise: half of the runs of `python -c pass` took {low * 1000:.1f} to {high * 1000:.1f} ms"
    )
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
