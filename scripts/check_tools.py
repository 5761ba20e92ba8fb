"""Try other people's tools against `carnation serve`: aws, sam, and cdk, those that are installed.

Run as `python scripts/check_tools.py`; it deploys a small application with each, says which are
missing and how to install them, and ends with 1 where one of them fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

INSTALL = {
    "aws": "pip install awscli",
    "sam": "pip install aws-sam-cli",
    "cdk": "npm install aws-cdk aws-cdk-lib constructs (and npx on the path)",
}
PLAIN = {
    "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"Url": {"Value": {"Ref": "Q"}}},
}
HANDLER = "def handle(event, context):\n    return {'given': event}\n"
SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handle, CodeUri: work}
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: flow.asl.json
      DefinitionSubstitutions: {Work: !GetAtt Work.Arn}
      Policies: [{LambdaInvokePolicy: {FunctionName: !Ref Work}}]
Outputs: {Flow: {Value: !Ref Flow}}
"""
FLOW = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Work}", "End": True}}}
CDK = """
const { App, Stack, CfnOutput } = require('aws-cdk-lib');
const lambda = require('aws-cdk-lib/aws-lambda');
const sfn = require('aws-cdk-lib/aws-stepfunctions');
const tasks = require('aws-cdk-lib/aws-stepfunctions-tasks');
const app = new App();
const stack = new Stack(app, 'Small', { env: { account: '123456789012', region: 'us-east-1' } });
const work = new lambda.Function(stack, 'Work', {
  runtime: lambda.Runtime.PYTHON_3_12, handler: 'app.handle', code: lambda.Code.fromAsset('work'),
});
const machine = new sfn.StateMachine(stack, 'Flow', {
  definitionBody: sfn.DefinitionBody.fromChainable(
    new tasks.LambdaInvoke(stack, 'A', { lambdaFunction: work, payloadResponseOnly: true })),
});
new CfnOutput(stack, 'Machine', { value: machine.stateMachineArn });
"""


class ToolError(Exception):
    """A tool failed; its text is what it printed."""


@contextmanager
def serve(folder: Path) -> Iterator[dict[str, str]]:
    """Serve an empty account; gives the environment in which clients find it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "carnation", "serve"],
        cwd=folder, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if "Ctrl" in line:
                break
        given = dict(re.findall(r"^  export (\w+)=(.*)$", "".join(lines), re.MULTILINE))
        yield {**os.environ, **given, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
               "SAM_CLI_TELEMETRY": "0", "CDK_DISABLE_VERSION_CHECK": "1"}  # fmt: skip
    finally:
        process.terminate()
        process.wait(30)


def run(folder: Path, env: Mapping[str, str], *command: str, limit: float = 300) -> str:
    """Run a command; raises `ToolError` with its last lines."""
    done = subprocess.run(  # noqa: S603 - the commands are ours
        command, cwd=folder, env=dict(env), text=True, timeout=limit, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise ToolError(
            f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stdout[-2500:]}"
        )
    return done.stdout


def execute(env: Mapping[str, str], stack: str, output: str) -> None:
    """Run the state machine that a stack gives, by boto3."""
    import boto3

    def connect(service: str) -> object:
        return boto3.client(
            service, endpoint_url=env["AWS_ENDPOINT_URL"], region_name=env["AWS_REGION"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip

    (found,) = connect("cloudformation").describe_stacks(StackName=stack)["Stacks"]  # type: ignore[attr-defined]
    arn = {row["OutputKey"]: row["OutputValue"] for row in found["Outputs"]}[output]
    machines = connect("stepfunctions")
    started = machines.start_execution(stateMachineArn=arn, input='{"a": 1}')  # type: ignore[attr-defined]
    status = "RUNNING"
    while status == "RUNNING":
        ended = machines.describe_execution(executionArn=started["executionArn"])  # type: ignore[attr-defined]
        status = ended["status"]
    if json.loads(ended.get("output", "null")) != {"given": {"a": 1}}:
        raise ToolError(
            f"the execution ended {status}: {ended.get('output') or ended.get('cause')}"
        )


def write_application(folder: Path) -> None:
    """Write the application that the tools deploy."""
    (folder / "work").mkdir()
    (folder / "work" / "app.py").write_text(HANDLER)
    (folder / "flow.asl.json").write_text(json.dumps(FLOW))
    (folder / "plain.json").write_text(json.dumps(PLAIN))
    (folder / "template.yaml").write_text(SAM)
    (folder / "app.js").write_text(CDK)
    (folder / "cdk.json").write_text('{"app": "node app.js"}')


def try_aws(folder: Path, env: Mapping[str, str]) -> None:
    """Deploy a template, the second time with a change."""
    deploy = ("aws", "cloudformation", "deploy", "--stack-name", "plain", "--template-file")
    run(folder, env, *deploy, "plain.json")
    changed = {**PLAIN, "Resources": {"Q": {"Type": "AWS::SQS::Queue",
                                            "Properties": {"VisibilityTimeout": 7}}}}  # fmt: skip
    (folder / "plain.json").write_text(json.dumps(changed))
    run(folder, env, *deploy, "plain.json")
    shown = run(folder, env, "aws", "cloudformation", "describe-stacks", "--stack-name", "plain")
    if "UPDATE_COMPLETE" not in shown:
        raise ToolError(shown)


def try_sam(folder: Path, env: Mapping[str, str]) -> None:
    """Deploy a function and a state machine of SAM."""
    run(
        folder, env, "sam", "deploy", "--template-file", "template.yaml", "--stack-name", "sammy",
        "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset",
        "--region", env["AWS_REGION"],
    )  # fmt: skip
    execute(env, "sammy", "Flow")


def try_cdk(folder: Path, env: Mapping[str, str]) -> None:
    """Bootstrap an account, and deploy an application with an asset."""
    run(folder, env, "npx", "--no-install", "cdk", "bootstrap", "aws://123456789012/us-east-1")
    run(folder, env, "npx", "--no-install", "cdk", "deploy", "--require-approval", "never")
    execute(env, "Small", "Machine")


def has_cdk() -> bool:
    """Return whether the CDK and its library are found from the current folder."""
    if shutil.which("npx") is None:
        return False
    found = subprocess.run(
        ["npx", "--no-install", "cdk", "--version"],  # noqa: S607 - the one on the path is meant
        capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return found.returncode == 0


TOOLS: dict[str, tuple[Callable[[], bool], Callable[[Path, Mapping[str, str]], None]]] = {
    "aws": (lambda: shutil.which("aws") is not None, try_aws),
    "sam": (lambda: shutil.which("sam") is not None, try_sam),
    "cdk": (has_cdk, try_cdk),
}


def main() -> int:
    """Try each tool; return 1 where one fails."""
    failed = 0
    modules = Path("node_modules").resolve()
    for name, (is_there, attempt) in TOOLS.items():
        if not is_there():
            print(f"{name}: not installed ({INSTALL[name]})")
            continue
        with tempfile.TemporaryDirectory(prefix="carnation-tools-") as made:
            folder = Path(made)
            write_application(folder)
            if modules.is_dir():
                (folder / "node_modules").symlink_to(modules)
            with serve(folder) as env:
                try:
                    attempt(folder, env)
                except ToolError as error:
                    failed = 1
                    print(f"{name}: FAILED\n{error}")
                else:
                    print(f"{name}: works")
    return failed


if __name__ == "__main__":
    sys.exit(main())
