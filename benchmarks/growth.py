"""How the CPU of each verb grows from a chain of 1,000 states to one of 10,000.

Run as `python benchmarks/growth.py [VERB …] [--states N]`: N states (default: 1,000) and ten times
as many, in turns, the least of several goes each: as commands in a plain environment, from start to
end, and within this process, without the start, where more memory than the processor's cache holds
costs a tenth. Says whether the promise holds for the commands, and exits 1 if it does not.
"""

from __future__ import annotations

import argparse
import copy
import gc
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.environment import make_environment

MAX_GROWTH = 10.5
REPEAT = 5


def make_definition(length: int) -> dict[str, Any]:
    """Make a chain of Pass states: AWS takes 1 MiB, in which 10,000 larger ones have no room."""
    states: dict[str, Any] = {
        f"State{i}": {"Type": "Pass", "Result": i, "Next": f"State{i + 1}"} for i in range(length)
    }
    states[f"State{length}"] = {"Type": "Succeed"}
    return {"StartAt": "State0", "States": states}


def write_definition(folder: str, length: int) -> tuple[str, str]:
    """Write the chain, and one of which each tenth state is another; give both paths."""
    definition = make_definition(length)
    edited = copy.deepcopy(definition)
    for number in range(0, length, 10):
        edited["States"][f"State{number}"]["Result"] = -1
    path, other = (os.path.join(folder, f"{length}.{side}asl.json") for side in ("", "edited."))
    Path(path).write_text(json.dumps(definition), encoding="utf-8")
    Path(other).write_text(json.dumps(edited), encoding="utf-8")
    return path, other


def build(path: str, edited: str) -> None:
    """Make the graph with carnation's states, and write its definition."""
    from carnation.states import Chain, Pass, make_definition

    length = int(os.path.basename(path).partition(".")[0])
    make_definition(Chain([Pass(f"State {number}") for number in range(length)]))


def policy(path: str, edited: str) -> None:
    """Derive the policy of the machine's role."""
    from carnation.permissions import derive_needs, group_needs, render_policy

    definition = json.loads(Path(path).read_text(encoding="utf-8"))
    render_policy(group_needs(derive_needs(definition)))


def _run(verb: str, *arguments: str) -> None:
    """Run a verb as the command line does; what it finds in the chain is no failure."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        status = import_module(f"carnation.cli.{verb}").main(list(arguments))
    if status > 1:
        raise SystemExit(f"benchmark: {verb} ended with {status}: {said.getvalue()[-600:]}")


def adopt(path: str, edited: str) -> None:
    """Write the Python of the definition."""
    with tempfile.TemporaryDirectory() as folder:
        _run("adopt", path, "--out", folder)


VERBS: Mapping[str, Callable[[str, str], None]] = {
    "build": build,
    "lint": lambda path, edited: _run("lint", path),
    "adopt": adopt,
    "draw": lambda path, edited: _run("draw", path, "--out", f"{path}.svg"),
    "diff": lambda path, edited: _run("diff", path, edited),
    "estimate": lambda path, edited: _run("estimate", path, "--input", '{"id": 1}'),
    "policy": policy,
}


COMMANDS: Mapping[str, Sequence[str]] = {
    "build": ("build", "--no-cache"),
    "lint": ("lint", "{path}"),
    "adopt": ("adopt", "{path}", "--out", "{folder}/{states}"),
    "draw": ("draw", "{path}", "--out", "{path}.svg"),
    "diff": ("diff", "{path}", "{edited}"),
    "estimate": ("estimate", "{path}", "--input", '{{"id": 1}}'),
    "policy": ("lint", "--policy", "{path}"),
}
_PROJECT = """
from carnation.states import Chain, Pass
from carnation.workflow import Workflow

def make_workflow():
    states = Chain([Pass(f"State {{number}}") for number in range({states})])
    return Workflow(name="chain", version="1.0.0", states=states)
"""


def measure_commands(verb: str, states: int, folder: str) -> tuple[float, float]:
    """Give the CPU seconds of a command for so many states, and for ten times as many."""
    python = make_environment()
    least = [float("inf"), float("inf")]
    lines = []
    for length in (states, 10 * states):
        path, edited = write_definition(folder, length)
        project = Path(folder, f"project-{length}")
        (project / "definitions").mkdir(parents=True, exist_ok=True)
        (project / "definitions" / "chain.py").write_text(_PROJECT.format(states=length))
        words = [
            word.format(path=path, edited=edited, folder=folder, states=length)
            for word in COMMANDS[verb]
        ]
        lines.append((project, words))
    for turn in range(REPEAT + 1):
        for place, (project, words) in enumerate(lines):
            shutil.rmtree(Path(folder, str(states * 10**place)), ignore_errors=True)
            used = _run_command([python, "-m", "carnation", *words], project)
            if turn:
                least[place] = min(least[place], used)
    return least[0], least[1]


def _run_command(command: Sequence[str], folder: Path) -> float:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode > 1:
            output.seek(0)
            said = output.read().decode(errors="replace")[-600:]
            raise SystemExit(f"benchmark: {' '.join(command)} ended with {status}: {said}")
    return used.ru_utime + used.ru_stime


def measure(verb: str, states: int, folder: str) -> tuple[float, float]:
    """Give the CPU seconds of a verb for so many states, and for ten times as many."""
    paths = [write_definition(folder, length) for length in (states, 10 * states)]
    least = [float("inf"), float("inf")]
    VERBS[verb](*paths[0])  # loads what it needs
    for _ in range(REPEAT):
        for place, pair in enumerate(paths):
            gc.collect()
            start = time.process_time()
            VERBS[verb](*pair)
            least[place] = min(least[place], time.process_time() - start)
    return least[0], least[1]


def main() -> int:
    """Measure, print, and say what is broken."""
    from carnation.cli.command import rest_collector

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("verbs", nargs="*", metavar="VERB", help=f"any of {', '.join(VERBS)}")
    parser.add_argument("--states", type=int, default=1000, metavar="N")
    options = parser.parse_args()
    rest_collector()  # as the command line does
    broken = False
    with tempfile.TemporaryDirectory(prefix="carnation-growth-") as folder:
        print(f"{'':10} {'as a command':>36}  {'in process':>32}")
        for verb in options.verbs or VERBS:
            few, many = measure_commands(verb, options.states, folder)
            inner = measure(verb, options.states, folder)
            holds = many / few <= MAX_GROWTH
            broken = broken or not holds
            print(
                f"{verb:10} {_show(few, many):>36}  {_show(*inner):>32}  "
                f"at most {MAX_GROWTH:g}  {'holds' if holds else 'BROKEN'}",
                flush=True,
            )
    return int(broken)


def _show(few: float, many: float) -> str:
    return f"{few * 1000:.1f} ms {many * 1000:9.1f} ms  {many / few:5.1f} times"


if __name__ == "__main__":
    sys.exit(main())
