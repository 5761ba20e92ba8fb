"""What Tasks take and give: the optimized integrations beside those of the AWS SDK.

Most optimized integrations call one action of an API and pass it on, spelled as the model spells
it. A few are no API's; of some, JSON stands where the API has text; and `.sync` gives what the
job's own describing action gives.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnation.services.integrations import INTEGRATIONS
from carnation.services.shapes import (
    Shape,
    expand_action,
    find_parameters,
    find_result,
    to_plain_name,
)

APIS: Mapping[str, str] = {
    "elasticmapreduce": "emr",
    "emr-containers": "emrcontainers",
    "emr-serverless": "emrserverless",
    "events": "eventbridge",
    "states": "sfn",
}
"""Optimized services whose API the SDK calls otherwise."""

_ACTIONS = {"bedrock:invokeModel": "bedrockruntime:invokeModel"}
_TEXT, _NUMBER, _FLAG, _JSON = map(Shape, ("string", "integer", "boolean", "document"))
_TEXTS = Shape("list", item=_TEXT)
_MAP = Shape("map", item=_JSON)


def _structure(needed: str = "", /, **members: Shape) -> Shape:
    return Shape("structure", members, tuple(needed.split()))


_HEADERS = Shape("map", item=_JSON)
_METADATA = {
    "SdkHttpMetadata": _structure(
        AllHttpHeaders=_HEADERS, HttpHeaders=_HEADERS, HttpStatusCode=_NUMBER
    ),
    "SdkResponseMetadata": _structure(RequestId=_TEXT),
}
_REPLY = {"Headers": _HEADERS, "ResponseBody": _JSON, "StatusCode": _NUMBER, "StatusText": _TEXT}
_CLUSTER = {"ClusterName": _TEXT, "CertificateAuthority": _TEXT, "Endpoint": _TEXT}

_TAKEN: Mapping[str, Shape] = {
    "apigateway:invoke": _structure(
        "ApiEndpoint Method", ApiEndpoint=_TEXT, Method=_TEXT, Headers=_MAP, Stage=_TEXT,
        Path=_TEXT, QueryParameters=_MAP, RequestBody=_JSON, AllowNullValues=_FLAG, AuthType=_TEXT,
    ),
    "http:invoke": _structure(
        "ApiEndpoint Method", ApiEndpoint=_TEXT, Method=_TEXT,
        Authentication=_structure("ConnectionArn", ConnectionArn=_TEXT),
        InvocationConfig=_structure(ConnectionArn=_TEXT), Headers=_MAP, QueryParameters=_MAP,
        RequestBody=_JSON,
        Transform=_structure(
            RequestBodyEncoding=_TEXT, RequestEncodingOptions=_structure(ArrayFormat=_TEXT)
        ),
    ),
    "eks:call": _structure(
        "ClusterName CertificateAuthority Endpoint Method Path", **_CLUSTER, Method=_TEXT,
        Path=_TEXT, QueryParameters=_MAP, RequestBody=_JSON,
    ),
    "eks:runJob": _structure(
        "ClusterName CertificateAuthority Endpoint Job", **_CLUSTER, Namespace=_TEXT, Job=_JSON,
        LogOptions=_JSON,
    ),
    "elasticmapreduce:terminateCluster": _structure("ClusterId", ClusterId=_TEXT),
    "elasticmapreduce:addStep": _structure(
        "ClusterId Step", ClusterId=_TEXT, Step=_JSON, ExecutionRoleArn=_TEXT
    ),
    "elasticmapreduce:cancelStep": _structure("ClusterId StepId", ClusterId=_TEXT, StepId=_TEXT),
    "elasticmapreduce:setClusterTerminationProtection": _structure(
        "ClusterId TerminationProtected", ClusterId=_TEXT, TerminationProtected=_FLAG
    ),
    "elasticmapreduce:modifyInstanceFleetByName": _structure(
        "ClusterId InstanceFleetName InstanceFleet", ClusterId=_TEXT, InstanceFleetName=_TEXT,
        InstanceFleet=_JSON,
    ),
    "elasticmapreduce:modifyInstanceGroupByName": _structure(
        "ClusterId InstanceGroupName InstanceGroup", ClusterId=_TEXT, InstanceGroupName=_TEXT,
        InstanceGroup=_JSON,
    ),
}  # fmt: skip
_GIVEN: Mapping[str, Shape | None] = {
    "apigateway:invoke": _structure(**_REPLY),
    "http:invoke": _structure(**_REPLY),
    "eks:call": _structure(**_REPLY),
    "eks:runJob": None,
    "elasticmapreduce:createCluster": _structure(ClusterId=_TEXT, ClusterArn=_TEXT, **_METADATA),
    "lambda:invoke": _structure(
        ExecutedVersion=_TEXT, LogResult=_TEXT, Payload=_JSON, StatusCode=_NUMBER, **_METADATA
    ),
    "bedrock:invokeModel": _structure(Body=_JSON, ContentType=_TEXT, **_METADATA),
}
_AS_JSON: Mapping[str, tuple[str, ...]] = {
    "lambda:invoke": ("Payload",),
    "bedrock:invokeModel": ("Body",),
    "sqs:sendMessage": ("MessageBody",),
    "sns:publish": ("Message",),
    "states:startExecution": ("Input",),
}
"""Members that the API wants as text, and that may be any JSON here."""

_ADDED: Mapping[str, dict[str, Shape]] = {
    "bedrock:invokeModel": {"Input": _structure(S3Uri=_TEXT), "Output": _structure(S3Uri=_TEXT)},
    "events:putEvents": {
        "Entries": Shape(
            "list",
            item=_structure(
                Time=Shape("timestamp"), Source=_TEXT, Resources=_TEXTS, DetailType=_TEXT,
                Detail=_JSON, EventBusName=_TEXT, TraceHeader=_TEXT,
            ),
        )
    },
}  # fmt: skip

# a job's `.sync`: the action that describes it, and the member that alone is given
_JOBS: Mapping[str, tuple[str, str]] = {
    "athena:startQueryExecution": ("athena:getQueryExecution", ""),
    "batch:submitJob": ("batch:describeJobs", "Jobs"),
    "bedrock:createModelCustomizationJob": ("bedrock:getModelCustomizationJob", ""),
    "codebuild:startBuild": ("codebuild:startBuild", ""),
    "codebuild:startBuildBatch": ("codebuild:startBuildBatch", ""),
    "codebuild:retryBuildBatch": ("codebuild:retryBuildBatch", ""),
    "databrew:startJobRun": ("databrew:describeJobRun", ""),
    "ecs:runTask": ("ecs:describeTasks", "Tasks"),
    "eks:createCluster": ("eks:describeCluster", ""),
    "eks:deleteCluster": ("eks:describeCluster", ""),
    "eks:createFargateProfile": ("eks:describeFargateProfile", ""),
    "eks:deleteFargateProfile": ("eks:describeFargateProfile", ""),
    "eks:createNodegroup": ("eks:describeNodegroup", ""),
    "eks:deleteNodegroup": ("eks:describeNodegroup", ""),
    "glue:startJobRun": ("glue:getJobRun", "JobRun"),
    "mediaconvert:createJob": ("mediaconvert:getJob", ""),
    "sagemaker:createAutoMLJob": ("sagemaker:describeAutoMLJob", ""),
    "sagemaker:createHyperParameterTuningJob": (
        "sagemaker:describeHyperParameterTuningJob", "",
    ),
    "sagemaker:createLabelingJob": ("sagemaker:describeLabelingJob", ""),
    "sagemaker:createProcessingJob": ("sagemaker:describeProcessingJob", ""),
    "sagemaker:createTrainingJob": ("sagemaker:describeTrainingJob", ""),
    "sagemaker:createTransformJob": ("sagemaker:describeTransformJob", ""),
    "states:startExecution": ("sfn:describeExecution", ""),
}  # fmt: skip


@lru_cache(maxsize=256)
def find_task_parameters(call: str) -> Shape | None:
    """Find what a Task takes, by the end of its Resource; None where that is not known.

    >>> find_task_parameters("aws-sdk:s3:getObject").required
    ('Bucket', 'Key')
    >>> find_task_parameters("lambda:invoke").members["Payload"].kind
    'document'
    """
    service, action, _ = _split(call)
    if service.startswith("aws-sdk:"):
        return find_parameters(service.removeprefix("aws-sdk:"), action)
    name = f"{service}:{action}"
    if name in _TAKEN or name not in INTEGRATIONS:
        return _TAKEN.get(name)
    shape = _expand(name, 0)
    if shape is None:
        return None
    members = dict(shape.members) | dict.fromkeys(_AS_JSON.get(name, ()), _JSON)
    return shape._replace(members=members | _ADDED.get(name, {}))


@lru_cache(maxsize=256)
def find_task_result(call: str) -> Shape | None:
    """Find what a Task gives, by the end of its Resource; None where that is not known.

    What a callback gives is up to who calls back. `.sync` of a state machine gives the output as
    text, `.sync:2` as JSON.

    >>> find_task_result("states:startExecution.sync").members["Output"].kind
    'string'
    >>> find_task_result("states:startExecution.sync:2").members["Output"].kind
    'document'
    """
    service, action, pattern = _split(call)
    if pattern == "waitForTaskToken":
        return None
    if service.startswith("aws-sdk:"):
        return find_result(service.removeprefix("aws-sdk:"), action)
    name = f"{service}:{action}"
    if name not in INTEGRATIONS:
        return None
    if pattern:
        return _find_job(name, pattern)
    if name in _GIVEN:
        return _GIVEN[name]
    shape = _expand(name, 1)
    return shape and shape._replace(members=dict(shape.members) | _METADATA)


def _find_job(name: str, pattern: str) -> Shape | None:
    describing, member = _JOBS.get(name, ("", ""))
    shape = _expand(describing, 1) if describing else None
    if shape is None:
        return None
    if member:
        inner = shape.members[member]
        return inner.item if inner.kind == "list" else inner
    if pattern == "sync:2":
        return shape._replace(members=dict(shape.members) | {"Input": _JSON, "Output": _JSON})
    return shape


def _expand(name: str, end: int) -> Shape | None:
    service, _, action = _ACTIONS.get(name, name).partition(":")
    if name == "elasticmapreduce:createCluster":
        action = "runJobFlow"
    return expand_action(APIS.get(service, service), action, end, to_plain_name)


def _split(call: str) -> tuple[str, str, str]:
    name, _, pattern = call.rpartition(":::")[2].partition(".")
    service, _, action = name.rpartition(":")
    return service, action, pattern
