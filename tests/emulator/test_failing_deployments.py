"""A deployment that fails at each of its resources in turn ends as AWS would end it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.emulator.cloudformation.kind import ResourceError
from carnation.emulator.cloudformation.resources import Provisioner

URL = "https://failing.s3.us-east-1.amazonaws.com/inner.json"
DEFINITION = '{"StartAt": "P", "States": {"P": {"Type": "Pass", "Comment": "%s", "End": true}}}'


def of(kind: str, *after: str, keep: str = "Delete", **properties: Any) -> dict[str, Any]:
    policies = {"DeletionPolicy": keep, "UpdateReplacePolicy": keep}
    return {"Type": f"AWS::{kind}", "DependsOn": list(after), **policies, "Properties": properties}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def queue(name: str, *after: str, seconds: int, keep: str = "Delete") -> dict[str, Any]:
    return of("SQS::Queue", *after, keep=keep, QueueName=name, VisibilityTimeout=seconds)


def make_inner(seconds: int) -> str:
    return json.dumps({
        "Resources": {
            "First": queue("inner-first", seconds=seconds),
            "Second": queue("inner-second", "First", seconds=seconds),
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Second", "Arn"]}}},
    })  # fmt: skip


def make_outer(seconds: int, *, protected: bool = False) -> str:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                            "Principal": {"Service": "states.amazonaws.com"}}]}  # fmt: skip
    key = [{"AttributeName": "k", "KeyType": "HASH"}]
    described = [{"AttributeName": "k", "AttributeType": "S"}]
    resources = {
        "Kept": queue("kept", seconds=seconds, keep="Retain"),
        "Lost": queue("lost", "Kept", seconds=seconds, keep="RetainExceptOnCreate"),
        "Table": of("DynamoDB::Table", "Lost", TableName="failing", KeySchema=key,
                    AttributeDefinitions=described, BillingMode="PAY_PER_REQUEST",
                    DeletionProtectionEnabled=protected,
                    Tags=[{"Key": "t", "Value": str(seconds)}]),
        "Nested": of("CloudFormation::Stack", "Table", TemplateURL=URL,
                     Tags=[{"Key": "t", "Value": str(seconds)}]),
        "Role": of("IAM::Role", "Nested", AssumeRolePolicyDocument=trust,
                   Description=str(seconds)),
        "Machine": of("StepFunctions::StateMachine", StateMachineName="failing",
                      RoleArn={"Fn::GetAtt": ["Role", "Arn"]},
                      DefinitionString=DEFINITION % seconds),
        "Version": of("StepFunctions::StateMachineVersion", keep="Retain",
                      StateMachineArn=ref("Machine"), StateMachineRevisionId={
                          "Fn::GetAtt": ["Machine", "StateMachineRevisionId"]}),
        "Live": of("StepFunctions::StateMachineAlias", Name="live", RoutingConfiguration=[
            {"StateMachineVersionArn": ref("Version"), "Weight": 100}]),
    }  # fmt: skip
    return json.dumps({"Resources": resources})


MADE = ["Kept", "Lost", "Table", "First", "Second", "Role", "Machine", "Version", "Live"]


@pytest.fixture(scope="module")
def opened() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        emulator.client("s3").create_bucket(Bucket="failing")
        yield emulator


@pytest.fixture
def emulator(opened: Emulator) -> Iterator[Emulator]:
    put_inner(opened, 30)
    yield opened
    cloudformation, dynamodb = opened.client("cloudformation"), opened.client("dynamodb")
    if dynamodb.list_tables()["TableNames"]:
        dynamodb.update_table(TableName="failing", DeletionProtectionEnabled=False)
    for stack in cloudformation.describe_stacks()["Stacks"]:
        cloudformation.delete_stack(StackName=stack["StackName"])
    for url in opened.client("sqs").list_queues().get("QueueUrls", ()):
        opened.client("sqs").delete_queue(QueueUrl=url)


def put_inner(emulator: Emulator, seconds: int) -> None:
    emulator.client("s3").put_object(Bucket="failing", Key="inner.json", Body=make_inner(seconds))


def fail_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for verb in ("make", "update"):
        monkeypatch.setattr(Provisioner, verb, _fail_once(getattr(Provisioner, verb), name))


def _fail_once(original: Any, name: str) -> Any:
    left = [name]

    def perform(self: Any, resource: Any, *arguments: Any, **more: Any) -> None:
        if resource.logical_id in left:
            left.remove(resource.logical_id)
            raise ResourceError("it is meant to fail")
        original(self, resource, *arguments, **more)

    return perform


def deploy(emulator: Emulator, verb: str, text: str) -> str:
    cloudformation = emulator.client("cloudformation")
    call = getattr(cloudformation, f"{verb}_stack")
    call(StackName="failing", TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    (stack,) = cloudformation.describe_stacks(StackName="failing")["Stacks"]
    return str(stack["StackStatus"])


def read_account(emulator: Emulator) -> dict[str, Any]:
    """Read what is there, and what the deployments change of it."""
    sqs, sfn = emulator.client("sqs"), emulator.client("stepfunctions")
    found: dict[str, Any] = {
        url.rsplit("/", 1)[1]: sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["VisibilityTimeout"]
        )["Attributes"]["VisibilityTimeout"]
        for url in sqs.list_queues().get("QueueUrls", ())
    }
    found.update(dict.fromkeys(emulator.client("dynamodb").list_tables()["TableNames"], "table"))
    for row in emulator.client("iam").list_roles()["Roles"]:
        found[row["RoleName"]] = row["Description"]
    for machine in sfn.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        found[arn] = sfn.describe_state_machine(stateMachineArn=arn)["definition"]
        for alias in sfn.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]:
            route = sfn.describe_state_machine_alias(
                stateMachineAliasArn=alias["stateMachineAliasArn"]
            )
            found["live"] = route["routingConfiguration"]
    return found


def read_resources(emulator: Emulator) -> dict[str, tuple[str, str]]:
    rows = emulator.client("cloudformation").describe_stack_resources(StackName="failing")
    return {
        row["LogicalResourceId"]: (row.get("PhysicalResourceId", ""), row["ResourceStatus"])
        for row in rows["StackResources"]
    }


@pytest.mark.parametrize("name", MADE)
def test_a_creation_that_fails_leaves_what_is_retained_and_nothing_else(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fail_at(monkeypatch, name)
    assert deploy(emulator, "create", make_outer(30)) == "ROLLBACK_COMPLETE"
    assert set(read_account(emulator)) == (set() if name == "Kept" else {"kept"})
    events = emulator.client("cloudformation").describe_stack_events(StackName="failing")
    reasons = [row.get("ResourceStatusReason", "") for row in events["StackEvents"]]
    outer = "Nested" if name in ("First", "Second") else name
    assert any(f"failed to create: [{outer}]" in reason for reason in reasons)


def test_a_protected_table_holds_the_rollback_and_is_reported(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, "Live")
    assert deploy(emulator, "create", make_outer(30, protected=True)) == "ROLLBACK_FAILED"
    assert set(read_account(emulator)) == {"kept", "failing", "lost"}
    assert read_resources(emulator)["Table"][1] == "DELETE_FAILED"


@pytest.mark.parametrize("name", MADE)
def test_an_update_that_fails_puts_all_back_and_the_next_one_works(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert deploy(emulator, "create", make_outer(30)) == "CREATE_COMPLETE"
    before, resources = read_account(emulator), read_resources(emulator)
    put_inner(emulator, 31)
    with monkeypatch.context() as patched:
        fail_at(patched, name)
        assert deploy(emulator, "update", make_outer(31)) == "UPDATE_ROLLBACK_COMPLETE"
    assert read_account(emulator) == before
    after = read_resources(emulator)
    assert {name: row[0] for name, row in after.items()} == {
        name: row[0] for name, row in resources.items()
    }
    assert not [row for row in after.values() if row[1].endswith("FAILED")]
    assert deploy(emulator, "update", make_outer(31)) == "UPDATE_COMPLETE"
    assert set(read_account(emulator)) == set(before)
    assert read_account(emulator)["kept"] == "31"
