"""The SDK's own steps for services, in graphs of ours, and the partition that they name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.errors import UsageError
from carnation.linter import REFUSAL, find_problems
from carnation.project import read_partition
from carnation.states import Chain, Pass, Succeed, make_definition, steps
from carnation.workflow import Workflow, load_workflows

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for name in dir(steps) if name.endswith("Step")]

# every step that the SDK has, in a process of its own that cannot import boto3
SCRIPT = """
import sys
{before}
from carnation.states import Chain, steps, make_definition
made = [getattr(steps, name)(name, **(dict(wait_for_callback=False)
        if name in ("LambdaStep", "SqsSendMessageStep", "SnsPublishStep") else {{}}))
        for name in dir(steps)]
import json
print(json.dumps(make_definition(Chain(made))))
heavy = ("boto3", "botocore", "pandas", "sagemaker")
print([name for name in heavy if sys.modules.get(name)], file=sys.stderr)
"""


@cache
def run(before: str = "sys.modules['boto3'] = None", **environment: str) -> tuple[str, str]:
    """Write a definition of all steps in a fresh process: the definition, and what was imported."""
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT.format(before=before)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        check=True,
    )
    return made.stdout.splitlines()[-1], made.stderr.splitlines()[-1]


def test_the_steps_are_all_that_the_sdk_has_without_sagemaker() -> None:
    assert len(NAMES) == 28
    assert {"LambdaStep", "DynamoDBPutItemStep", "GlueStartJobRunStep"} <= set(NAMES)


def test_every_step_is_written_without_boto3_and_names_no_partition() -> None:
    text, imported = run()
    states = json.loads(text)["States"]
    assert list(states) == NAMES
    for state in states.values():
        assert state["Resource"].startswith("arn:${Partition}:states:::")
    assert states["GlueStartJobRunStep"]["Resource"].endswith(":glue:startJobRun.sync")
    assert imported == "[]"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_who_builds_changes_nothing(region: str) -> None:
    elsewhere, _ = run(
        "", AWS_DEFAULT_REGION=region, AWS_REGION=region, AWS_ACCESS_KEY_ID="x", AWS_PROFILE="y"
    )
    assert elsewhere == run()[0]


@pytest.mark.skipif(find_spec("sagemaker") is None, reason="the full SDK needs sagemaker")
def test_steps_of_the_full_sdk_ask_nobody_either() -> None:
    full = "import carnation.states, stepfunctions.steps as full"
    text, _ = run(full, AWS_DEFAULT_REGION="cn-north-1")
    assert text == run()[0]


def test_a_step_stands_in_a_chain_beside_ours() -> None:
    put = steps.DynamoDBPutItemStep(
        "Put", parameters={"TableName": "${Table}", "Item": {"id": {"S.$": "$.id"}}}
    )
    definition = make_definition(Chain([Pass("Note"), put, Succeed("Done")]))
    assert definition["States"]["Put"] == {
        "Type": "Task",
        "Resource": "arn:${Partition}:states:::dynamodb:putItem",
        "Parameters": {"TableName": "${Table}", "Item": {"id": {"S.$": "$.id"}}},
        "Next": "Done",
    }


def test_a_step_that_is_none_says_what_was_meant() -> None:
    with pytest.raises(AttributeError, match="no step 'LamdaStep'.*Did you mean 'LambdaStep'?"):
        steps.LamdaStep  # noqa: B018


def write_settings(folder: Path, text: str) -> str:
    (folder / "pyproject.toml").write_text(text)
    return str(folder)


def list_resources(value: Any) -> list[str]:
    """List the Resource of every Task, however deep."""
    held = [value["Resource"]] if isinstance(value, dict) and "Resource" in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return held + [found for item in inner for found in list_resources(item)]


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_a_projects_partition_stands_in_every_resource(tmp_path: Path, partition: str) -> None:
    root = write_settings(tmp_path, f'[tool.carnation]\npartition = "{partition}"\n')
    (workflow,) = load_workflows(str(ROOT), ["carnation"])
    made = make_artifacts(str(ROOT), workflow, partition=read_partition(root))
    definition = json.loads(made.files["code/state-machine/carnation.asl.json"])
    resources = list_resources(definition)
    assert resources
    assert all(one.startswith(f"arn:{partition}:states:::") for one in resources)
    assert list(find_problems(definition, families=(REFUSAL,))) == []
    plain = make_artifacts(str(ROOT), workflow)
    roles = "cft/nested-stacks/iam-role-stack.yaml"
    assert made.files[roles] == plain.files[roles]


def test_without_the_setting_the_substitution_stays(tmp_path: Path) -> None:
    assert read_partition(write_settings(tmp_path, "[project]\nname = 'x'\n")) == ""
    assert read_partition(write_settings(tmp_path, "[tool.carnation.lint]\n# partition\n")) == ""
    message = {"QueueUrl": "${Queue}", "MessageBody": "m"}
    send = steps.SqsSendMessageStep("Send", parameters=message)
    workflow = Workflow(name="tiny", version="1.0.0", states=send, stacks="none")
    made = make_artifacts(str(tmp_path), workflow, partition="")
    assert "arn:${Partition}:states:::sqs" in made.files["code/state-machine/tiny.asl.json"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('partition = "aws-china"', "partition is 'aws-china'; expected aws, aws-cn"),
        ("partition = 3", "partition is 3; expected aws, aws-cn"),
        (
            'partitions = "aws"',
            "unknown setting 'partitions' in [tool.carnation]. Did you mean 'partition'?",
        ),
        ('partition = "aws', "invalid TOML"),
    ],
)
def test_a_partition_that_is_none_is_refused(tmp_path: Path, setting: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_partition(write_settings(tmp_path, f"[tool.carnation]\n{setting}\n"))
    assert message in str(error.value)
