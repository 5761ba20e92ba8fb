"""To which service a role is passed on by a call, by parameter and by prefix of the action."""

from __future__ import annotations

from collections.abc import Mapping

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
