"""Jobs: what `.sync` of a service gives that nobody runs here, in the service's own shape.

A job ends as it is told, so many seconds of the execution's time after it was started. Its result
has what was asked for, an ID, the times and the status, named as the action that describes the job
names them. Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
and the page of each integration.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from carnation.document.values import Json
from carnation.emulator.interpreter.services import to_text
from carnation.engine import Failed, Submitted, Succeeded, Task
from carnation.engine.timestamps import parse_timestamp
from carnation.errors import UsageError
from carnation.services.optimized import find_task_result

SECONDS = 300.0
ENDS = ("succeed", "fail")
_CAUSE = "the job was told to fail"


@dataclass(frozen=True)
class Jobs:
    """How jobs end: each `ends` ('succeed' or 'fail'), and these states give these `results`."""

    ends: str | None = None
    results: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse another end."""
        if self.ends not in (None, *ENDS):
            raise UsageError(f"jobs end as {' or '.join(ENDS)}, not as '{self.ends}'.")

    def answer(self, task: Task) -> Succeeded | Submitted | None:
        """Answer a task of which this knows the end; None for any other."""
        call = f"{task.service}:{task.action.partition('.')[0]}"
        make = _JOBS.get(call) if task.is_sync else None
        given = task.name in self.results
        if make is None:
            return self._result_of(task) if given else None
        if not given and self.ends is None:
            return None
        job = make(_Started.of(task))
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


class _Job(NamedTuple):
    """What a job's start answers, and how it is described at a good and at a bad end."""

    submitted: Mapping[str, Json]
    succeeded: Mapping[str, Json]
    failed: Mapping[str, Json]


class _Started(NamedTuple):
    """A job that was started: what was asked, its ID, its times in milliseconds."""

    asked: Mapping[str, Any]
    id: str
    hex: str
    began: int
    ended: int
    region: str
    account: str

    @classmethod
    def of(cls, task: Task) -> _Started:
        made = uuid.uuid5(uuid.NAMESPACE_OID, task.token)
        context: Any = task.context
        parts = (str((context.get("Execution") or {}).get("Id", "")).split(":") + [""] * 6)[:6]
        entered = parse_timestamp((context.get("State") or {}).get("EnteredTime")) or 0.0
        began = int(entered * 1000)
        asked = task.parameters if isinstance(task.parameters, dict) else {}
        return cls(
            asked, str(made), made.hex, began, began + int(SECONDS * 1000),
            parts[3] or "us-east-1", parts[4] or "123456789012",
        )  # fmt: skip

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def get(self, name: str, otherwise: Any = "") -> Any:
        return self.asked.get(name, otherwise)


def _describe(task: Task, facts: Mapping[str, Json]) -> Json:
    """Add, of what was asked, what the service gives back; in the order of the names."""
    shape = find_task_result(task.resource.removeprefix("arn:aws:states:::"))
    asked = task.parameters if isinstance(task.parameters, dict) else {}
    if shape is None:
        return dict(facts)
    found = {**asked, **facts}
    return {key: found[key] for key in sorted(found) if key in shape.members}


def _name(text: str) -> str:
    """Return the name at the end of an ARN, or a name itself.

    >>> _name("arn:aws:batch:us-east-1:123456789012:job-queue/fast"), _name("fast")
    ('fast', 'fast')
    """
    return text.rpartition("/")[2] if text.startswith("arn:") else text


def _glue(job: _Started) -> _Job:
    run = f"jr_{job.hex}{job.hex}"
    facts = {
        "Attempt": 0, "CompletedOn": job.ended, "ExecutionTime": int(SECONDS), "Id": run,
        "JobName": job.get("JobName"), "LastModifiedOn": job.ended,
        "LogGroupName": "/aws-glue/jobs", "PredecessorRuns": [], "StartedOn": job.began,
        "Timeout": job.get("Timeout", 2880),
    }  # fmt: skip
    return _Job(
        {"JobRunId": run},
        {**facts, "JobRunState": "SUCCEEDED"},
        {**facts, "JobRunState": "FAILED", "ErrorMessage": _CAUSE},
    )


def _batch(job: _Started) -> _Job:
    arn = job.arn("batch", f"job/{job.id}")
    names = {"JobArn": arn, "JobId": job.id, "JobName": job.get("JobName")}
    container = {"LogStreamName": f"{_name(job.get('JobDefinition'))}/default/{job.hex}"}

    def end(status: str, code: int, reason: str) -> dict[str, Json]:
        done = {**container, "ExitCode": code}
        attempt = {
            "Container": done, "StartedAt": job.began, "StatusReason": reason,
            "StoppedAt": job.ended,
        }  # fmt: skip
        return {
            **names, "Attempts": [attempt], "Container": done, "CreatedAt": job.began,
            "JobDefinition": job.get("JobDefinition"), "JobQueue": job.get("JobQueue"),
            "DependsOn": job.get("DependsOn", []), "Parameters": job.get("Parameters", {}),
            "StartedAt": job.began, "Status": status, "StatusReason": reason,
            "StoppedAt": job.ended,
        }  # fmt: skip

    exited = "Essential container in task exited"
    return _Job(names, end("SUCCEEDED", 0, exited), end("FAILED", 1, exited))


def _ecs(job: _Started) -> _Job:
    cluster = _name(job.get("Cluster", "default"))
    overrides = (job.get("Overrides") or {}).get("ContainerOverrides") or [{}]
    names = {
        "ClusterArn": job.arn("ecs", f"cluster/{cluster}"), "CreatedAt": job.began,
        "LaunchType": job.get("LaunchType", "EC2"), "DesiredStatus": "STOPPED",
        "Overrides": job.get("Overrides", {"ContainerOverrides": []}),
        "TaskArn": job.arn("ecs", f"task/{cluster}/{job.hex}"),
        "TaskDefinitionArn": job.get("TaskDefinition"),
    }  # fmt: skip

    def containers(status: str, **more: Json) -> list[Json]:
        return [
            {
                "ContainerArn": job.arn("ecs", f"container/{cluster}/{job.hex}/{at}"),
                "LastStatus": status, "Name": one.get("Name", "container"),
                "TaskArn": names["TaskArn"], **more,
            }
            for at, one in enumerate(overrides)
        ]  # fmt: skip

    def end(code: int) -> dict[str, Json]:
        return {
            **names, "Containers": containers("STOPPED", ExitCode=code), "LastStatus": "STOPPED",
            "ExecutionStoppedAt": job.ended, "StartedAt": job.began, "StoppedAt": job.ended,
            "StopCode": "EssentialContainerExited",
            "StoppedReason": "Essential container in task exited",
        }  # fmt: skip

    begun = {**names, "Containers": containers("PENDING"), "LastStatus": "PROVISIONING"}
    begun["DesiredStatus"] = "RUNNING"
    return _Job({"Failures": [], "Tasks": [begun]}, end(0), end(1))


def _athena(job: _Started) -> _Job:
    query = job.get("QueryString")
    facts = {
        "Query": query, "QueryExecutionId": job.id, "WorkGroup": job.get("WorkGroup", "primary"),
        "QueryExecutionContext": job.get("QueryExecutionContext", {}),
        "ResultConfiguration": job.get("ResultConfiguration", {}),
        "StatementType": "DML" if query.lstrip()[:6].upper() in ("SELECT", "INSERT") else "DDL",
        "Statistics": {
            "EngineExecutionTimeInMillis": int(SECONDS * 1000),
            "TotalExecutionTimeInMillis": int(SECONDS * 1000), "DataScannedInBytes": 0,
        },
    }  # fmt: skip

    def end(state: str, **more: Json) -> dict[str, Json]:
        times = {"CompletionDateTime": job.ended, "SubmissionDateTime": job.began}
        return {"QueryExecution": {**facts, "Status": {**times, "State": state, **more}}}

    return _Job(
        {"QueryExecutionId": job.id}, end("SUCCEEDED"), end("FAILED", StateChangeReason=_CAUSE)
    )


def _emr_serverless(job: _Started) -> _Job:
    run, application = job.hex[:16], job.get("ApplicationId")
    arn = job.arn("emr-serverless", f"/applications/{application}/jobruns/{run}")
    names = {"ApplicationId": application, "Arn": arn, "JobRunId": run}
    facts = {
        **names, "CreatedAt": job.began, "UpdatedAt": job.ended,
        "ExecutionRole": job.get("ExecutionRoleArn"), "JobDriver": job.get("JobDriver", {}),
        "Name": job.get("Name"), "TotalExecutionDurationSeconds": int(SECONDS),
    }  # fmt: skip
    return _Job(
        names,
        {"JobRun": {**facts, "State": "SUCCESS", "StateDetails": ""}},
        {"JobRun": {**facts, "State": "FAILED", "StateDetails": _CAUSE}},
    )


def _codebuild(batch: bool) -> Callable[[_Started], _Job]:
    member, status = ("BuildBatch", "BuildBatchStatus") if batch else ("Build", "BuildStatus")
    kind = "build-batch" if batch else "build"

    def make(job: _Started) -> _Job:
        project = job.get("ProjectName") or str(job.get("Id", "project")).partition(":")[0]
        facts = {
            "Arn": job.arn("codebuild", f"{kind}/{project}:{job.id}"), "Id": f"{project}:{job.id}",
            "ProjectName": project, "StartTime": job.began,
        }  # fmt: skip
        done = {**facts, "EndTime": job.ended, "CurrentPhase": "COMPLETED"}
        done["BuildBatchNumber" if batch else "BuildNumber"] = 1
        begun = {**facts, status: "IN_PROGRESS", "CurrentPhase": "QUEUED"}
        return _Job(
            {member: begun},
            {member: {**done, status: "SUCCEEDED"}},
            {member: {**done, status: "FAILED"}},
        )

    return make


def _sagemaker(kind: str, path: str) -> Callable[[_Started], _Job]:
    """Make the jobs of SageMaker, whose members begin with what they are jobs of."""

    def make(job: _Started) -> _Job:
        prefix = f"{kind}Job"
        name = job.get(f"{prefix}Name")
        arn = job.arn("sagemaker", f"{path}/{str(name).lower()}")
        facts = {
            f"{prefix}Arn": arn, f"{prefix}Name": name, "CreationTime": job.began,
            "LastModifiedTime": job.ended,
        }  # fmt: skip
        state = f"{prefix}Status"
        times = {f"{kind}StartTime": job.began, f"{kind}EndTime": job.ended}
        if kind in ("AutoML", "Labeling"):
            times = {}
        elif kind == "HyperParameterTuning":
            times = {f"{kind}EndTime": job.ended}
        if kind == "Training":
            facts["SecondaryStatus"] = "Completed"
        failed = {**facts, **times, state: "Failed", "FailureReason": _CAUSE}
        if kind == "Training":
            failed["SecondaryStatus"] = "Failed"
        return _Job({f"{prefix}Arn": arn}, {**facts, **times, state: "Completed"}, failed)

    return make


def _bedrock(job: _Started) -> _Job:
    base = str(job.get("BaseModelIdentifier"))
    arn = job.arn("bedrock", f"model-customization-job/{_name(base)}/{job.hex[:12]}")
    model = job.arn("bedrock", f"custom-model/{_name(base)}/{job.hex[12:24]}")
    facts = {
        "BaseModelArn": base, "CreationTime": job.began, "EndTime": job.ended, "JobArn": arn,
        "JobName": job.get("JobName"), "LastModifiedTime": job.ended,
        "OutputModelName": job.get("CustomModelName"),
    }  # fmt: skip
    return _Job(
        {"JobArn": arn},
        {**facts, "OutputModelArn": model, "Status": "Completed"},
        {**facts, "FailureMessage": _CAUSE, "Status": "Failed"},
    )


_JOBS: Mapping[str, Callable[[_Started], _Job]] = {
    "athena:startQueryExecution": _athena,
    "batch:submitJob": _batch,
    "bedrock:createModelCustomizationJob": _bedrock,
    "codebuild:retryBuildBatch": _codebuild(True),
    "codebuild:startBuild": _codebuild(False),
    "codebuild:startBuildBatch": _codebuild(True),
    "ecs:runTask": _ecs,
    "emr-serverless:startJobRun": _emr_serverless,
    "glue:startJobRun": _glue,
    "sagemaker:createAutoMLJob": _sagemaker("AutoML", "automl-job"),
    "sagemaker:createHyperParameterTuningJob": _sagemaker(
        "HyperParameterTuning", "hyper-parameter-tuning-job"
    ),
    "sagemaker:createLabelingJob": _sagemaker("Labeling", "labeling-job"),
    "sagemaker:createProcessingJob": _sagemaker("Processing", "processing-job"),
    "sagemaker:createTrainingJob": _sagemaker("Training", "training-job"),
    "sagemaker:createTransformJob": _sagemaker("Transform", "transform-job"),
}
