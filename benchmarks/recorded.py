"""A port that answers as AWS's services did when a case was recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from carnation.engine import Failed, Outcome, Pending, Started, Submitted, Succeeded, Task

SKIP: Any = object()


class Recorded:
    """A port that answers as AWS's services did."""

    def __init__(self, case: dict[str, Any]) -> None:
        """Lay out what was answered."""
        self.waiting = list(case.get("tasks") or ())
        fixtures = (case.get("fixtures") or {}).get("s3", [])
        self.objects = {(item["bucket"], item["key"]): item for item in fixtures}
        self.workers = [
            event.get("details", {}).get("workerName")
            for event in case.get("history") or ()
            if event["type"] == "ActivityStarted"
        ]
        self.activities = {task["resource"] for task in self.waiting if task["kind"] == "Activity"}

    def refuse(self, task: Task) -> str | None:
        """Describe what AWS says about an activity that is not there."""
        if task.kind == "Activity" and task.resource not in self.activities:
            return f"The activity {task.resource} does not exist."
        return None

    def perform(self, task: Task) -> Outcome:
        """Return the recorded outcome: by state, then order, then parameters."""
        found = [each for each in self.waiting if each["state"] == task.name]
        if not found:
            return self._reach_store(task)
        same = [each for each in found if alike(each.get("parameters"), task.parameters)]
        record = (same or found)[0]
        self.waiting.remove(record)
        outcome = self._final(record)
        if "submitted_output" in record:
            return Submitted(record["submitted_output"], outcome)
        if task.kind == "Activity" and self.workers:
            return Started(self.workers.pop(0), outcome)
        return outcome

    def _final(self, record: dict[str, Any]) -> Succeeded | Failed | Pending:
        outcome = record.get("outcome")
        if outcome is None or str(record.get("outcome_event", "")).endswith("TimedOut"):
            return Pending()
        if "output" in outcome:
            return Succeeded(outcome["output"])
        return Failed(outcome.get("error"), outcome.get("cause"))

    def _reach_store(self, task: Task) -> Outcome:
        request = task.parameters if isinstance(task.parameters, dict) else {}
        item = self.objects.get((request.get("Bucket"), request.get("Key")))
        if "getObject" in task.resource and item is not None:
            return Succeeded({"Body": item["text"]})
        if "listObjects" in task.resource:
            return Succeeded({"Contents": list(self._list_objects(request))})
        if "putObject" in task.resource:
            return Succeeded({})
        return Failed("States.Runtime", f"no outcome of '{task.name}' was recorded")

    def _list_objects(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for (bucket, key), item in self.objects.items():
            if bucket == request.get("Bucket") and key.startswith(request.get("Prefix", "")):
                data = item["text"].encode()
                tag = hashlib.md5(data, usedforsecurity=False).hexdigest()
                yield {
                    "Etag": f'"{tag}"',
                    "Key": key,
                    "LastModified": 1.75e9,
                    "Size": len(data),
                    "StorageClass": "STANDARD",
                }


def alike(left: Any, right: Any) -> bool:
    """Compare JSON values: 1 is 1.0, true is not 1; `SKIP` is like anything."""
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if one is SKIP or other is SKIP:
            continue
        if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
            waiting.extend((one[key], other[key]) for key in one)
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            waiting.extend(zip(one, other, strict=True))
        elif isinstance(one, bool) != isinstance(other, bool) or one != other:
            return False
    return True
