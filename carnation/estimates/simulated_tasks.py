"""Who answers the Tasks of a sample: from what is known, as planned, in the time they take."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping

from carnation.engine import Failed, Outcome, Started, Submitted, Succeeded, Task
from carnation.estimates.samples import Guess, SampleData
from carnation.estimates.tallies import ItemCounts
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeAlias

ROUNDS = 100
"""Visits of a state, for each item, after which its loop is taken for one without an end."""
_METADATA: Mapping[str, Any] = {
    # as large as what AWS sends: request id, date, content type and length, trace id, twice
    "SdkHttpMetadata": {
        "AllHttpHeaders": {"x-amzn-RequestId": ["x" * 36], "Content-Type": ["x" * 300]},
        "HttpHeaders": {"x-amzn-RequestId": "x" * 36, "Content-Type": "x" * 280},
        "HttpStatusCode": 200,
    },
    "SdkResponseMetadata": {"RequestId": "x" * 36},
}
STARTS = ("states:startExecution", "aws-sdk:sfn:startExecution", "aws-sdk:sfn:startSyncExecution")
_ARN = "arn:aws:states:us-east-1:123456789012:execution:machine:" + "x" * 36


class Plan(NamedTuple):
    """How a sample is to go: which items fail or need a retry, and how long tasks take."""

    failing: int = 0
    retried: int = 0
    error: str = "States.TaskFailed"
    seconds: Mapping[str, float] = {}
    usual: float = 0.1


class Endless(Exception):  # noqa: N818 - it is a signal, and ends the run
    """A loop has gone round so often that it may have no end."""


class Item(NamedTuple):
    """The items that a task is done for: those of the outermost Map, from `first` on."""

    map: str
    first: int
    size: int = 1


Starter: TypeAlias = "Callable[[Any], ItemCounts]"
"""Runs a child execution on its input."""


class SimulatedTasks:
    """The port: answers from the sample, and counts what it was asked."""

    def __init__(
        self,
        world: SampleData,
        plan: Plan,
        states: Mapping[str, Mapping[str, Any]],
        starters: Mapping[str, Starter],
    ) -> None:
        """Take the data, the states by name, and, of those that start a machine, its runs."""
        self._world, self._plan, self._states = world, plan, states
        self._starters = starters
        self.item: Item | None = None
        """What the next task is done for; None outside of every Map."""
        self.calls: Counter[tuple[str, str]] = Counter()
        self.units: Counter[tuple[str, str]] = Counter()
        """What is paid for of those calls that do several things at once."""
        self.guessed: dict[str, None] = {}
        self.started: dict[str, ItemCounts] = {}
        self.unknown: dict[str, None] = {}
        """The states that start a machine that nobody showed."""
        self._first: dict[tuple[str, int], str] = {}

    def perform(self, task: Task) -> Outcome:
        """Answer a task."""
        key = task.name, call_name(task)
        self.calls[key] += 1
        if self.calls[key] > ROUNDS * max(self._world.count, 1):
            raise Endless(task.name)
        self.units[key] += count_units(key[1], task.parameters)
        child = self._start_child(task) if key[1] in STARTS else None
        failure = self._find_failure(task)
        seconds = self._find_seconds(task, child)
        outcome: Succeeded | Failed
        if failure:
            outcome = Failed(failure, "as planned", seconds)
        elif child is not None and child.error and task.is_sync and not self._is_told(task):
            outcome = Failed("States.TaskFailed", f"{child.error}: {child.cause}", seconds)
        else:
            outcome = Succeeded(self._make_result(task, child), seconds)
        if task.kind == "Activity":
            return Started(outcome=outcome)
        if task.is_callback or task.is_sync:
            return Submitted({}, outcome)
        return outcome

    def _start_child(self, task: Task) -> ItemCounts | None:
        """Run a child once for all of its kind, on the first input that it is given."""
        starter = self._starters.get(task.name)
        if starter is None:
            self.unknown[task.name] = None
            return None
        if task.name not in self.started:
            given = task.parameters.get("Input", {}) if isinstance(task.parameters, dict) else {}
            given = json.loads(given) if isinstance(given, str) else given
            self.started[task.name] = starter(given)
        return self.started[task.name]

    def _find_seconds(self, task: Task, child: ItemCounts | None) -> float:
        waits = task.is_sync or task.action == "startSyncExecution"
        usual = child.seconds if child is not None and waits else self._plan.usual
        return self._plan.seconds.get(task.name, usual)

    def _find_failure(self, task: Task) -> str:
        """Name the error that a task ends in: the first task of an item that fails, if any does."""
        item = self.item
        if item is None:
            return ""
        name = self._first.setdefault((item.map, item.first), task.name)
        if name != task.name:
            return ""
        indexes = range(item.first, item.first + item.size)
        count = self._world.count
        if any(_is_chosen(index, self._plan.failing, count) for index in indexes):
            return self._plan.error
        if not task.attempt and any(
            _is_chosen(index + 1, self._plan.retried, count) for index in indexes
        ):
            return _find_transient(self._states.get(task.name, {}))
        return ""

    def _is_told(self, task: Task) -> bool:
        return self._world.is_known(task.name)

    def _make_result(self, task: Task, child: ItemCounts | None) -> Any:
        if child is not None and not self._is_told(task):
            return _child_output(task, child)
        path = self._states.get(task.name, {}).get("ResultPath", "$")
        is_dropped = path is None
        if not self._world.is_known(task.name) and not is_dropped:
            self.guessed[task.name] = None
        name = path.removeprefix("$.") if isinstance(path, str) else ""
        value = self._world.find_result(task.name, name)
        if task.service == "lambda" and not task.is_callback:
            if isinstance(value, dict) and not isinstance(value, Guess) and "Payload" in value:
                return value
            return {
                "ExecutedVersion": "$LATEST", "Payload": value, **_METADATA, "StatusCode": 200,
            }  # fmt: skip
        if isinstance(value, Guess) and not task.service.startswith("aws-sdk:"):
            value.update(_METADATA if task.kind == "Task" and not task.is_callback else {})
        return value


def _child_output(task: Task, child: ItemCounts) -> Any:
    """Return what starting a child gives: its output where it is waited for, as text or parsed."""
    moment = "2016-03-14T01:59:00.000Z"
    given: dict[str, Any] = {"ExecutionArn": _ARN, "StartDate": moment}
    if not task.is_sync and task.action != "startSyncExecution":
        return {**given, **(_METADATA if task.service == "states" else {})}
    if child.error:
        return {**given, "Error": child.error, "Cause": child.cause, "Status": "FAILED"}
    text = json.dumps(child.output, separators=(",", ":"), ensure_ascii=False)
    whole = task.action.endswith(":2")
    given |= {"Output": child.output if whole else text, "Status": "SUCCEEDED"}
    return {**given, "Name": "x" * 36, "StateMachineArn": _ARN, "StopDate": moment}


def _is_chosen(index: int, chosen: int, count: int) -> bool:
    """Return whether an item is one of those chosen, spread evenly over all."""
    return bool(chosen) and (index % count + 1) * chosen // count != index % count * chosen // count


def _find_transient(state: Mapping[str, Any]) -> str:
    """Name an error that a state retries; '' if it retries none."""
    for retrier in state.get("Retry", ()):
        if retrier.get("MaxAttempts", 3):
            name = str(retrier["ErrorEquals"][0])
            return "States.TaskFailed" if name == "States.ALL" else name
    return ""


def count_units(call: str, given: Any) -> int:
    """Count what is paid for of a call: of those that hold several writes or events, each.

    >>> count_units("events:putEvents", {"Entries": [{}, {}]}), count_units("sqs:sendMessage", {})
    (2, 1)
    """
    action = call.rpartition(":")[2]
    if not isinstance(given, dict) or action not in _BATCHES:
        return 1
    held = given.get(_BATCHES[action], ())
    if isinstance(held, dict):  # by table: a list of writes, or the keys to read
        held = [one for table in held.values() for one in
                (table.get("Keys", ()) if isinstance(table, dict) else table)]  # fmt: skip
    size = len(held) if isinstance(held, list) else 1
    return size * (2 if action.startswith("transact") else 1)


_BATCHES = {
    "batchWriteItem": "RequestItems", "batchGetItem": "RequestItems", "putEvents": "Entries",
    "transactGetItems": "TransactItems", "transactWriteItems": "TransactItems",
    "publishBatch": "PublishBatchRequestEntries",
}  # fmt: skip


def call_name(task: Task) -> str:
    """Name what a task calls, without its pattern.

    >>> call_name(Task("A", "LambdaFunction", "arn:…", "", "", {}, ""))
    'lambda:invoke'
    """
    if task.kind != "Task":
        return "lambda:invoke" if task.kind == "LambdaFunction" else "activity"
    return f"{task.service}:{task.action.partition('.')[0]}" if task.service else "lambda:invoke"
