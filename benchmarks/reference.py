"""The reference workflow end to end, on the engine and on moto's interpreter as it comes.

    python benchmarks/reference.py [--events 1000] [--format json]

Both sides run the artifacts in `build/` on the same emulator, with handlers in process; on one of
them moto's interpreter is left in place. Each run has a process of its own; three alternating runs,
from the start of the execution to its end, and the ratio of the medians.

moto's interpreter as it comes does not bring the workflow to its end: it takes `$[?(@.error)]`
without a match for an error, and loses events on the way. Its time counts all the same, and how
many events it wrote is told beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

RUNS = 3


def time_run(contender: str, events: int) -> dict[str, float]:
    """Deploy, then time one execution; gives the seconds, and how many events were written."""
    from carnation.artifacts import read_artifacts
    from carnation.emulator import Emulator, interpreter

    if contender == "moto":
        interpreter.install = lambda *_, **__: None  # type: ignore[assignment]
    artifacts = read_artifacts(str(ROOT), "carnation")
    with Emulator(in_process=True) as emulator:
        stack = emulator.deploy(
            "carnation",
            artifacts.list_uploads(),
            artifacts.find_key("-root-stack.yaml"),
            {"ArtifactBucket": "carnation-artifacts"},
        )
        # moto knows no versions and aliases: the state machine itself
        arn = ":".join(stack.outputs["StateMachineArn"].split(":")[:7])
        began = time.perf_counter()
        answer = wait_for_end(emulator.client("stepfunctions"), arn, events)
        seconds = time.perf_counter() - began
        written = sum(len(emulator.items(name)) for name in list_tables(emulator))
    if contender == "engine" and (answer["status"] != "SUCCEEDED" or written != events):
        raise SystemExit(f"the engine ended {answer['status']}, with {written} events written")
    return {"seconds": seconds, "written": written}


def wait_for_end(client: Any, arn: str, events: int) -> dict[str, Any]:
    """Start an execution and ask until it has ended."""
    request = json.dumps({"start_seq": 1, "end_seq": events + 1})
    execution = client.start_execution(stateMachineArn=arn, name="timed", input=request)
    while True:
        answer: dict[str, Any] = client.describe_execution(executionArn=execution["executionArn"])
        if answer["status"] != "RUNNING":
            return answer
        time.sleep(0.02)


def list_tables(emulator: Any) -> list[str]:
    """List the emulator's tables."""
    names: list[str] = emulator.client("dynamodb").list_tables()["TableNames"]
    return names


def time_apart(contender: str, events: int) -> dict[str, float]:
    """Time one run in a process of its own."""
    command = [sys.executable, __file__, "--contender", contender, "--events", str(events)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{contender} failed: {done.stderr[-600:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(events: int) -> dict[str, Any]:
    """Measure both, in alternation."""
    runs: dict[str, list[dict[str, float]]] = {"engine": [], "moto": []}
    for _ in range(RUNS):
        for name, found in runs.items():
            found.append(time_apart(name, events))
    medians = {
        name: statistics.median(run["seconds"] for run in found) for name, found in runs.items()
    }
    return {
        "events": events,
        "seconds": {name: round(seconds, 2) for name, seconds in medians.items()},
        "written": {name: [run["written"] for run in found] for name, found in runs.items()},
        "ratio": round(medians["moto"] / medians["engine"], 1),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--contender", choices=("engine", "moto"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.contender:
        print(json.dumps(time_run(options.contender, options.events)))
        return 0
    found = measure(options.events)
    if options.format == "json":
        print(json.dumps(found, indent=2))
    else:
        for key, value in found.items():
            print(f"{key:10} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
