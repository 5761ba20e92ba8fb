"""Jobs: what `.sync` of a service gives that nobody runs here, in the service's own shape.

A job ends as it is told, so many seconds of the execution's time after it was started. Its result
has what was asked for, an ID, the times and the status, named as the action that describes the job
names them. Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
and the page of each integration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carnation.document.values import Json
from carnation.emulator.interpreter.job_services import JOBS, SECONDS, Started
from carnation.emulator.interpreter.services import to_text
from carnation.engine import Failed, Submitted, Succeeded, Task
from carnation.errors import UsageError
from carnation.services.optimized import find_task_result
from carnation.services.task_calls import read_resource

ENDS = ("succeed", "fail")


@dataclass(frozen=True)
class Jobs:
    """How jobs end: each `ends` ('succeed' or 'fail'), and these states give these `results`."""

    ends: str | None = None
    results: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject another end."""
        if self.ends not in (None, *ENDS):
            raise UsageError(f"jobs end as {' or '.join(ENDS)}, not as '{self.ends}'.")

    def answer(self, task: Task) -> Succeeded | Submitted | None:
        """Answer a task of which this knows the end; None for any other."""
        call = f"{task.service}:{task.action.partition('.')[0]}"
        make = JOBS.get(call) if task.is_sync else None
        given = task.name in self.results
        if make is None:
            return self._result_of(task) if given else None
        if not given and self.ends is None:
            return None
        job = make(Started.of(task))
        if given:
            end: Succeeded | Failed = Succeeded(self.results[task.name], SECONDS)
        elif self.ends == "succeed":
            end = Succeeded(_describe(task, job.succeeded), SECONDS)
        else:
            cause = to_text(_describe(task, job.failed))
            end = Failed("States.TaskFailed", cause, SECONDS)
        return Submitted({**job.submitted, **_METADATA}, end)

    def _result_of(self, task: Task) -> Succeeded | Submitted:
        result = Succeeded(self.results[task.name])
        return Submitted(dict(_METADATA), result) if task.is_callback else result


_METADATA: Mapping[str, Json] = {
    "SdkHttpMetadata": {"HttpStatusCode": 200},
    "SdkResponseMetadata": {"RequestId": "00000000-0000-0000-0000-000000000000"},
}


def _describe(task: Task, facts: Mapping[str, Json]) -> Json:
    """Add, of what was asked, what the service gives back; in the order of the names."""
    shape = find_task_result(read_resource(task.resource).full_call)
    asked = task.parameters if isinstance(task.parameters, dict) else {}
    if shape is None:
        return dict(facts)
    found = {**asked, **facts}
    return {key: found[key] for key in sorted(found) if key in shape.members}
