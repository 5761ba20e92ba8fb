"""Runs a folder of cases recorded on AWS on the engine, and prints the rates and the misses.

    python benchmarks/conformance.py ../shared/conformance --format text

The folder's README says what a case holds and how to compare. Cases whose recording cannot be
replayed (`LEFT_OUT`) are run and counted apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.recorded import SKIP, Recorded, alike  # noqa: E402
from carnation import engine  # noqa: E402
from carnation.errors import CarnationError  # noqa: E402

LEFT_OUT = {
    "not-marked-aws-validated",
    "task-outcomes-unknown",
    "task-without-outcome",
    "unrecorded-children",
}
NOT_IN_HISTORY = {"ParallelStateSucceeded", "ParallelStateFailed"}


def blank(value: Any, pointers: list[str]) -> Any:
    """Put `SKIP` in place of the leaves that pointers lead to."""
    copy = json.loads(json.dumps(value))
    for pointer in pointers:
        keys = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
        holder = copy
        for at, key in enumerate(keys):
            inside = (isinstance(holder, dict) and key in holder) or (
                isinstance(holder, list) and key.isdigit() and int(key) < len(holder)
            )
            if not inside:
                break
            name: Any = int(key) if isinstance(holder, list) else key
            if at == len(keys) - 1:
                holder[name] = SKIP
            holder = holder[name]
    return copy


def parse_text(value: Any) -> Any:
    """Read a cause that is JSON text as JSON, for those that the recorder wrote again."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


@dataclass
class Result:
    """What came of one case."""

    case: dict[str, Any]
    outcome: str = ""
    types: str | None = None
    events: int = 0
    details: int = 0
    ids: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_left_out(self) -> bool:
        """Whether the recording cannot be replayed in full."""
        return bool(LEFT_OUT & set(self.case.get("tags") or ()))


def run_case(case: dict[str, Any]) -> Result:
    """Run one case and compare."""
    result = Result(case)
    try:
        if case["kind"] == "test_state":
            actual = run_test_state(case)
            result.outcome = compare_outcome(case, actual)
            return result
        execution = run_execution(case)
    except CarnationError as error:
        result.outcome = f"{type(error).__name__}: {error}"
        result.types = "not run" if case.get("history") else None
        return result
    actual = {"status": execution.status, "output": execution.output}
    if execution.status != "SUCCEEDED":
        actual = {"status": execution.status, "error": execution.error, "cause": execution.cause}
    result.outcome = compare_outcome(case, actual)
    if case.get("history"):
        compare_history(case, execution, result)
    return result


def run_execution(case: dict[str, Any]) -> engine.Execution:
    """Run a definition against what was recorded."""
    port = Recorded(case)
    context = case.get("context") or {}
    machine = engine.compile_definition(case["definition"])
    execution = engine.Execution(
        machine,
        case.get("input", {}),
        port,
        arn=context.get("execution_arn", "arn:aws:states:us-east-1:111111111111:execution:m:e"),
        machine_arn=context.get("state_machine_arn", ""),
        role_arn=context.get("role_arn", "role"),
        express=case.get("type") == "EXPRESS",
        synchronous="express_sync" in case["id"],
        refuse=port.refuse,
        now=1.75e9,
    )
    if "aborted" in (case.get("tags") or ()):
        execution.step()
        execution.stop(case["expected"].get("error"), case["expected"].get("cause"))
    execution.run()
    return execution


def run_test_state(case: dict[str, Any]) -> dict[str, Any]:
    """Test one state."""
    mock = case.get("mock") or {}
    return engine.test_state(
        case["definition"],
        case.get("input", {}),
        state_name=case.get("state_name"),
        inspection_level=case.get("inspection_level", "INFO"),
        variables=case.get("variables"),
        context=case.get("context_object"),
        mock=mock,
        configuration=case.get("state_configuration"),
        port=Recorded(case),
    )


def compare_outcome(case: dict[str, Any], actual: dict[str, Any]) -> str:
    """Describe what differs from the recorded outcome; '' if nothing does."""
    pointers = list(case.get("volatile") or ())
    expected = blank({"expected": case["expected"]}, pointers)["expected"]
    if "/expected/cause" in (case.get("reencoded") or ()) and expected.get("cause") is not SKIP:
        expected["cause"] = parse_text(expected["cause"])
        actual = {**actual, "cause": parse_text(actual.get("cause"))}
    keys = ("status", "output", "error", "cause", "nextState", "inspectionData")
    for key in keys[:4] if case["kind"] == "execution" else keys:
        if key == "output" and key not in expected:
            continue  # not recorded
        left, right = expected.get(key), actual.get(key)
        if not alike(left, right):
            return f"{key} is {shortened(right)}, on AWS {shortened(left)}"
    return ""


def shortened(value: Any) -> str:
    """Show a value on one line."""
    text = json.dumps(value, ensure_ascii=False, default=lambda item: "*")
    return text if len(text) < 400 else text[:397] + "..."


def compare_history(case: dict[str, Any], execution: engine.Execution, result: Result) -> None:
    """Compare the types, details and ids of the events."""
    tags = set(case.get("tags") or ())
    recorded = blank({"history": case["history"]}, list(case.get("volatile") or ()))["history"]
    actual = [to_plain(event) for event in execution.events]
    if "ids-zeroed" in tags:
        actual = [event for event in actual if event["type"] not in NOT_IN_HISTORY]
        recorded = [event for event in recorded if event["type"] not in NOT_IN_HISTORY]
    left, right = [[event["type"] for event in events] for events in (recorded, actual)]
    loose = bool(tags & {"unordered", "ids-zeroed"})
    same = Counter(left) == Counter(right) if loose else left == right
    result.types = "" if same else f"types are {' '.join(right)}, on AWS {' '.join(left)}"
    result.events = len(recorded)
    texts = reencoded_events(case)
    pairs = list(match_events(recorded, actual, loose))
    for at, (one, other) in enumerate(pairs):
        if other is None or not same_details(one, other, texts):
            result.wrong.append(f"event {at + 1} {shortened(one)} is {shortened(other)}")
            continue
        result.details += 1
        if (one["id"], one["previousEventId"]) == (other["id"], other["previousEventId"]):
            result.ids += 1


def reencoded_events(case: dict[str, Any]) -> bool:
    """Return whether causes in the history have to be compared as JSON."""
    return any(str(pointer).startswith("/history") for pointer in case.get("reencoded") or ())


def to_plain(event: engine.Event) -> dict[str, Any]:
    """Write an event as the recordings do."""
    details = json.loads(json.dumps(event.details))
    if event.type == "ExecutionStarted":
        details.pop("roleArn", None)
    return {
        "id": event.id,
        "previousEventId": event.previous_id,
        "type": event.type,
        "details": details,
    }


def match_events(
    recorded: list[dict[str, Any]], actual: list[dict[str, Any]], loose: bool
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Pair the events: by position, or by type and likeness where the order is chance."""
    if not loose:
        for at, event in enumerate(recorded):
            yield event, actual[at] if at < len(actual) else None
        return
    waiting = list(actual)
    for event in recorded:
        found = [each for each in waiting if each["type"] == event["type"]]
        best = next((each for each in found if same_details(event, each, True)), None)
        chosen = best if best is not None else next(iter(found), None)
        if chosen is not None:
            waiting.remove(chosen)
        yield event, chosen


def same_details(one: dict[str, Any], other: dict[str, Any], texts: bool) -> bool:
    """Compare the details of two events of one type."""
    left, right = one.get("details") or {}, other.get("details") or {}
    if texts and "cause" in left and left["cause"] is not SKIP:
        left = {**left, "cause": parse_text(left["cause"])}
        right = {**right, "cause": parse_text(right.get("cause"))}
    return bool(one["type"] == other["type"]) and alike(left, right)


def load_cases(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the cases of a folder, in order."""
    for path in sorted(folder.rglob("*.json")):
        if path.name != "MANIFEST.json":
            case = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(case, dict) and "definition" in case:
                yield case


def summarize(results: list[Result]) -> dict[str, Any]:
    """Return the rates and the misses."""
    counted = [result for result in results if not result.is_left_out]
    histories = [result for result in counted if result.types is not None]
    events = sum(result.events for result in histories)
    return {
        "cases": len(results),
        "counted": len(counted),
        "outcomes": rate(sum(not result.outcome for result in counted), len(counted)),
        "left_out": len(results) - len(counted),
        "outcomes_left_out": rate(
            sum(not result.outcome for result in results if result.is_left_out),
            len(results) - len(counted),
        ),
        "histories": len(histories),
        "types": rate(sum(not result.types for result in histories), len(histories)),
        "events": events,
        "details": rate(sum(result.details for result in histories), events),
        "ids": rate(sum(result.ids for result in histories), events),
        "misses": [
            {
                "id": result.case["id"],
                "left_out": result.is_left_out,
                "outcome": result.outcome,
                "types": result.types or "",
                "details": result.wrong,
            }
            for result in results
            if result.outcome or result.types or result.wrong
        ],
    }


def rate(part: int, whole: int) -> float:
    """Return a share as a number from 0 to 1, of which four digits count."""
    return round(part / whole, 4) if whole else 1.0


def print_text(summary: dict[str, Any]) -> None:
    """Print for people."""
    for key, value in summary.items():
        if key != "misses":
            print(f"{key:18} {value}")
    for miss in summary["misses"]:
        print(f"\n{miss['id']}{' (left out)' if miss['left_out'] else ''}")
        for line in (miss["outcome"], miss["types"], *miss["details"][:2]):
            if line:
                print(f"  {line}")


def main(arguments: list[str] | None = None) -> int:
    """Run the cases of a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder of cases")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    results = [run_case(case) for case in load_cases(options.folder)]
    if not results:
        print(f"there are no recorded cases in {options.folder}.", file=sys.stderr)
        return 2
    summary = summarize(results)
    if options.format == "json":
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    else:
        print_text(summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
