"""What optimized integrations need: the call itself, and what waiting for a job takes.

A row of a job says what `.sync` needs beside the call: the actions that watch and stop the job,
the rule of EventBridge that tells when it ends, and to which service a role may be passed.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
and the pages of the integrations, https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Job(NamedTuple):
    """A job: `watched` with the actions that watch and stop it, on `resource`; its `rule`.

    `resource` is of this account, behind the service; parameters stand in braces. '' is what the
    call is about. With `tags`, Step Functions tags the job.
    """

    watched: tuple[str, ...]
    resource: str = ""
    rule: str = ""
    tags: bool = False


def _job(watched: str, resource: str = "", rule: str = "", tags: bool = False) -> Job:
    return Job(tuple(watched.split()), resource, rule, tags)


def _make(name: str, rule: str = "") -> Job:
    """Make the row of a job of SageMaker.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    watched = f"sagemaker:Describe{name} sagemaker:Stop{name} sagemaker:ListTags"
    full = f"StepFunctionsGetEventsForSageMaker{rule}JobsRule" if rule else ""
    return _job(watched, "", full, tags=True)


JOBS: Mapping[str, Job] = {
    "athena:startQueryExecution": _job(
        "athena:GetQueryExecution athena:StopQueryExecution"
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
    "batch:submitJob": _job(
        "batch:DescribeJobs batch:TerminateJob", "*", "StepFunctionsGetEventsForBatchJobsRule"
    ),
    "bedrock:createModelCustomizationJob": _job(
        "bedrock:GetModelCustomizationJob bedrock:StopModelCustomizationJob",
        "model-customization-job/*",
    ),
    "codebuild:startBuild": _job(
        "codebuild:BatchGetBuilds codebuild:StopBuild", "",
        "StepFunctionsGetEventForCodeBuildStartBuildRule",
    ),
    "codebuild:startBuildBatch": _job(
        "codebuild:BatchGetBuildBatches codebuild:StopBuildBatch", "",
        "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
    ),
    "codebuild:retryBuildBatch": _job(
        "codebuild:BatchGetBuildBatches codebuild:StopBuildBatch", "",
        "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
    ),
    "databrew:startJobRun": _job("databrew:ListJobRuns databrew:StopJobRun"),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
    "ecs:runTask": _job(
        "ecs:DescribeTasks ecs:StopTask", "task/{Cluster}/*", "StepFunctionsGetEventsForECSTaskRule"
    ),
    "eks:createCluster": _job("eks:DescribeCluster eks:DeleteCluster", "cluster/{Name}"),
    "eks:deleteCluster": _job("eks:DescribeCluster"),
    "eks:createFargateProfile": _job(
        "eks:DescribeFargateProfile eks:DeleteFargateProfile",
        "fargateprofile/{ClusterName}/{FargateProfileName}/*",
    ),
    "eks:deleteFargateProfile": _job("eks:DescribeFargateProfile"),
    "eks:createNodegroup": _job(
        "eks:DescribeNodegroup eks:DeleteNodegroup", "nodegroup/{ClusterName}/{NodegroupName}/*"
    ),
    "eks:deleteNodegroup": _job("eks:DescribeNodegroup"),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
    "elasticmapreduce:createCluster": _job(
        "elasticmapreduce:DescribeCluster elasticmapreduce:TerminateJobFlows", "cluster/*",
        "StepFunctionsGetEventForEMRRunJobFlowRule",
    ),
    "elasticmapreduce:terminateCluster": _job(
        "elasticmapreduce:DescribeCluster", "", "StepFunctionsGetEventForEMRTerminateJobFlowsRule"
    ),
    "elasticmapreduce:addStep": _job(
        "elasticmapreduce:DescribeStep elasticmapreduce:CancelSteps", "",
        "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    ),
    "emr-containers:deleteVirtualCluster": _job("emr-containers:DescribeVirtualCluster"),
    "emr-containers:startJobRun": _job(
        "emr-containers:DescribeJobRun emr-containers:CancelJobRun",
        "/virtualclusters/{VirtualClusterId}/jobruns/*",
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr-serverless.html
    "emr-serverless:createApplication": _job(
        "emr-serverless:GetApplication emr-serverless:DeleteApplication", "/applications/*",
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:startApplication": _job(
        "emr-serverless:GetApplication emr-serverless:StopApplication", "",
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:stopApplication": _job(
        "emr-serverless:GetApplication", "",
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:deleteApplication": _job(
        "emr-serverless:GetApplication", "",
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "emr-serverless:startJobRun": _job(
        "emr-serverless:GetJobRun emr-serverless:CancelJobRun",
        "/applications/{ApplicationId}/jobruns/*",
        "StepFunctionsGetEventsForEMRServerlessJobRule",
    ),
    "emr-serverless:cancelJobRun": _job(
        "emr-serverless:GetJobRun", "", "StepFunctionsGetEventsForEMRServerlessJobRule"
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
    "glue:startJobRun": _job("glue:BatchStopJobRun glue:GetJobRun glue:GetJobRuns"),
    "mediaconvert:createJob": _job(
        "mediaconvert:CancelJob mediaconvert:GetJob", "jobs/*",
        "StepFunctionsGetEventsForMediaConvertJobRule",
    ),
    "sagemaker:createAutoMLJob": _make("AutoMLJob"),
    "sagemaker:createHyperParameterTuningJob": _make("HyperParameterTuningJob", "Tuning"),
    "sagemaker:createLabelingJob": _make("LabelingJob", "Labeling"),
    "sagemaker:createProcessingJob": _make("ProcessingJob", "Processing"),
    "sagemaker:createTrainingJob": _make("TrainingJob", "Training"),
    "sagemaker:createTransformJob": _make("TransformJob", "Transform"),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    "states:startExecution": _job(
        "states:DescribeExecution states:StopExecution", "",
        "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    ),
}  # fmt: skip

RULE_ACTIONS = ("events:DescribeRule", "events:PutRule", "events:PutTargets")

EXTRA: Mapping[str, tuple[str, ...]] = {
    "elasticmapreduce:modifyInstanceFleetByName": ("elasticmapreduce:ListInstanceFleets",),
    "elasticmapreduce:modifyInstanceGroupByName": ("elasticmapreduce:ListInstanceGroups",),
    "athena:startQueryExecution": ("athena:GetDataCatalog",),
}
"""What some calls need beside their own action, whatever the pattern."""

RENAMED: Mapping[str, str] = {
    "elasticmapreduce:createCluster": "emr:runJobFlow",
    "elasticmapreduce:terminateCluster": "emr:terminateJobFlows",
    "elasticmapreduce:addStep": "emr:addJobFlowSteps",
    "elasticmapreduce:cancelStep": "emr:cancelSteps",
    "elasticmapreduce:setClusterTerminationProtection": "emr:setTerminationProtection",
    "elasticmapreduce:modifyInstanceFleetByName": "emr:modifyInstanceFleet",
    "elasticmapreduce:modifyInstanceGroupByName": "emr:modifyInstanceGroups",
    "bedrock:invokeModel": "bedrockruntime:invokeModel",
}
"""Optimized integrations whose API calls the action otherwise."""

UNAUTHORIZED = frozenset({"eks:call", "eks:runJob"})
"""Calls that Kubernetes authorizes by its own rules, and IAM not at all."""

PASSED_AS: Mapping[str, str] = {
    "AutoScalingRole": "application-autoscaling", "JobFlowRole": "ec2",
    "PodExecutionRoleArn": "eks-pods", "JobRoleArn": "ecs",
    "MonitoringRoleArn": "monitoring", "TaskRoleArn": "ecs",
}  # fmt: skip
"""Parameters whose role another service gets than the one that is called.

Source: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-iam-policies.html
"""

PASSED_TO: Mapping[str, str] = {
    "application-autoscaling": "application-autoscaling.amazonaws.com",
    "backup": "backup.amazonaws.com",
    "batch": "batch.amazonaws.com",
    "bedrock": "bedrock.amazonaws.com",
    "cloudformation": "cloudformation.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "codedeploy": "codedeploy.amazonaws.com",
    "codepipeline": "codepipeline.amazonaws.com",
    "comprehend": "comprehend.amazonaws.com",
    "databrew": "databrew.amazonaws.com",
    "datasync": "datasync.amazonaws.com",
    "ec2": "ec2.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "eks": "eks.amazonaws.com",
    "eks-pods": "eks.amazonaws.com eks-fargate-pods.amazonaws.com",
    "elasticmapreduce": "elasticmapreduce.amazonaws.com",
    "emr-serverless": "emr-serverless.amazonaws.com",
    "events": "events.amazonaws.com",
    "firehose": "firehose.amazonaws.com",
    "glue": "glue.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "mediaconvert": "mediaconvert.amazonaws.com",
    "medialive": "medialive.amazonaws.com",
    "monitoring": "monitoring.rds.amazonaws.com",
    "personalize": "personalize.amazonaws.com",
    "pipes": "pipes.amazonaws.com",
    "rekognition": "rekognition.amazonaws.com",
    "sagemaker": "sagemaker.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "states": "states.amazonaws.com",
    "textract": "textract.amazonaws.com",
    "transcribe": "transcribe.amazonaws.com",
    "transfer": "transfer.amazonaws.com",
    "translate": "translate.amazonaws.com",
}
"""Who gets a role that a call passes on, by the prefix of its action."""
