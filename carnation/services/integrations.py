"""The optimized integrations of Step Functions, each with the patterns that it knows.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Mapping

TAKEN = "November 2026"
"""When the rows were compared with AWS's list, and the files with the models."""

_REQUEST = ("",)
_CALLBACK = ("", "waitForTaskToken")
_JOB = ("", "sync")

_ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("apigateway", "invoke", _CALLBACK),
    ("athena", "startQueryExecution", _JOB),
    ("athena", "stopQueryExecution getQueryExecution getQueryResults", _REQUEST),
    ("batch", "submitJob", _JOB),
    ("bedrock", "invokeModel", _CALLBACK),
    ("bedrock", "createModelCustomizationJob", ("", "sync", "waitForTaskToken")),
    ("bedrockagentcore", "invokeHarness", _REQUEST),
    ("codebuild", "startBuild startBuildBatch retryBuildBatch", _JOB),
    ("codebuild", "stopBuild stopBuildBatch batchDeleteBuilds batchGetReports", _REQUEST),
    ("codebuild", "deleteBuildBatch batchGetBuilds", _REQUEST),
    ("databrew", "startJobRun", _JOB),
    ("dynamodb", "getItem putItem deleteItem updateItem", _REQUEST),
    ("ecs", "runTask", ("", "sync", "waitForTaskToken")),
    ("eks", "call", _CALLBACK),
    ("eks", "runJob", ("", "sync", "waitForTaskToken")),
    ("eks", "createCluster deleteCluster createFargateProfile deleteFargateProfile", _JOB),
    ("eks", "createNodegroup deleteNodegroup", _JOB),
    ("elasticmapreduce", "createCluster terminateCluster addStep", _JOB),
    ("elasticmapreduce", "setClusterTerminationProtection cancelStep", _REQUEST),
    ("elasticmapreduce", "modifyInstanceFleetByName modifyInstanceGroupByName", _REQUEST),
    ("emr-containers", "createVirtualCluster", _REQUEST),
    ("emr-containers", "deleteVirtualCluster startJobRun", _JOB),
    ("emr-serverless", "createApplication startApplication stopApplication", _JOB),
    ("emr-serverless", "deleteApplication startJobRun cancelJobRun", _JOB),
    ("events", "putEvents", _CALLBACK),
    ("glue", "startJobRun", _JOB),
    ("http", "invoke", _REQUEST),
    ("lambda", "invoke", _CALLBACK),
    ("mediaconvert", "createJob", _JOB),
    ("s3", "getObject putObject listObjectsV2", _REQUEST),
    ("sagemaker", "createEndpoint createEndpointConfig createModel updateEndpoint", _REQUEST),
    ("sagemaker", "createHyperParameterTuningJob createLabelingJob createProcessingJob", _JOB),
    ("sagemaker", "createTrainingJob createTransformJob createAutoMLJob", _JOB),
    ("sns", "publish", _CALLBACK),
    ("sqs", "sendMessage", _CALLBACK),
    ("states", "startExecution", ("", "sync", "sync:2", "waitForTaskToken")),
)

INTEGRATIONS: Mapping[str, tuple[str, ...]] = {
    f"{service}:{action}": patterns
    for service, actions, patterns in _ROWS
    for action in actions.split()
}
"""`service:action` to its patterns; '' is request and response."""
