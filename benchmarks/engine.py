"""What the engine costs, beside moto's interpreter and npm's aws-local-stepfunctions.

    python benchmarks/engine.py [--items 5000] [--npm FOLDER] [--format json]

A Map over the items with a Pass and a Choice, no Task. Each contender runs in a process of its own
and measures from the start of the execution to its end; three alternating runs, their medians as
ratios. What an item costs, by the number of items, is CPU, the least of seven turns. `FOLDER` is
where `npm install aws-local-stepfunctions` was run, outside of the repository.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

ITERATION = {
    "StartAt": "Shape",
    "States": {
        "Shape": {"Type": "Pass", "Parameters": {"n.$": "$.n", "kept": True}, "Next": "IsLarge"},
        "IsLarge": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 100, "Next": "Large"}],
            "Default": "Small",
        },
        "Large": {"Type": "Pass", "Result": "large", "End": True},
        "Small": {"Type": "Pass", "Result": "small", "End": True},
    },
}
RUNS = 3
SIZES = (100, 1_000, 10_000)


def make_definition(mode: str = "INLINE") -> dict[str, Any]:
    """Write the machine; at most 40 at once, since moto starts a thread for each of them."""
    processor = {"ProcessorConfig": {"Mode": mode}, **ITERATION}
    each = {"Type": "Map", "MaxConcurrency": 40, "ItemProcessor": processor, "End": True}
    return {"StartAt": "Each", "States": {"Each": each}}


def make_items(count: int) -> list[dict[str, int]]:
    """Make the items."""
    return [{"n": at} for at in range(count)]


def time_engine(items: int) -> float:
    """Run on the engine; an Express execution has no limit of events, and moto keeps none."""
    from carnation.engine import Execution, compile_definition

    machine = compile_definition(make_definition())
    began = time.perf_counter()
    execution = Execution(machine, make_items(items), express=True)
    status = execution.run()
    seconds = time.perf_counter() - began
    if status != "SUCCEEDED" or len(execution.output or ()) != items:
        raise SystemExit(f"the engine ended {status}: {execution.cause}")
    return seconds


def measure_flatness(_: int) -> dict[str, float]:
    """Give the CPU of an item, in microseconds, by the number of items.

    Each size does the same work in all (one Map over 10,000 items, a hundred over 100), in turn,
    and the least of seven turns counts, so that what else the machine does is not measured. The
    garbage collector is set as carnation's commands set it.
    """
    from carnation.cli.command import rest_collector
    from carnation.engine import Execution, compile_definition

    rest_collector()
    machine = compile_definition(make_definition())
    least = dict.fromkeys(SIZES, math.inf)
    for _turn in range(7):
        for count in SIZES:
            items, runs = make_items(count), max(SIZES) // count
            gc.collect()
            began = time.process_time()
            for _run in range(runs):
                Execution(machine, items, express=True).run()
            spent = (time.process_time() - began) / runs / count
            least[count] = min(least[count], spent)
    return {str(count): round(spent * 1e6, 1) for count, spent in least.items()}


def measure_distributed(items: int) -> dict[str, float]:
    """Run a distributed Map without tasks; gives seconds, CPU, and the peak of memory in MiB."""
    from carnation.engine import Execution, compile_definition

    definition = make_definition("DISTRIBUTED")
    each = definition["States"]["Each"]
    each["ResultWriter"] = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {}}
    each["ItemReader"] = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSONL"},
    }
    lines = "".join(f'{{"n":{at}}}\n' for at in range(items))
    began = time.perf_counter()
    execution = Execution(compile_definition(definition), {}, _Store(lines))
    if execution.run() != "SUCCEEDED":
        raise SystemExit(f"the distributed run ended {execution.status}: {execution.cause}")
    seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    return {"seconds": round(seconds, 1), "cpu": round(cpu, 1), "mib": round(used.ru_maxrss / 1024)}


class _Store:
    """A bucket with one object."""

    def __init__(self, text: str) -> None:
        self.text = text

    def perform(self, task: Any) -> Any:
        """Return the object, or take one."""
        from carnation.engine import Succeeded

        return Succeeded({"Body": self.text} if "get" in task.action else {})


def time_moto(items: int) -> float:
    """Run on moto's interpreter as it comes."""
    import boto3
    from moto import mock_aws

    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions", region_name="us-east-1")
        arn = client.create_state_machine(
            name="m",
            definition=json.dumps(make_definition()),
            roleArn="arn:aws:iam::123456789012:role/r",
        )["stateMachineArn"]
        text = json.dumps(make_items(items))
        began = time.perf_counter()
        execution = client.start_execution(stateMachineArn=arn, input=text)["executionArn"]
        while True:
            answer = client.describe_execution(executionArn=execution)
            if answer["status"] != "RUNNING":
                break
            time.sleep(0.02)
        seconds = time.perf_counter() - began
    if answer["status"] != "SUCCEEDED":
        raise SystemExit(f"moto ended {answer['status']}: {answer.get('cause')}")
    return seconds


SCRIPT = """
import { StateMachine } from 'aws-local-stepfunctions';
const { definition, items } = JSON.parse(process.argv[1]);
const machine = new StateMachine(definition, { validationOptions: { checkArn: false } });
const input = Array.from({ length: items }, (_, n) => ({ n }));
const began = performance.now();
const result = await machine.run(input).result;
if (result.length !== items) throw new Error('items are missing');
console.log((performance.now() - began) / 1000);
"""


def time_npm(folder: Path, items: int) -> float:
    """Run on npm's aws-local-stepfunctions."""
    definition = make_definition()
    request = json.dumps({"definition": definition, "items": items})
    command = ["node", "--input-type=module", "-e", SCRIPT, request]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"aws-local-stepfunctions failed: {done.stderr[-600:]}")
    return float(done.stdout.split()[-1])


def time_apart(contender: str, items: int) -> Any:
    """Time a contender in a process of its own."""
    command = [sys.executable, __file__, "--contender", contender, "--items", str(items)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{contender} failed: {done.stderr[-600:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(items: int, npm: Path | None) -> dict[str, Any]:
    """Measure everything, in alternation."""
    names = ["engine", "moto"] + (["npm"] if npm else [])
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(RUNS):
        for name in names:
            seconds = time_npm(npm, items) if name == "npm" and npm else time_apart(name, items)
            times[name].append(seconds)
    medians = {name: statistics.median(found) for name, found in times.items()}
    per_item = time_apart("flatness", 0)
    return {
        "items": items,
        "seconds": {name: round(seconds, 4) for name, seconds in medians.items()},
        "ratios": {
            name: round(seconds / medians["engine"], 1)
            for name, seconds in medians.items()
            if name != "engine"
        },
        "microseconds_per_item": per_item,
        "flatness": round(max(per_item.values()) / min(per_item.values()), 2),
        "distributed_100000": time_apart("distributed", 100_000),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--npm", type=Path, help="a folder with aws-local-stepfunctions installed")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    alone = {
        "engine": time_engine, "moto": time_moto, "distributed": measure_distributed,
        "flatness": measure_flatness,
    }  # fmt: skip
    if options.contender == "npm":
        print(json.dumps(time_npm(options.npm, options.items)))
        return 0
    if options.contender:
        print(json.dumps(alone[options.contender](options.items)))
        return 0
    found = measure(options.items, options.npm)
    if options.format == "json":
        print(json.dumps(found, indent=2))
    else:
        for key, value in found.items():
            print(f"{key:24} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
