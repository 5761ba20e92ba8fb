"""Every day: a task of a container that others keep, run to its end."""

from carnation.resources import Grant, Parameter, Schedule
from carnation.states import integrate
from carnation.workflow import Workflow

ARN = "arn:aws:ecs:us-east-1:123456789012:"
CLUSTER = Parameter("cluster_arn", "Where the task runs", example=f"{ARN}cluster/jobs")
TASK = Parameter("task_arn", "The task definition", example=f"{ARN}task-definition/report:7")
ROLE = Parameter("role_arn", "The role of the task", example="arn:aws:iam::123456789012:role/jobs")
SUBNET = Parameter("subnet", "The subnet of the task", example="subnet-0a1b2c3d")
PASS_ROLE = Grant(("iam:PassRole",), (ROLE.value,), because="the task definition names it")


def make_workflow() -> Workflow:
    report = integrate(
        "RunReport",
        "ecs:runTask",
        pattern=".sync",
        arguments={
            "Cluster": CLUSTER.value,
            "TaskDefinition": TASK.value,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [SUBNET.value]}},
        },
        timeout_seconds=3600,
    )
    return Workflow(
        name="batch-job",
        version="0.1.0",
        query_language="JSONata",
        states=report,
        timeout_seconds=7200,
        resources=[CLUSTER, TASK, ROLE, SUBNET],
        triggers=[Schedule("daily", "rate(1 day)")],
        uses=[PASS_ROLE],
    )
