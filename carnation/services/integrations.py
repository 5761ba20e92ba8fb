"""The optimized integrations of Step Functions: one row has all that is known of one.

A row says which patterns an integration has, which action of an API it calls, what it takes and
returns where that is not the API's own, the job that `.sync` waits for, and what IAM asks next to
the action itself. The linter, `integrate`, permissions, estimates, and the emulator read these
rows.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html, its page of
each integration, and
https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.records import NamedTuple
from carnation.services.shapes import Shape

TAKEN = "November 2026"
"""When the rows were compared with AWS's list, and the files with the models."""

_NONE: Mapping[str, Shape] = {}
AS_API = Shape("")
"""Of what an integration takes or gives: what the action of the API does."""


class Job(NamedTuple):
    """The job that `.sync` waits for.

    `describes` is the action that describes it, of whose result `member` alone is given ('': all);
    '' where AWS does not document what `.sync` gives. `watched` are the IAM actions that watch and
    stop it, on `resource`: of this account, behind the service, parameters in braces; '' is what
    the call is about. `rule` is the rule of EventBridge that reports its end. With `tags`, Step
    Functions tags the job.
    """

    describes: str
    watched: tuple[str, ...]
    resource: str = ""
    rule: str = ""
    member: str = ""
    tags: bool = False


class Integration(NamedTuple):
    """An optimized integration; its patterns are '' (request and response), `sync`, and so on.

    `api` is the action of the SDK that it calls, '' where it calls none. `takes` and `gives` are
    shapes, `AS_API`, or None where AWS does not document them; `added` and `json` are members that
    differ from the API's: `json` are any JSON here and text there. `needs` are further IAM actions.
    What is not `authorized` is authorized by Kubernetes, and IAM not asked.
    """

    patterns: tuple[str, ...]
    api: str
    takes: Shape | None = AS_API
    gives: Shape | None = AS_API
    json: tuple[str, ...] = ()
    added: Mapping[str, Shape] = _NONE
    job: Job | None = None
    needs: tuple[str, ...] = ()
    authorized: bool = True


_REQUEST = ("",)
_CALLBACK = ("", "waitForTaskToken")
_SYNC = ("", "sync")
_ALL = ("", "sync", "waitForTaskToken")

_TEXT, _NUMBER, _FLAG, _JSON = map(Shape, ("string", "integer", "boolean", "document"))
_TEXTS = Shape("list", item=_TEXT)
_MAP = Shape("map", item=_JSON)


def _structure(needed: str = "", /, **members: Shape) -> Shape:
    return Shape("structure", members, tuple(needed.split()))


METADATA: Mapping[str, Shape] = {
    "SdkHttpMetadata": _structure(
        AllHttpHeaders=_MAP, HttpHeaders=_MAP, HttpStatusCode=_NUMBER
    ),
    "SdkResponseMetadata": _structure(RequestId=_TEXT),
}  # fmt: skip
"""Members that what is given has next to the API's own."""
_REPLY = _structure(Headers=_MAP, ResponseBody=_JSON, StatusCode=_NUMBER, StatusText=_TEXT)
_CLUSTER = {"ClusterName": _TEXT, "CertificateAuthority": _TEXT, "Endpoint": _TEXT}


def _rows(
    names: str, patterns: tuple[str, ...], api: str = "", **facts: Shape | tuple[str, ...] | None
) -> dict[str, Integration]:
    """Make the rows of integrations with the same facts; `api` is the service as the SDK calls it.

    >>> list(_rows("sqs:sendMessage", ("",)))
    ['sqs:sendMessage']
    """
    service, _, actions = names.partition(":")
    return {
        f"{service}:{action}": Integration(patterns, f"{api or service}:{action}", **facts)  # type: ignore[arg-type]
        for action in actions.split()
    }


def _job(describes: str, watched: str, resource: str = "", rule: str = "", member: str = "") -> Job:
    return Job(describes, tuple(watched.split()), resource, rule, member)


def _emr(name: str, api: str, takes: Shape, job: Job | None = None, *needs: str) -> Mapping[
    str, Integration
]:  # fmt: skip
    """Make a row of Amazon EMR, which simplifies the API; what it gives is not documented."""
    row = Integration(_SYNC if job else _REQUEST, f"emr:{api}", takes, None, job=job, needs=needs)
    return {f"elasticmapreduce:{name}": row}


def _sagemaker(name: str, rule: str = "") -> Mapping[str, Integration]:
    """Make the row of a job of SageMaker.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    watched = (f"sagemaker:Describe{name}", f"sagemaker:Stop{name}", "sagemaker:ListTags")
    full = rule and f"StepFunctionsGetEventsForSageMaker{rule}JobsRule"
    job = Job(f"sagemaker:describe{name}", watched, "", full, tags=True)
    return {f"sagemaker:create{name}": Integration(_SYNC, f"sagemaker:create{name}", job=job)}


_EMR_APPLICATION = "StepFunctionsGetEventsForEMRServerlessApplicationRule"
_EMR_JOB = "StepFunctionsGetEventsForEMRServerlessJobRule"

INTEGRATIONS: Mapping[str, Integration] = {
    "apigateway:invoke": Integration(
        _CALLBACK, "",
        _structure(
            "ApiEndpoint Method", ApiEndpoint=_TEXT, Method=_TEXT, Headers=_MAP, Stage=_TEXT,
            Path=_TEXT, QueryParameters=_MAP, RequestBody=_JSON, AllowNullValues=_FLAG,
            AuthType=_TEXT,
        ),
        _REPLY,
    ),
    "athena:startQueryExecution": Integration(
        _SYNC, "athena:startQueryExecution",
        job=_job("athena:getQueryExecution", "athena:GetQueryExecution athena:StopQueryExecution"),
        needs=("athena:GetDataCatalog",),
    ),
    **_rows("athena:stopQueryExecution getQueryExecution getQueryResults", _REQUEST),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
    "batch:submitJob": Integration(
        _SYNC, "batch:submitJob",
        job=_job(
            "batch:describeJobs", "batch:DescribeJobs batch:TerminateJob", "*",
            "StepFunctionsGetEventsForBatchJobsRule", "Jobs",
        ),
    ),
    "bedrock:invokeModel": Integration(
        _CALLBACK, "bedrockruntime:invokeModel",
        gives=_structure(Body=_JSON, ContentType=_TEXT, **METADATA), json=("Body",),
        added={"Input": _structure(S3Uri=_TEXT), "Output": _structure(S3Uri=_TEXT)},
    ),
    "bedrock:createModelCustomizationJob": Integration(
        _ALL, "bedrock:createModelCustomizationJob",
        job=_job(
            "bedrock:getModelCustomizationJob",
            "bedrock:GetModelCustomizationJob bedrock:StopModelCustomizationJob",
            "model-customization-job/*",
        ),
    ),
    **_rows("bedrockagentcore:invokeHarness", _REQUEST),
    "codebuild:startBuild": Integration(
        _SYNC, "codebuild:startBuild",
        job=_job("codebuild:startBuild", "codebuild:BatchGetBuilds codebuild:StopBuild", "",
                 "StepFunctionsGetEventForCodeBuildStartBuildRule"),
    ),
    "codebuild:startBuildBatch": Integration(
        _SYNC, "codebuild:startBuildBatch",
        job=_job("codebuild:startBuildBatch",
                 "codebuild:BatchGetBuildBatches codebuild:StopBuildBatch", "",
                 "StepFunctionsGetEventForCodeBuildStartBuildBatchRule"),
    ),
    "codebuild:retryBuildBatch": Integration(
        _SYNC, "codebuild:retryBuildBatch",
        job=_job("codebuild:retryBuildBatch",
                 "codebuild:BatchGetBuildBatches codebuild:StopBuildBatch", "",
                 "StepFunctionsGetEventForCodeBuildStartBuildBatchRule"),
    ),
    **_rows("codebuild:stopBuild stopBuildBatch batchDeleteBuilds batchGetReports", _REQUEST),
    **_rows("codebuild:deleteBuildBatch batchGetBuilds", _REQUEST),
    "databrew:startJobRun": Integration(
        _SYNC, "databrew:startJobRun",
        job=_job("databrew:describeJobRun", "databrew:ListJobRuns databrew:StopJobRun"),
    ),
    **_rows("dynamodb:getItem putItem deleteItem updateItem", _REQUEST),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
    "ecs:runTask": Integration(
        _ALL, "ecs:runTask",
        job=_job("ecs:describeTasks", "ecs:DescribeTasks ecs:StopTask", "task/{Cluster}/*",
                 "StepFunctionsGetEventsForECSTaskRule", "Tasks"),
    ),
    "eks:call": Integration(
        _CALLBACK, "",
        _structure(
            "ClusterName CertificateAuthority Endpoint Method Path", **_CLUSTER, Method=_TEXT,
            Path=_TEXT, QueryParameters=_MAP, RequestBody=_JSON,
        ),
        _REPLY, authorized=False,
    ),
    "eks:runJob": Integration(
        _ALL, "",
        _structure(
            "ClusterName CertificateAuthority Endpoint Job", **_CLUSTER, Namespace=_TEXT, Job=_JSON,
            LogOptions=_JSON,
        ),
        None, job=Job("", ()), authorized=False,
    ),
    "eks:createCluster": Integration(
        _SYNC, "eks:createCluster",
        job=_job("eks:describeCluster", "eks:DescribeCluster eks:DeleteCluster", "cluster/{Name}"),
    ),
    "eks:deleteCluster": Integration(
        _SYNC, "eks:deleteCluster", job=_job("eks:describeCluster", "eks:DescribeCluster")
    ),
    "eks:createFargateProfile": Integration(
        _SYNC, "eks:createFargateProfile",
        job=_job("eks:describeFargateProfile",
                 "eks:DescribeFargateProfile eks:DeleteFargateProfile",
                 "fargateprofile/{ClusterName}/{FargateProfileName}/*"),
    ),
    "eks:deleteFargateProfile": Integration(
        _SYNC, "eks:deleteFargateProfile",
        job=_job("eks:describeFargateProfile", "eks:DescribeFargateProfile"),
    ),
    "eks:createNodegroup": Integration(
        _SYNC, "eks:createNodegroup",
        job=_job("eks:describeNodegroup", "eks:DescribeNodegroup eks:DeleteNodegroup",
                 "nodegroup/{ClusterName}/{NodegroupName}/*"),
    ),
    "eks:deleteNodegroup": Integration(
        _SYNC, "eks:deleteNodegroup", job=_job("eks:describeNodegroup", "eks:DescribeNodegroup")
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
    "elasticmapreduce:createCluster": Integration(
        _SYNC, "emr:runJobFlow",
        gives=_structure(ClusterId=_TEXT, ClusterArn=_TEXT, **METADATA),
        job=_job("", "elasticmapreduce:DescribeCluster elasticmapreduce:TerminateJobFlows",
                 "cluster/*", "StepFunctionsGetEventForEMRRunJobFlowRule"),
    ),
    **_emr(
        "terminateCluster", "terminateJobFlows", _structure("ClusterId", ClusterId=_TEXT),
        _job("", "elasticmapreduce:DescribeCluster", "",
             "StepFunctionsGetEventForEMRTerminateJobFlowsRule"),
    ),
    **_emr(
        "addStep", "addJobFlowSteps",
        _structure("ClusterId Step", ClusterId=_TEXT, Step=_JSON, ExecutionRoleArn=_TEXT),
        _job("", "elasticmapreduce:DescribeStep elasticmapreduce:CancelSteps", "",
             "StepFunctionsGetEventForEMRAddJobFlowStepsRule"),
    ),
    **_emr(
        "cancelStep", "cancelSteps",
        _structure("ClusterId StepId", ClusterId=_TEXT, StepId=_TEXT),
    ),
    **_emr(
        "setClusterTerminationProtection", "setTerminationProtection",
        _structure("ClusterId TerminationProtected", ClusterId=_TEXT, TerminationProtected=_FLAG),
    ),
    **_emr(
        "modifyInstanceFleetByName", "modifyInstanceFleet",
        _structure(
            "ClusterId InstanceFleetName InstanceFleet", ClusterId=_TEXT, InstanceFleetName=_TEXT,
            InstanceFleet=_JSON,
        ),
        None, "elasticmapreduce:ListInstanceFleets",
    ),
    **_emr(
        "modifyInstanceGroupByName", "modifyInstanceGroups",
        _structure(
            "ClusterId InstanceGroupName InstanceGroup", ClusterId=_TEXT, InstanceGroupName=_TEXT,
            InstanceGroup=_JSON,
        ),
        None, "elasticmapreduce:ListInstanceGroups",
    ),
    **_rows("emr-containers:createVirtualCluster", _REQUEST, "emrcontainers"),
    "emr-containers:deleteVirtualCluster": Integration(
        _SYNC, "emrcontainers:deleteVirtualCluster",
        job=_job("", "emr-containers:DescribeVirtualCluster"),
    ),
    "emr-containers:startJobRun": Integration(
        _SYNC, "emrcontainers:startJobRun",
        job=_job("", "emr-containers:DescribeJobRun emr-containers:CancelJobRun",
                 "/virtualclusters/{VirtualClusterId}/jobruns/*"),
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr-serverless.html
    "emr-serverless:createApplication": Integration(
        _SYNC, "emrserverless:createApplication",
        job=_job("", "emr-serverless:GetApplication emr-serverless:DeleteApplication",
                 "/applications/*", _EMR_APPLICATION),
    ),
    "emr-serverless:startApplication": Integration(
        _SYNC, "emrserverless:startApplication",
        job=_job("", "emr-serverless:GetApplication emr-serverless:StopApplication", "",
                 _EMR_APPLICATION),
    ),
    "emr-serverless:stopApplication": Integration(
        _SYNC, "emrserverless:stopApplication",
        job=_job("", "emr-serverless:GetApplication", "", _EMR_APPLICATION),
    ),
    "emr-serverless:deleteApplication": Integration(
        _SYNC, "emrserverless:deleteApplication",
        job=_job("", "emr-serverless:GetApplication", "", _EMR_APPLICATION),
    ),
    "emr-serverless:startJobRun": Integration(
        _SYNC, "emrserverless:startJobRun",
        job=_job("", "emr-serverless:GetJobRun emr-serverless:CancelJobRun",
                 "/applications/{ApplicationId}/jobruns/*", _EMR_JOB),
    ),
    "emr-serverless:cancelJobRun": Integration(
        _SYNC, "emrserverless:cancelJobRun",
        job=_job("", "emr-serverless:GetJobRun", "", _EMR_JOB),
    ),
    "events:putEvents": Integration(
        _CALLBACK, "eventbridge:putEvents",
        added={
            "Entries": Shape(
                "list",
                item=_structure(
                    Time=Shape("timestamp"), Source=_TEXT, Resources=_TEXTS, DetailType=_TEXT,
                    Detail=_JSON, EventBusName=_TEXT, TraceHeader=_TEXT,
                ),
            )
        },
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
    "glue:startJobRun": Integration(
        _SYNC, "glue:startJobRun",
        job=_job("glue:getJobRun", "glue:BatchStopJobRun glue:GetJobRun glue:GetJobRuns",
                 member="JobRun"),
    ),
    "http:invoke": Integration(
        _REQUEST, "",
        _structure(
            "ApiEndpoint Method", ApiEndpoint=_TEXT, Method=_TEXT,
            Authentication=_structure("ConnectionArn", ConnectionArn=_TEXT),
            InvocationConfig=_structure(ConnectionArn=_TEXT), Headers=_MAP, QueryParameters=_MAP,
            RequestBody=_JSON,
            Transform=_structure(
                RequestBodyEncoding=_TEXT, RequestEncodingOptions=_structure(ArrayFormat=_TEXT)
            ),
        ),
        _REPLY,
    ),
    "lambda:invoke": Integration(
        _CALLBACK, "lambda:invoke",
        gives=_structure(
            ExecutedVersion=_TEXT, LogResult=_TEXT, Payload=_JSON, StatusCode=_NUMBER, **METADATA
        ),
        json=("Payload",),
    ),
    "mediaconvert:createJob": Integration(
        _SYNC, "mediaconvert:createJob",
        job=_job("mediaconvert:getJob", "mediaconvert:CancelJob mediaconvert:GetJob", "jobs/*",
                 "StepFunctionsGetEventsForMediaConvertJobRule"),
    ),
    **_rows("s3:getObject putObject listObjectsV2", _REQUEST),
    **_rows(
        "sagemaker:createEndpoint createEndpointConfig createModel updateEndpoint", _REQUEST
    ),
    **_sagemaker("HyperParameterTuningJob", "Tuning"),
    **_sagemaker("LabelingJob", "Labeling"),
    **_sagemaker("ProcessingJob", "Processing"),
    **_sagemaker("TrainingJob", "Training"),
    **_sagemaker("TransformJob", "Transform"),
    **_sagemaker("AutoMLJob"),
    "sns:publish": Integration(_CALLBACK, "sns:publish", json=("Message",)),
    "sqs:sendMessage": Integration(_CALLBACK, "sqs:sendMessage", json=("MessageBody",)),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    "states:startExecution": Integration(
        ("", "sync", "sync:2", "waitForTaskToken"), "sfn:startExecution", json=("Input",),
        job=_job("sfn:describeExecution", "states:DescribeExecution states:StopExecution", "",
                 "StepFunctionsGetEventsForStepFunctionsExecutionRule"),
    ),
}  # fmt: skip
"""`service:action` to its facts."""
