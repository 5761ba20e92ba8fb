"""The two functions, each with its log group, a retained version and an alias."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import GetAtt, Output, Parameter, Ref, Sub, Template
from troposphere.awslambda import (
    Alias,
    Code,
    Environment,
    LoggingConfig,
    TracingConfig,
    Version,
)
from troposphere.awslambda import Function as LambdaFunction
from troposphere.logs import LogGroup

from carnation.document import digest, keyed_path
from carnation.stacks.nouns import (
    ARCHITECTURE,
    RUNTIME,
    Bucket,
    Files,
    Function,
    Package,
    Sources,
    Table,
)
from carnation.stacks.parts import except_from, make_plain, name_arn, name_resource, open_template

_PARAMETERS = ("ProjectName", "Environment", "ArtifactBucket", "KeyArn", "LogRetentionDays")
_EXCEPTIONS = (
    (
        "CKV_AWS_115",
        "The Map bounds how many run at once; reserving takes from the whole account",
    ),
    ("CKV_AWS_116", "Invoked synchronously by the state machine, which puts failed events away"),
    ("CKV_AWS_117", "Reaches AWS's public endpoints only; a VPC would add nothing but cold starts"),
)


class _LoggingConfig(LoggingConfig):
    """A function's logging: troposphere 4.11 knows another type's properties under this name."""

    props = {**LoggingConfig.props, "LogFormat": (str, True)}  # noqa: RUF012


def make_function_stack(
    sources: Sources,
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
) -> Template:
    """Make lambda-function-stack.yaml.

    A version is published anew when the code changes (`CodeSha256`) or the configuration does (its
    digest and the key stand in the description); old versions are retained, since executions in
    flight go on with the one that they were started with.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-version.html
    """
    template = open_template("The functions that the state machine invokes", *_PARAMETERS)
    for name, meaning in (("QueueUrl", "queue"), ("DeadLetterQueueUrl", "dead-letter queue")):
        template.add_parameter(
            Parameter(name, Type="String", Description=f"The URL of the {meaning}")
        )
    if len(functions) > 1:
        template.add_parameter(
            Parameter("StoreName", Type="String", Description="The table or bucket of events")
        )
    if files:
        template.add_parameter(
            Parameter(files.output, Type="String", Description="The bucket of files")
        )
    for function, given in zip(functions, list_variables(store, files), strict=False):
        variables = {name: Ref(parameter) for name, parameter in given.items()}
        _add_function(template, sources, function, {**variables, **function.environment})
    return template


def list_variables(
    store: Table | Bucket, files: Files | None = None
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """List what the environments of collecting and processing are given: variable to parameter.

    >>> list_variables(Table())[1]
    {'TABLE_NAME': 'StoreName'}
    """
    queues = {"QUEUE_URL": "QueueUrl", "DEAD_LETTER_QUEUE_URL": "DeadLetterQueueUrl"}
    if files:
        queues[files.variable] = files.output
    return queues, {store.variable: "StoreName"}


def _add_function(
    template: Template, sources: Sources, function: Function, variables: Mapping[str, Any]
) -> None:
    package = sources.packages[function.name]
    logs = template.add_resource(
        LogGroup(
            f"{function.title}Logs",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            LogGroupName=Sub(f"/aws/lambda/${{ProjectName}}-${{Environment}}-{function.resource}"),
            RetentionInDays=Ref("LogRetentionDays"),
            KmsKeyId=Ref("KeyArn"),
        )
    )
    made = template.add_resource(
        LambdaFunction(
            f"{function.title}Function",
            Metadata=except_from(*_EXCEPTIONS),
            FunctionName=name_resource(function.resource),
            Description=function.description,
            Runtime=RUNTIME,
            Architectures=[ARCHITECTURE],
            Handler="handler.handle",
            Code=Code(
                S3Bucket=Ref("ArtifactBucket"),
                S3Key=keyed_path(f"{sources.workflow}/{package.path}", package.sha256),
            ),
            MemorySize=function.memory,
            Timeout=function.timeout,
            Role=name_arn("iam", f"role/@{function.resource}", region=False),
            KmsKeyArn=Ref("KeyArn"),
            Environment=Environment(Variables=dict(variables)),
            LoggingConfig=_LoggingConfig(LogFormat="JSON", LogGroup=Ref(logs)),
            TracingConfig=TracingConfig(Mode="Active"),
        )
    )
    _add_version(template, function, made, package)


def _add_version(
    template: Template, function: Function, made: LambdaFunction, package: Package
) -> None:
    configuration = digest(json.dumps(make_plain(made)["Properties"], sort_keys=True))
    version = template.add_resource(
        Version(
            f"{function.title}Version",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            FunctionName=Ref(made),
            Description=Sub(
                f"code {package.sha256[:16]}, configuration {configuration[:16]}, key ${{KeyArn}}"
            ),
            CodeSha256=base64.b64encode(bytes.fromhex(package.sha256)).decode(),
        )
    )
    template.add_resource(
        Alias(
            f"{function.title}Alias",
            FunctionName=Ref(made),
            FunctionVersion=GetAtt(version, "Version"),
            Name="live",
        )
    )
    template.add_output(Output(f"{function.title}VersionArn", Value=Ref(version)))
