"""The files of a new project, and `create_project`, which writes them."""

from __future__ import annotations

import os

from carnation.errors import UsageError

_DEFINITION = '''"""hello: a state machine with one Lambda function, and its stack."""

from troposphere import GetAtt, Output, Parameter, Ref, Sub, Template
from troposphere.awslambda import Code
from troposphere.awslambda import Function as LambdaFunction
from troposphere.iam import Policy, Role
from troposphere.stepfunctions import S3Location, StateMachine

from carnation.document import dump_yaml, keyed_path
from carnation.patterns import invoke_function
from carnation.stacks import Function, Sources
from carnation.states import Chain, Succeed
from carnation.workflow import Workflow

GREET = Function("greet", description="Greets somebody", timeout=10)


def make_workflow() -> Workflow:
    greet = invoke_function("Greet", "greet", payload="$", output_path="$.Payload")
    return Workflow(
        name="hello",
        version="0.1.0",
        states=Chain([greet, Succeed("Greeted")]),
        functions=[GREET],
        stacks=render,
    )


def render(sources: Sources) -> dict[str, str]:
    template = Template(Description="Greets somebody")
    template.set_version("2010-09-09")
    bucket = Ref(template.add_parameter(Parameter("ArtifactBucket", Type="String")))
    package = sources.packages["greet"]
    log = ["logs:CreateLogStream", "logs:PutLogEvents"]
    logs = Sub(
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
        ":log-group:/aws/lambda/hello-greet:*"
    )
    function = template.add_resource(
        LambdaFunction(
            "Greet",
            FunctionName="hello-greet",
            Runtime="python3.13",
            Timeout=GREET.timeout,
            Handler="handler.handle",
            Code=Code(S3Bucket=bucket, S3Key=keyed_path(f"hello/{package.path}", package.sha256)),
            Role=GetAtt(template.add_resource(make_role("Greet", "lambda", log, logs)), "Arn"),
        )
    )
    invoke = make_role("Machine", "states", ["lambda:InvokeFunction"], GetAtt(function, "Arn"))
    definition = keyed_path(f"hello/{sources.definition_path}", sources.definition_sha256)
    machine = template.add_resource(
        StateMachine(
            "StateMachine",
            RoleArn=GetAtt(template.add_resource(invoke), "Arn"),
            DefinitionS3Location=S3Location(Bucket=bucket, Key=definition),
            DefinitionSubstitutions={
                "GreetFunction": GetAtt(function, "Arn"),
                "Partition": Ref("AWS::Partition"),
            },
        )
    )
    template.add_output(Output("StateMachineArn", Value=Ref(machine)))
    return {"cft/hello-root-stack.yaml": dump_yaml(template.to_dict())}


def make_role(name: str, service: str, actions: list[str], resource: object) -> Role:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    allowed = {"Effect": "Allow", "Action": actions, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    return Role(
        f"{name}Role",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
        Policies=[Policy(PolicyName="allowed", PolicyDocument=document)],
    )
'''
_HANDLER = '''def handle(event, context):
    """Greet the person whose name is in the event."""
    return {"greeting": f"Hello, {event['name']}"}
'''
_TEST = """def test_greets(deploy_workflow):
    machine = deploy_workflow("hello")

    run = machine.run({"name": "Ada"})

    run.assert_succeeded({"greeting": "Hello, Ada"})
    run.assert_path("Greet", "Greeted")
"""
_PYPROJECT = """[dependency-groups]
dev = ["carnation[run]", "pytest"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""
_WORKFLOW = """name: check
on: [push, pull_request]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.13"
      - run: python -m pip install --group dev
      - run: carnation build --check
      - run: pytest
"""
_PRE_COMMIT = """repos:
  - repo: local
    hooks:
      - id: carnation-build
        name: build/ is up to date
        entry: carnation build --check
        language: system
        pass_filenames: false
"""
FILES = {
    "definitions/hello.py": _DEFINITION,
    "lambdas/greet/handler.py": _HANDLER,
    "tests/test_hello.py": _TEST,
    "pyproject.toml": _PYPROJECT,
    ".gitignore": "__pycache__/\n.pytest_cache/\n.venv/\n",
    ".github/workflows/check.yml": _WORKFLOW,
    ".pre-commit-config.yaml": _PRE_COMMIT,
}
"""The project's files: path to text."""


def create_project(folder: str) -> list[str]:
    """Write the files below `folder`; return their paths.

    Raises `UsageError`, and writes nothing, where something is in the way: a file that exists, or
    a link or a file in the place of a folder.
    """
    obstacles = sorted({found for path in FILES if (found := _find_obstacle(folder, path))})
    if obstacles:
        raise UsageError(
            f"already exists: {', '.join(obstacles)}. Nothing was written. "
            "Move it away, or choose an empty folder."
        )
    for path, text in FILES.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return list(FILES)


def _find_obstacle(folder: str, path: str) -> str:
    """Return the part of a path that cannot be created; '' where all of it can."""
    parts = path.split("/")
    for end in range(1, len(parts)):
        parent = "/".join(parts[:end])
        there = os.path.join(folder, parent)
        if os.path.islink(there) or (os.path.lexists(there) and not os.path.isdir(there)):
            return parent
    return path if os.path.lexists(os.path.join(folder, path)) else ""
