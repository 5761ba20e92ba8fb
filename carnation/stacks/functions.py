"""A Lambda function with its log group, a retained version and an alias."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.awslambda import (
    Alias,
    Code,
    Environment,
    LoggingConfig,
    TracingConfig,
    Version,
)
from troposphere.awslambda import Function as LambdaFunction

from carnation.document import keyed_path
from carnation.stacks.resources import ARCHITECTURE, RUNTIME, Function, Package, Sources
from carnation.stacks.snippets import KEPT, KEY, except_from, name_arn, name_resource
from carnation.stacks.stack import add_log_group
from carnation.stacks.writing import CONFIGURATION

Exceptions = Mapping[str, str]
"""checkov's rules that a function is excepted from, each with its reason."""

_EXCEPTIONS: Exceptions = {
    "CKV_AWS_115": "What invokes it bounds how many run; reserving takes from the whole account",
    "CKV_AWS_116": "Invoked synchronously by the state machine, whose catchers see each failure",
    "CKV_AWS_117": "Reaches AWS's public endpoints only; a VPC would add nothing but cold starts",
}


class _LoggingConfig(LoggingConfig):
    """A function's logging: troposphere 4.11 knows another type's properties under this name."""

    props = {**LoggingConfig.props, "LogFormat": (str, True)}  # noqa: RUF012


def add_function(
    template: Template,
    sources: Sources,
    function: Function,
    variables: Mapping[str, Any],
    *,
    key: Any = KEY,
    exceptions: Exceptions = MappingProxyType({}),
) -> None:
    """Add a function with its log group, version and alias to a template.

    A version is published anew when the code changes (`CodeSha256`) or the configuration does (its
    digest and the key stand in the description); old versions are retained, since executions in
    flight go on with the one that they were started with.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-version.html
    """
    package = sources.packages[function.name]
    logs = add_log_group(template, f"{function.title}Logs", f"lambda/@{function.resource}", key=key)
    made = template.add_resource(
        LambdaFunction(
            f"{function.title}Function",
            DependsOn=[f"{function.title}Role"],
            Metadata=except_from(*{**_EXCEPTIONS, **exceptions}.items()),
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
            **({} if key is None else {"KmsKeyArn": key}),
            Environment=Environment(Variables=dict(variables)),
            LoggingConfig=_LoggingConfig(LogFormat="JSON", LogGroup=Ref(logs)),
            TracingConfig=TracingConfig(Mode="Active"),
        )
    )
    _add_version(template, function, made, package, key)


def _add_version(
    template: Template, function: Function, made: LambdaFunction, package: Package, key: Any
) -> None:
    version = template.add_resource(
        Version(
            f"{function.title}Version",
            **KEPT,
            FunctionName=Ref(made),
            Description=_describe_version(package, key),
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


def _describe_version(package: Package, key: Any) -> Any:
    """Say in a version's description what makes it another one: its code, settings and key."""
    text = f"code {package.sha256[:16]}, configuration {CONFIGURATION}"
    return text if key is None else Sub(f"{text}, key ${{KeyArn}}", KeyArn=key)
