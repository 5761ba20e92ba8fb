"""A small project to deploy, and calls to an account that fail or crash on purpose."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from carnation.account import Account
from carnation.cli import build
from carnation.errors import AccountError

# a resource that passes every check before, and fails when it is made
UNMADE = (
    '{"Type": "AWS::SNS::Subscription", "Properties": {"Protocol": "sqs", '
    '"TopicArn": "arn:aws:sns:us-east-1:123456789012:none"}}'
)
TINY = '''
"""A queue in a nested stack, and a state machine beside it."""

from carnation.document import dump_yaml, keyed_path, digest
from carnation.states import Chain, Pass, Succeed
from carnation.workflow import Workflow


def make_workflow():
    return Workflow(
        name="tiny", version="1.0.0", states=Chain([Pass("Note", result=1), Succeed("Done")]),
        stacks=render,
    )


def render(sources):
    def queue(name):
        return {
            "Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
            "Properties": {
                "QueueName": {"Fn::Sub": "tiny-${Environment}-" + name}, "VisibilityTimeout": 30,
            },
        }
    def redriven(made):
        target = {"Fn::GetAtt": ["Letters", "Arn"]}
        made["Properties"]["RedrivePolicy"] = {"deadLetterTargetArn": target, "maxReceiveCount": 9}
        return made
    nested = dump_yaml({
        "Parameters": {"Environment": {"Type": "String"}},
        "Resources": {"Queue": redriven(queue("queue")), "Letters": queue("letters")},
        "Outputs": {
            "QueueUrl": {"Value": {"Ref": "Queue"}}, "LettersUrl": {"Value": {"Ref": "Letters"}},
        },
    })
    path = "cft/nested-stacks/queues.yaml"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"Service": "states.amazonaws.com"}}]}
    root = {
        "Parameters": {
            "ArtifactBucket": {"Type": "String"},
            "Environment": {"Type": "String", "Default": "dev"},
            "Size": {"Type": "String", "Default": "small"},
        },
        "Resources": {
            "Queues": {"Type": "AWS::CloudFormation::Stack", "Properties": {
                "TemplateURL": {"Fn::Sub": "https://${ArtifactBucket}.s3.${AWS::Region}.${AWS::URLSuffix}/"
                                + keyed_path("tiny/" + path, digest(nested))},
                "Parameters": {"Environment": {"Ref": "Environment"}},
            }},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {
                "RoleName": {"Fn::Sub": "tiny-${Environment}"},
                "AssumeRolePolicyDocument": trust, "Description": {"Ref": "Size"},
            }},
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
                "StateMachineName": {"Fn::Sub": "tiny-${Environment}"},
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionS3Location": {"Bucket": {"Ref": "ArtifactBucket"}, "Key": keyed_path(
                    "tiny/" + sources.definition_path, sources.definition_sha256)},
            }},
            "Version": {"Type": "AWS::StepFunctions::StateMachineVersion",
                "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": {
                "StateMachineArn": {"Ref": "Machine"},
                "StateMachineRevisionId": {"Fn::GetAtt": ["Machine", "StateMachineRevisionId"]}}},
            "Live": {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {
                "Name": "live", "DeploymentPreference": {
                    "StateMachineVersionArn": {"Ref": "Version"}, "Type": "ALL_AT_ONCE"}}},
        },
        "Outputs": {
            "StateMachineArn": {"Value": {"Ref": "Machine"}},
            "StateMachineVersionArn": {"Value": {"Ref": "Version"}},
            "StateMachineAliasArn": {"Value": {"Ref": "Live"}},
            "QueueUrl": {"Value": {"Fn::GetAtt": ["Queues", "Outputs.QueueUrl"]}},
            "DeadLetterQueueUrl": {"Value": {"Fn::GetAtt": ["Queues", "Outputs.LettersUrl"]}},
        },
    }
    return {"cft/tiny-root-stack.yaml": dump_yaml(root), path: nested}
'''


def make_tiny(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the small project, built, and go there."""
    write_definition(folder, monkeypatch, TINY)
    return folder


def write_definition(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Write the definition and build it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two of one second would be one
    (folder / "definitions").mkdir(exist_ok=True)
    (folder / "definitions" / "tiny.py").write_text(text)
    monkeypatch.chdir(folder)
    assert build.main([]) == 0


FAULTS = ("fails", "loses its answer", "crashes after")
ONE_FAULT = [pytest.param(how, marks=pytest.mark.exhaustive) for how in FAULTS[:2]] + [FAULTS[2]]
"""For loops of a minute: one fault in each run of the tests, the others with `-m exhaustive`."""


def one_fault_each(*what: str) -> list[Any]:
    """Pair each of these with each fault: in each run of the tests with one, and all in turn."""
    everyday = {(one, FAULTS[at % len(FAULTS)]) for at, one in enumerate(what)}
    return [
        pytest.param(*pair, marks=() if pair in everyday else pytest.mark.exhaustive)
        for pair in itertools.product(what, FAULTS)
    ]


READS = ("describe_", "get_", "head_", "list_")
"""How the names of calls begin that change nothing. (`receive_message` hides what it gives.)"""


class Crash(KeyboardInterrupt):
    """The process ends here."""


@contextmanager
def break_call(monkeypatch: pytest.MonkeyPatch, number: int, how: str) -> Iterator[list[str]]:
    """Break the call of this number (0: none) in one of the `FAULTS`; gives the calls made.

    A crash after a call that only reads leaves what a crash after the call before it leaves: for
    crashes such calls are neither broken nor given.
    """
    calls: list[str] = []
    original = Account.call

    def call(account: Account, service: str, action: str, /, **parameters: Any) -> Any:
        if how == "crashes after" and action.startswith(READS):
            return original(account, service, action, **parameters)
        calls.append(f"{service}.{action}")
        mine = len(calls) == number
        error = AccountError(f"{action} was made to fail", code="Injected", message="on purpose")
        if mine and how == "fails":
            raise error
        answer = original(account, service, action, **parameters)
        if mine:
            raise Crash if how == "crashes after" else error
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Account, "call", call)
        yield calls


def attempt(verb: Any, words: list[str]) -> int:
    """Run a verb that may crash; -1 where it did."""
    try:
        return int(verb.main(words))
    except Crash:
        return -1


def break_each(one_run: Callable[[int], list[str]], stride: int = 1) -> set[str]:
    """Record the calls of a run in which none is broken, then run with each of them broken.

    Of the calls every so-manieth (`stride`) is broken, the last one always. `one_run` takes the
    number of the call to break, and gives the calls that were made. That no call was passed over
    is known by counting: what was broken was recorded. (The order of uploads, of which several run
    at once, may differ.)
    """
    recorded = one_run(0)
    broken = []
    for number in range(1 + (len(recorded) - 1) % stride, len(recorded) + 1, stride):
        calls = one_run(number)
        assert len(calls) >= number, f"there is no call {number}"
        broken.append(calls[number - 1])
    assert Counter(broken) == Counter(recorded) or stride > 1
    assert set(broken) <= set(recorded)
    assert len(broken) == -(-len(recorded) // stride)
    return set(recorded)
