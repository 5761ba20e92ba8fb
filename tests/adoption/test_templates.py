"""Templates adopted whole: adopt, build, and what was deployed is where it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation.__main__ import main
from carnation.artifacts import read_artifacts, read_children
from carnation.artifacts.exports import order_by_exports
from carnation.cloudformation.substitutions import fill_substitutions
from carnation.document import parse_document, read_document

MACHINE = {
    "StartAt": "Charge",
    "States": {
        "Charge": {"Type": "Task", "Resource": "${ChargeArn}", "ResultPath": None, "Next": "Save"},
        "Save": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {
                "TableName": "${Orders}",
                "Item": {"id": {"S.$": "$.id"}, "at": {"N": "1"}},
            },
            "ResultPath": None,
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": "${Topic}", "Message": "done"},
            "ResultPath": None,
            "Next": "Send",
        },
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "${Queue}", "MessageBody": "x"},
            "End": True,
        },
    },
}
TABLE = """
  OrdersTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "orders-${Stage}"
      AttributeDefinitions:
        - {AttributeName: id, AttributeType: S}
        - {AttributeName: at, AttributeType: N}
      KeySchema: [{AttributeName: id, KeyType: HASH}, {AttributeName: at, KeyType: RANGE}]
      BillingMode: PAY_PER_REQUEST
  Jobs: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 120, DelaySeconds: 5}}
  Told: {Type: AWS::SNS::Topic}
  Files: {Type: AWS::S3::Bucket}
"""
SUBSTITUTIONS = """
        ChargeArn: !GetAtt Charge.Arn
        Orders: !Ref OrdersTable
        Topic: !Ref Told
        Queue: !Ref Jobs
"""
SAM = f"""
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {{Type: String, Default: dev, AllowedValues: [dev, prod]}}
Globals:
  Function: {{Runtime: python3.12, Timeout: 20, Environment: {{Variables: {{STAGE: !Ref Stage}}}}}}
Resources:{TABLE}
  Charge:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/charge/
      Handler: app.run
      Environment: {{Variables: {{TABLE: !Ref OrdersTable}}}}
      Policies:
        - DynamoDBReadPolicy: {{TableName: !Ref OrdersTable}}
        - Statement: [{{Effect: Allow, Action: "ses:SendEmail", Resource: "*"}}]
        - arn:aws:iam::aws:policy/ReadOnlyAccess
      Events: {{Http: {{Type: Api, Properties: {{Path: /charge, Method: get}}}}}}
  Notify:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: src/notify/, Runtime: nodejs20.x, Handler: index.handler}}
  Sessions: {{Type: AWS::Serverless::SimpleTable}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: flow.asl.json
      DefinitionSubstitutions:{SUBSTITUTIONS}
      Events:
        Placed:
          Type: EventBridgeRule
          Properties: {{Pattern: {{source: [shop]}}, InputPath: $.detail}}
        Nightly:
          Type: ScheduleV2
          Properties: {{ScheduleExpression: rate(1 day), Input: '{{"a": 1}}'}}
        Post: {{Type: Api, Properties: {{Path: /orders, Method: post}}}}
Outputs:
  Note: {{Value: !GetAtt Notify.Arn}}
"""
ROLE = """
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: %s.amazonaws.com}, Action: sts:AssumeRole}
"""
PLAIN = f"""
Parameters:
  Stage: {{Type: String, Default: dev}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:{TABLE}
  ChargeRole:{ROLE % "lambda"}
  Charge:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt ChargeRole.Arn
      Code: {{ZipFile: "def handler(event, context): return event"}}
  MachineRole:{ROLE % "states"}
  MachinePolicy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: p
      Roles: [!Ref MachineRole]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Action: "*", Resource: "*"}}]
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt MachineRole.Arn
      DefinitionString: |
        {json.dumps(MACHINE)}
      DefinitionSubstitutions:{SUBSTITUTIONS}
  RuleRole:{ROLE % "events"}
  Placed:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {{source: [shop]}}
      Targets: [{{Arn: !Ref Machine, Id: m, RoleArn: !GetAtt RuleRole.Arn}}]
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets: [{{Arn: !GetAtt Machine.Arn, Id: m, RoleArn: !GetAtt HourlyRole.Arn}}]
  HourlyRole:{ROLE % "events"}
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      FlexibleTimeWindow: {{Mode: "OFF"}}
      ScheduleExpression: cron(0 3 * * ? *)
      ScheduleExpressionTimezone: Europe/Berlin
      Target: {{Arn: !Ref Machine, RoleArn: !GetAtt HourlyRole.Arn}}
  Where:
    Type: AWS::SSM::Parameter
    Properties: {{Type: String, Value: !Sub "at ${{Machine}}"}}
  Rare:
    Type: AWS::SQS::Queue
    Condition: IsProd
Outputs:
  Orders: {{Value: !Ref OrdersTable, Export: {{Name: !Sub "${{AWS::StackName}}-orders"}}}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    old = tmp_path / "old"
    (old / "src" / "charge").mkdir(parents=True)
    (old / "src" / "charge" / "app.py").write_text("def run(event, context): return event\n")
    (old / "flow.asl.json").write_text(json.dumps(MACHINE))
    (old / "sam.yaml").write_text(SAM)
    (old / "plain.yaml").write_text(PLAIN)
    (tmp_path / "pyproject.toml").write_text("[tool.carnation]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def adopt(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], str]:
    """Adopt and build a template; give the root template, and what adopt said."""
    assert main(["adopt", f"old/{name}.yaml", "--out", "definitions"]) == 0
    told = capsys.readouterr().err
    assert main(["build"]) == 0
    (built,) = [path.name for path in Path("build").iterdir()]
    path = f"build/{built}/cft/{built}-root-stack.yaml"
    template: dict[str, Any] = read_document(path).value
    return template, told


def find_machine(template: dict[str, Any]) -> dict[str, Any]:
    """Return the definition that was built, its substitutions in place, as a plain document."""
    (path,) = Path("build").glob("*/code/state-machine/*.asl.json")
    substitutions = template["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    spelled = {name: json.dumps(value) for name, value in substitutions.items()}
    filled: dict[str, Any] = fill_substitutions(
        parse_document(path.read_text(), str(path)).value, spelled
    )
    return filled


def test_a_sam_template_is_brought_along(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template, told = adopt("sam", capsys)
    resources = template["Resources"]
    old = read_document("old/sam.yaml").value["Resources"]
    for name in ("OrdersTable", "Jobs", "Told", "Files"):
        assert resources[name]["Type"] == old[name]["Type"]
        assert resources[name]["Properties"].items() >= old[name].get("Properties", {}).items()
    assert resources["Sessions"]["Properties"]["KeySchema"][0]["AttributeName"] == "id"
    charge = resources["Charge"]["Properties"]
    assert (charge["Handler"], charge["Runtime"], charge["Timeout"]) == (
        "app.run",
        "python3.12",
        20,
    )
    variables = charge["Environment"]["Variables"]
    assert (variables["STAGE"], variables["TABLE"]) == ({"Ref": "Stage"}, {"Ref": "OrdersTable"})
    allowed = json.dumps(resources["ChargeRole"])
    assert "dynamodb:GetItem" in allowed
    assert "ses:SendEmail" in allowed
    assert template["Parameters"]["Stage"]["AllowedValues"] == ["dev", "prod"]
    assert resources["MachinePlaced"]["Properties"]["EventPattern"] == {"source": ["shop"]}
    assert resources["MachineNightly"]["Type"] == "AWS::Scheduler::Schedule"
    assert "AWS::ApiGatewayV2::Api" in {body["Type"] for body in resources.values()}
    states = find_machine(template)["States"]
    assert states["Save"]["Parameters"]["TableName"] == '{"Ref": "OrdersTable"}'
    assert states["Charge"]["Resource"] == '{"Ref": "ChargeVersion"}'
    for left in (
        "Notify",
        "event 'Http' of Charge",
        "ReadOnlyAccess",
        "POST /orders",
        "output Note",
    ):
        assert f"{left}" in told


def test_a_template_of_cloudformation_is_brought_along(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template, told = adopt("plain", capsys)
    resources, old = template["Resources"], read_document("old/plain.yaml").value["Resources"]
    gone = {"Machine", "MachineRole", "MachinePolicy", "RuleRole"}
    assert {name for name in old if name not in resources} == gone
    for name in old.keys() - gone:
        assert resources[name]["Type"] == old[name]["Type"], name
    assert resources["Hourly"]["Properties"]["Targets"][0]["Arn"] == {"Ref": "StateMachine"}
    assert resources["Where"]["Properties"]["Value"] == {"Fn::Sub": "at ${StateMachine}"}
    assert resources["Charge"]["Properties"]["Role"] == {"Fn::GetAtt": ["ChargeRole", "Arn"]}
    assert resources["Nightly"]["Properties"]["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert "InputPath" not in resources["Placed"]["Properties"]["Targets"][0]
    assert resources["Rare"]["Condition"] == "IsProd"
    assert "IsProd" in template["Conditions"]
    assert template["Outputs"]["Orders"]["Export"]
    assert (project / "lambdas" / "charge_function" / "index.py").is_file()
    assert "Machine is replaced by the workflow's state machine" in told
    assert "--stack-name" in told


def test_what_is_deployed_stays_where_it_is(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("moto")
    from carnation.emulator import Emulator

    adopt("plain", capsys)
    artifacts = read_artifacts(".", "machine")
    with Emulator(other_python=lambda _: None) as emulator:
        old = PLAIN.encode()
        emulator.deploy("shop", {"old.yaml": old}, "old.yaml", {})
        stacks = emulator.client("cloudformation")
        before = list_physical(stacks)
        emulator.client("dynamodb").put_item(
            TableName="orders-dev", Item={"id": {"S": "1"}, "at": {"N": "1"}}
        )
        outputs = update(emulator, artifacts)
        after = list_physical(stacks)
        kept = ("OrdersTable", "Jobs", "Told", "Files", "Charge", "Placed", "Hourly", "Nightly")
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        assert len(emulator.items("orders-dev")) == 1
        run = emulator.execute(outputs["StateMachineArn"], {"id": "2"})
        assert run.status == "SUCCEEDED", run.cause
        assert len(emulator.items("orders-dev")) == 2


def update(emulator: Any, artifacts: Any) -> dict[str, str]:
    """Deploy artifacts to the stack of the adopted template; give its outputs."""
    s3, stacks = emulator.client("s3"), emulator.client("cloudformation")
    for key, content in artifacts.list_uploads().items():
        s3.put_object(Bucket="carnation-artifacts", Key=key, Body=content)
    key = artifacts.find_key("-root-stack.yaml")
    stacks.update_stack(
        StackName="shop",
        TemplateURL=f"https://carnation-artifacts.s3.us-east-1.amazonaws.com/{key}",
        Parameters=[{"ParameterKey": "ArtifactBucket", "ParameterValue": "carnation-artifacts"}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (stack,) = stacks.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stack.get("StackStatusReason")
    return {row["OutputKey"]: row["OutputValue"] for row in stack["Outputs"]}


def list_physical(stacks: Any) -> dict[str, str]:
    rows = stacks.list_stack_resources(StackName="shop")["StackResourceSummaries"]
    return {row["LogicalResourceId"]: row.get("PhysicalResourceId", "") for row in rows}


def test_a_function_whose_code_is_elsewhere_stays_as_it_is(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inline = 'Code: {ZipFile: "def handler(event, context): return event"}'
    text = PLAIN.replace(inline, "Code: {S3Bucket: code, S3Key: charge.zip}")
    Path("old/plain.yaml").write_text(text)
    template, _ = adopt("plain", capsys)
    old = read_document("old/plain.yaml").value["Resources"]["Charge"]
    assert template["Resources"]["Charge"] == old
    assert find_machine(template)["States"]["Charge"]["Resource"] == json.dumps(
        {"Fn::GetAtt": ["Charge", "Arn"]}
    )
    assert "function:${Charge}" in json.dumps(template["Resources"]["StateMachineRole"])


TWO = """
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  OrdersTable:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
  Jobs: {Type: AWS::SQS::Queue}
  Told: {Type: AWS::SNS::Topic}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {
    Version: "2012-10-17", Statement: [{Effect: Allow, Action: sts:AssumeRole,
    Principal: {Service: [states.amazonaws.com, events.amazonaws.com, lambda.amazonaws.com]}}]}}}
  Charge:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Environment: {Variables: {TABLE: !Ref OrdersTable}}
      Code: {ZipFile: "def handler(event, context): return event"}
  Order:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionString: >
        {"StartAt": "Save", "States": {
        "Save": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Next": "Refund",
          "Parameters": {"TableName": "${Orders}", "Item": {"id": {"S.$": "$.id"}}},
          "ResultPath": null},
        "Refund": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
          "Parameters": {"StateMachineArn": "${RefundArn}", "Input.$": "$"}, "End": true}}}
      DefinitionSubstitutions: {Orders: !Ref OrdersTable, RefundArn: !Ref Refund}
  Refund:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionString: >
        {"StartAt": "Look", "States": {
        "Look": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Next": "Tell",
          "Parameters": {"TableName": "${Orders}", "Key": {"id": {"S.$": "$.id"}}},
          "ResultPath": null},
        "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Next": "Send",
          "Parameters": {"TopicArn": "${Told}", "Message": "${Stage}"}, "ResultPath": null},
        "Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Charge",
          "Parameters": {"QueueUrl": "${Jobs}", "MessageBody": "x"}, "ResultPath": null},
        "Charge": {"Type": "Task", "Resource": "${Charge}", "End": true}}}
      DefinitionSubstitutions: {Orders: !Ref OrdersTable, Told: !Ref Told, Jobs: !Ref Jobs,
                                Charge: !GetAtt Charge.Arn, Stage: !Ref Stage}
  Placed:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop]}
      Targets: [{Arn: !Ref Order, Id: m, RoleArn: !GetAtt Role.Arn}]
  Returned:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [returns]}
      Targets: [{Arn: !Ref Refund, Id: m, RoleArn: !GetAtt Role.Arn}]
  Where:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Sub "${Refund.Name} ${Refund.Arn}"}
Outputs:
  Refunds: {Value: !Ref Refund}
"""


def test_of_two_state_machines_one_keeps_the_stack_and_the_other_uses_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("moto")
    from carnation.emulator import Emulator
    from carnation.emulator.embedded import deploy_artifacts

    Path("old/two.yaml").write_text(TWO)
    assert main(["adopt", "old/two.yaml", "--out", "definitions"]) == 0
    told = capsys.readouterr().err
    assert "refund uses what the stack of order exports. Deploy that first" in told
    assert main(["build"]) == 0
    capsys.readouterr()
    home, guest = (
        read_document(f"build/{name}/cft/{name}-root-stack.yaml").value["Resources"]
        for name in ("order", "refund")
    )
    assert {"OrdersTable", "Jobs", "Told", "Charge", "Placed", "Where"} <= set(home)
    assert not {"Refund", "Order", "Returned"} & set(home)
    assert "Returned" in guest
    assert not {"OrdersTable", "Jobs", "Told", "Charge", "Placed", "Where"} & set(guest)
    assert "refund-${Environment}-state-machine" in str(home["Where"]["Properties"]["Value"])
    order, refund = (read_artifacts(".", name) for name in ("order", "refund"))
    assert read_children(".", refund) == [order]
    assert order_by_exports([refund, order]) == [order, refund]
    with Emulator(in_process=True) as emulator:
        emulator.deploy("shop", {"old.yaml": TWO.encode()}, "old.yaml", {})
        stacks = emulator.client("cloudformation")
        before = list_physical(stacks)
        table = before["OrdersTable"]
        emulator.client("dynamodb").put_item(TableName=table, Item={"id": {"S": "1"}})
        update(emulator, order)
        outputs = deploy_artifacts(emulator, refund)
        after = list_physical(stacks)
        kept = ("OrdersTable", "Jobs", "Told", "Charge", "Placed", "Where")
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        run = emulator.execute(outputs["StateMachineArn"], {"id": "1"})
        assert run.status == "SUCCEEDED", run.cause
        assert len(emulator.items(table)) == 1


def test_what_a_build_would_ask_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put = {
        "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "End": True,
        "Parameters": {"TableName.$": "$.table", "Item": {}},
    }  # fmt: skip
    machine = {"Definition": {"StartAt": "A", "States": {"A": put}}}
    body = {"Type": "AWS::Serverless::StateMachine", "Properties": machine}
    Path("one.json").write_text(json.dumps({"Resources": {"One": body}}))
    assert main(["adopt", "one.json", "--out", "definitions"]) == 0
    assert "a build will ask: state 'A'" in capsys.readouterr().err
