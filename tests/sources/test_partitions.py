"""An ARN is the same integration however its partition is spelled, for everybody who reads it."""

from __future__ import annotations

import pytest

from carnation.diagram.captions import describe_resource
from carnation.engine.tasks import split_resource
from carnation.permissions.calls import list_task_needs
from carnation.services.task_calls import FUNCTION, INTEGRATION, read_resource

PARTITIONS = ("aws-cn", "${Partition}", "${AWS::Partition}", "${data.aws_partition.x.partition}")


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("call", ["sqs:sendMessage", "ecs:runTask.sync", "aws-sdk:s3:getObject"])
def test_every_reader_finds_the_same_integration(partition: str, call: str) -> None:
    plain, spelled = (f"arn:{name}:states:::{call}" for name in ("aws", partition))
    read = read_resource(spelled)
    assert (read.kind, read.partition) == (INTEGRATION, partition)
    assert read._replace(partition="aws") == read_resource(plain)
    assert split_resource(spelled) == split_resource(plain)
    assert describe_resource(spelled) == describe_resource(plain)
    needs = [
        [need.action for need in list_task_needs("A", {"Type": "Task", "Resource": resource})]
        for resource in (plain, spelled)
    ]
    assert needs[0] == needs[1] != []


@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_function_is_one_too(partition: str) -> None:
    function = f"arn:{partition}:lambda:eu-west-1:123456789012:function:pay"
    assert read_resource(function)[0::5][:2] == (FUNCTION, "pay")
    assert split_resource(function)[0] == "LambdaFunction"
    assert describe_resource(function) == "Lambda pay"
