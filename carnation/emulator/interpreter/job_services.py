"""The jobs of each service: what starting one answers, and how it is described at its end.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html and the page
of each integration.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from carnation.document.values import Json
from carnation.engine import Task
from carnation.engine.timestamps import parse_timestamp
from carnation.records import NamedTuple

SECONDS = 300.0
_CAUSE = "the job was configured to fail"


class Job(NamedTuple):
    """What a job's start answers, and how it is described at a good and at a bad end."""

    submitted: Mapping[str, Json]
    succeeded: Mapping[str, Json]
    failed: Mapping[str, Json]


class Started(NamedTuple):
    """A job that was started: what was asked, its ID, its times in milliseconds."""

    asked: Mapping[str, Any]
    id: str
    hex: str
    began: int
    ended: int
    region: str
    account: str

    @classmethod
    def of(cls, task: Task) -> Started:
        """Read what a task asks for, and make the IDs and times of its job."""
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
        """Return an ARN of the account that the execution is of."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def get(self, name: str, otherwise: Any = "") -> Any:
        """Return what was asked under a name."""
        return self.asked.get(name, otherwise)


def _name(text: str) -> str:
    """Return the name at the end of an ARN, or a name itself.

    >>> _name("arn:aws:batch:us-east-1:123456789012:job-queue/fast"), _name("fast")
    ('fast', 'fast')
    """
    return text.rpartition("/")[2] if text.startswith("arn:") else text


def _glue(job: Started) -> Job:
    run = f"jr_{job.hex}{job.hex}"
    facts = {
        "Attempt": 0, "CompletedOn": job.ended, "ExecutionTime": int(SECONDS), "Id": run,
        "JobName": job.get("JobName"), "LastModifiedOn": job.ended,
        "LogGroupName": "/aws-glue/jobs", "PredecessorRuns": [], "StartedOn": job.began,
        "Timeout": job.get("Timeout", 2880),
    }  # fmt: skip
    return Job(
        {"JobRunId": run},
        {**facts, "JobRunState": "SUCCEEDED"},
        {**facts, "JobRunState": "FAILED", "ErrorMessage": _CAUSE},
    )


def _batch(job: Started) -> Job:
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
    return Job(names, end("SUCCEEDED", 0, exited), end("FAILED", 1, exited))


def _ecs(job: Started) -> Job:
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
    return Job({"Failures": [], "Tasks": [begun]}, end(0), end(1))


def _athena(job: Started) -> Job:
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

    return Job(
        {"QueryExecutionId": job.id}, end("SUCCEEDED"), end("FAILED", StateChangeReason=_CAUSE)
    )


def _emr_serverless(job: Started) -> Job:
    run, application = job.hex[:16], job.get("ApplicationId")
    arn = job.arn("emr-serverless", f"/applications/{application}/jobruns/{run}")
    names = {"ApplicationId": application, "Arn": arn, "JobRunId": run}
    facts = {
        **names, "CreatedAt": job.began, "UpdatedAt": job.ended,
        "ExecutionRole": job.get("ExecutionRoleArn"), "JobDriver": job.get("JobDriver", {}),
        "Name": job.get("Name"), "TotalExecutionDurationSeconds": int(SECONDS),
    }  # fmt: skip
    return Job(
        names,
        {"JobRun": {**facts, "State": "SUCCESS", "StateDetails": ""}},
        {"JobRun": {**facts, "State": "FAILED", "StateDetails": _CAUSE}},
    )


def _codebuild(batch: bool) -> Callable[[Started], Job]:
    member, status = ("BuildBatch", "BuildBatchStatus") if batch else ("Build", "BuildStatus")
    kind = "build-batch" if batch else "build"

    def make(job: Started) -> Job:
        project = job.get("ProjectName") or str(job.get("Id", "project")).partition(":")[0]
        facts = {
            "Arn": job.arn("codebuild", f"{kind}/{project}:{job.id}"), "Id": f"{project}:{job.id}",
            "ProjectName": project, "StartTime": job.began,
        }  # fmt: skip
        done = {**facts, "EndTime": job.ended, "CurrentPhase": "COMPLETED"}
        done["BuildBatchNumber" if batch else "BuildNumber"] = 1
        begun = {**facts, status: "IN_PROGRESS", "CurrentPhase": "QUEUED"}
        return Job(
            {member: begun},
            {member: {**done, status: "SUCCEEDED"}},
            {member: {**done, status: "FAILED"}},
        )

    return make


def _sagemaker(kind: str, path: str) -> Callable[[Started], Job]:
    """Make the jobs of SageMaker, whose members begin with what they are jobs of."""

    def make(job: Started) -> Job:
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
        return Job({f"{prefix}Arn": arn}, {**facts, **times, state: "Completed"}, failed)

    return make


def _bedrock(job: Started) -> Job:
    base = str(job.get("BaseModelIdentifier"))
    arn = job.arn("bedrock", f"model-customization-job/{_name(base)}/{job.hex[:12]}")
    model = job.arn("bedrock", f"custom-model/{_name(base)}/{job.hex[12:24]}")
    facts = {
        "BaseModelArn": base, "CreationTime": job.began, "EndTime": job.ended, "JobArn": arn,
        "JobName": job.get("JobName"), "LastModifiedTime": job.ended,
        "OutputModelName": job.get("CustomModelName"),
    }  # fmt: skip
    return Job(
        {"JobArn": arn},
        {**facts, "OutputModelArn": model, "Status": "Completed"},
        {**facts, "FailureMessage": _CAUSE, "Status": "Failed"},
    )


def _databrew(job: Started) -> Job:
    run = f"db_{job.hex}{job.hex}"
    facts = {
        "Attempt": 0, "CompletedOn": job.ended, "ExecutionTime": int(SECONDS),
        "JobName": job.get("Name"), "LogGroupName": "/aws-glue-databrew/jobs", "RunId": run,
        "StartedOn": job.began,
    }  # fmt: skip
    return Job(
        {"RunId": run},
        {**facts, "State": "SUCCEEDED"},
        {**facts, "State": "FAILED", "ErrorMessage": _CAUSE},
    )


def _mediaconvert(job: Started) -> Job:
    name = f"{job.began}-{job.hex[:6]}"
    asked = {key: job.asked[key] for key in ("Settings", "UserMetadata") if key in job.asked}
    facts = {
        **asked, "Arn": job.arn("mediaconvert", f"jobs/{name}"), "CreatedAt": job.began,
        "Id": name, "Queue": job.get("Queue") or job.arn("mediaconvert", "queues/Default"),
        "Role": job.get("Role"), "StatusUpdateInterval": "SECONDS_60",
    }  # fmt: skip
    timing: dict[str, Json] = {
        "FinishTime": job.ended, "StartTime": job.began, "SubmitTime": job.began,
    }  # fmt: skip
    begun = {**facts, "Status": "SUBMITTED", "Timing": {"SubmitTime": job.began}}
    done = {**facts, "JobPercentComplete": 100, "Timing": timing}
    return Job(
        {"Job": begun},
        {"Job": {**done, "Status": "COMPLETE"}},
        {"Job": {**done, "Status": "ERROR", "ErrorCode": 1999, "ErrorMessage": _CAUSE}},
    )


def _emr(member: str, prefix: str) -> Callable[[Started], Job]:
    """Make what EMR's own actions of Step Functions give: an ID; `.sync` gives the same.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
    """

    def make(job: Started) -> Job:
        names: dict[str, Json] = {member: f"{prefix}-{job.hex[:13].upper()}"} if member else {}
        return Job(names, names, {**names, "Status": {"State": "FAILED", "Message": _CAUSE}})

    return make


def _eks_job(job: Started) -> Job:
    """Make what the Kubernetes API says of a job, as `eks:call` gives it.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html
    """
    reply: dict[str, Json] = {"Headers": {}, "StatusCode": 200, "StatusText": "OK"}
    wants_logs = (job.get("LogOptions") or {}).get("RetrieveLogs")
    logs: dict[str, Json] = {"logs": {"pods": {}}} if wants_logs else {}

    def describe(**status: Json) -> dict[str, Json]:
        body = job.get("Job", {})
        described = {**body, "status": status} if isinstance(body, dict) else body
        return {**reply, "ResponseBody": described}

    def end(count: str, condition: str) -> dict[str, Json]:
        conditions: list[Json] = [{"type": condition, "status": "True"}]
        return {**describe(**{count: 1, "conditions": conditions}), **logs}

    return Job(describe(), end("succeeded", "Complete"), end("failed", "Failed"))


JOBS: Mapping[str, Callable[[Started], Job]] = {
    "athena:startQueryExecution": _athena,
    "batch:submitJob": _batch,
    "bedrock:createModelCustomizationJob": _bedrock,
    "codebuild:retryBuildBatch": _codebuild(True),
    "codebuild:startBuild": _codebuild(False),
    "codebuild:startBuildBatch": _codebuild(True),
    "databrew:startJobRun": _databrew,
    "ecs:runTask": _ecs,
    "eks:runJob": _eks_job,
    "elasticmapreduce:addStep": _emr("StepId", "s"),
    "elasticmapreduce:createCluster": _emr("ClusterId", "j"),
    "elasticmapreduce:terminateCluster": _emr("", ""),
    "emr-serverless:startJobRun": _emr_serverless,
    "glue:startJobRun": _glue,
    "mediaconvert:createJob": _mediaconvert,
    "sagemaker:createAutoMLJob": _sagemaker("AutoML", "automl-job"),
    "sagemaker:createHyperParameterTuningJob": _sagemaker(
        "HyperParameterTuning", "hyper-parameter-tuning-job"
    ),
    "sagemaker:createLabelingJob": _sagemaker("Labeling", "labeling-job"),
    "sagemaker:createProcessingJob": _sagemaker("Processing", "processing-job"),
    "sagemaker:createTrainingJob": _sagemaker("Training", "training-job"),
    "sagemaker:createTransformJob": _sagemaker("Transform", "transform-job"),
}
