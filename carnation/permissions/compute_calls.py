"""What calls that start something need beside: roles that others name, code, documents, nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.permissions.objects import read_key, resolve_object
from carnation.permissions.parameters import read_inner, read_parameter, read_parameters
from carnation.permissions.passed_roles import pass_unnamed_roles
from carnation.permissions.required import RequiredAction, Target, require, to_arn, when

Parameters = Mapping[str, Json]


def read_code(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the archive and the layers of a function.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-identity-based.html
    """
    code = read_inner(given, "Code") or given
    bucket = read_parameter(code, "S3Bucket")
    if bucket is not None:
        versioned = read_parameter(code, "S3ObjectVersion")
        action = "s3:GetObjectVersion" if versioned else "s3:GetObject"
        target = resolve_object(bucket, read_key(code, "S3Key"))
        yield require(action, target, state, "reads the code")
    for layer in read_parameters(given, "Layers"):
        note = "" if layer.text is not None else "Layers is worked out while it runs"
        target = Target(layer.pattern, note)
        yield require("lambda:GetLayerVersion", target, state, "reads the layer")
    if read_inner(given, "VpcConfig"):
        for name in ("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"):
            yield require(f"ec2:{name}", Target("*"), state, "puts the function into a network")


def run_task(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the roles of a task definition.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html
    """
    yield pass_unnamed_roles("the task definition names the roles, not this one", "ecs", state)


def run_instances(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the volumes of instances, and the role of an instance profile.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    if not read_parameter(given, "LaunchTemplate"):
        place = Target(to_arn("ec2", "volume/*"))
        yield require("ec2:RunInstances", place, state, "makes the volumes of the image")
    if read_inner(given, "IamInstanceProfile"):
        yield pass_unnamed_roles("the instance profile names the role", "ec2", state)


def add_role(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the role that goes into a profile.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
    """
    role = read_parameter(given, "RoleName")
    note = "" if role and role.text is not None else "RoleName is worked out while it runs"
    place = to_arn("iam", f"role/{role.pattern if role else '*'}", region=False)
    yield require("iam:PassRole", Target(place, note), state, "passes the role on")


def automate(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield an automation's document, and the role that it works with.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-setup-iam.html
    """
    document = read_parameter(given, "DocumentName")
    name = document.pattern.rpartition("/")[2] if document else "*"
    note = "" if document and document.text is not None else "DocumentName is worked out"
    arn = document_arn("automation-definition", f"{name}:*")
    yield require("ssm:StartAutomationExecution", Target(arn, note), state,
                  "calls aws-sdk:ssm:startAutomationExecution")  # fmt: skip
    inner = given.get("Parameters")
    for role in read_parameters(inner if isinstance(inner, Mapping) else {},
                                "AutomationAssumeRole"):  # fmt: skip
        worked_out = "" if role.text is not None else "AutomationAssumeRole is worked out"
        place = role.pattern if role.pattern.startswith(("arn:", "${")) else to_arn(
            "iam", "role/*", region=False)  # fmt: skip
        condition = when("StringEquals", "iam:PassedToService", "ssm.amazonaws.com")
        yield require("iam:PassRole", Target(place, worked_out), state,
                      "passes the AutomationAssumeRole on", condition)  # fmt: skip


def document_arn(kind: str, name: str) -> str:
    """Name a document of Systems Manager; AWS's own belong to no account."""
    is_ours = not re.match(r"(AWS|Amazon)", name)
    arn = to_arn("ssm", f"{kind}/{name}")
    return arn if is_ours else arn.replace("${AWS::AccountId}", "*")


def send_command(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the instances that a command goes to.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html
    """
    if "Targets" in given or "Targets.$" in given:
        place = Target(to_arn("ec2", "instance/*"), "Targets says which while it runs")
        yield require("ssm:SendCommand", place, state, "calls aws-sdk:ssm:sendCommand")


def make_nodegroup(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield what EKS looks up with the caller's permissions before it makes nodes.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html
    """
    why = "looks up where nodes may run, and their role"
    yield require("ec2:DescribeSubnets", Target("*"), state, why)
    role = read_parameter(given, "NodeRole")
    place = to_arn("iam", "role/*", region=False)
    is_named = role is not None and role.pattern.startswith(("arn:", "${"))
    target = Target(role.pattern) if role and is_named else Target(place, "NodeRole is worked out")
    for action in ("iam:GetRole", "iam:ListAttachedRolePolicies"):
        yield require(action, target, state, why)
