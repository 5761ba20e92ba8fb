"""How the cost of a definition grows with its size: ratios within one run.

Run as `python benchmarks/size.py`. Says whether the promises hold, and exits 1 if they do not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.build import clear_all, find_quartiles, move_build, take_median
from benchmarks.environment import make_environment
from carnation.states import Chain, Choice, ChoiceRule, Map, Pass, Succeed, integrate
from carnation.states import make_definition as write
from carnation.states.sdk import sdk


def make_chain(length: int) -> Any:
    """Make a chain of so many Pass states."""
    return Chain([Pass(f"State {number}") for number in range(length)])


def make_nest(depth: int) -> Any:
    """Make a Map in a Map, so deep; each level has three states."""
    inner: Any = Pass("Innermost")
    for level in range(depth):
        steps = [Pass(f"Before {level}"), inner, Pass(f"After {level}")]
        inner = Map(f"Map {level}", item_processor=Chain(steps))
    return inner


def make_choice(loops: bool) -> Any:
    """Make a Choice of 1,000 branches, which loop back or end."""
    choice = Choice("Decide", default=Succeed("Done"))
    for number in range(1000):
        branch = Pass(f"Branch {number}")
        choice.add_choice(ChoiceRule.NumericEquals("$.n", number), branch)
        if loops:
            branch.next(choice)
    return choice


def compare(make: Callable[[], Any], with_: Callable[[], Any], repeat: int = 7) -> float:
    """Give how many times the CPU of the second one the first takes, graph and definition.

    The least of several goes each, in turns: what else the machine does meets both.
    """
    best = [float("inf"), float("inf")]
    for _ in range(repeat):
        for place, one in enumerate((make, with_)):
            start = time.process_time()
            write(one())
            best[place] = min(best[place], time.process_time() - start)
    return best[0] / best[1]


def take(write_it: Callable[..., Any], repeat: int = 3) -> str:
    """Give the milliseconds of one go, the least of several, or what became of it."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        try:
            write_it()
        except RecursionError:
            return "RecursionError"
        best = min(best, time.process_time() - start)
    return f"{best * 1000:.1f} ms"


def make_plain_nest(depth: int) -> Any:
    """Make the same Maps as `make_nest`, with the plain SDK."""
    inner: Any = sdk.Pass("Innermost")
    for level in range(depth):
        steps = [sdk.Pass(f"Before {level}"), inner, sdk.Pass(f"After {level}")]
        inner = sdk.Map(f"Map {level}", iterator=sdk.Chain(steps))
    return inner


def print_beside() -> None:
    """Print what the plain SDK takes for the same graphs (the CDK: see benchmarks/build.py)."""
    print(f"\n{'':40} {'carnation':>14} {'plain SDK':>14}")
    for length in (200, 400, 1000):
        steps = [f"State {number}" for number in range(length)]
        row = f"chain of {length:,} states"
        ours = take(lambda length=length: write(make_chain(length)))
        theirs = take(lambda steps=steps: sdk.Graph(sdk.Chain([*map(sdk.Pass, steps)])).to_dict())
        print(f"{row:40} {ours:>14} {theirs:>14}")
    for depth in (3, 6, 8):
        ours = take(lambda depth=depth: write(make_nest(depth)))
        theirs = take(lambda depth=depth: sdk.Graph(make_plain_nest(depth)).to_dict(), 1)
        print(f"{f'Maps {depth} deep':40} {ours:>14} {theirs:>14}")


def measure_call() -> float:
    """Give the milliseconds of a service's step."""
    given = {"QueueUrl": "u", "MessageBody": "m"}
    integrate("First", "sqs:sendMessage", parameters=given)
    start = time.process_time()
    for number in range(2000):
        integrate(f"Call {number}", "sqs:sendMessage", parameters=given)
    return (time.process_time() - start) / 2000 * 1000


def measure_process(folder: str, *arguments: str) -> tuple[float, float]:
    """Give CPU seconds and MiB of a process of the plain environment."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder}
    command = [make_environment(), *arguments]
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"benchmark: {' '.join(arguments)} ended with {status}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure_many(count: int) -> tuple[dict[str, tuple[float, float]], str]:
    """Build so many copies of the reference workflow: times `python -c pass` and MiB, the noise."""
    root = Path(__file__).resolve().parents[1]
    source = (root / "definitions" / "carnation.py").read_text()
    used: dict[str, list[tuple[float, float]]] = {}
    passes: list[float] = []
    with tempfile.TemporaryDirectory(prefix="carnation-size-") as name:
        folder = Path(name)
        (folder / "definitions").mkdir()
        (folder / "lambdas").symlink_to(root / "lambdas")
        for number in range(count):
            text = source.replace('name="carnation"', f'name="copy-{number}"')
            (folder / "definitions" / f"copy_{number}.py").write_text(text)

        def edit(_: Path) -> None:
            with open(folder / "definitions" / "copy_0.py", "a") as file:
                file.write("# another\n")
            time.sleep(0.05)  # what is edited in the tick in which a build starts is not kept

        ways: dict[str, Callable[[Path], None]] = {
            "from nothing": clear_all,
            "without build/": move_build,
            "up to date": lambda _: None,
            "one edited": edit,
        }
        measure_process(name, "-m", "carnation", "build")  # compiles the definitions
        for _ in range(3):  # what a file costs the system differs from one second to the next
            passes += [measure_process(name, "-c", "pass")[0] for _ in range(9)]
            for way, prepare in ways.items():
                prepare(folder)
                used.setdefault(way, []).append(measure_process(name, "-m", "carnation", "build"))
    middle, (low, high) = take_median(passes), find_quartiles(passes)
    noise = f"half of the runs of `python -c pass` took {low * 1000:.1f} to {high * 1000:.1f} ms"
    seen = {
        way: (take_median([one for one, _ in rows]) / middle, max(most for _, most in rows))
        for way, rows in used.items()
    }
    return seen, noise


def main() -> int:
    """Measure, print, and say what is broken."""
    depth = compare(lambda: make_nest(30), lambda: make_nest(3)) / 121 * 13
    loops = compare(lambda: make_choice(True), lambda: make_choice(False))
    length = compare(lambda: make_chain(10_000), lambda: make_chain(1000))
    many, noise = measure_many(200)
    rows = (
        ("chain of 10,000 states / 1,000", length, 10.5),
        ("a state in Maps 30 deep / 3 deep", depth, 2.0),
        ("Choice of 1,000 that loop back / not", loops, 10.0),
        ("one call of `integrate`, ms", measure_call(), 0.1),
        *((f"200 workflows {way} / -c pass", ratio, 110.0) for way, (ratio, _) in many.items()),
        ("200 workflows, MiB", max(memory for _, memory in many.values()), 33.0),
    )  # fmt: skip
    for name, seen, most in rows:
        print(f"{name:48} {seen:8.2f}  at most {most:g}  {'holds' if seen <= most else 'BROKEN'}")
    print_beside()
    print(f"\nnoise: {noise}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(any(seen > most for _, seen, most in rows))


if __name__ == "__main__":
    sys.exit(main())
