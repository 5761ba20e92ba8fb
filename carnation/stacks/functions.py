"""A Lambda function with its log group, a retained version and an alias."""

from __future__ import annotations

import binascii
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
from carnation.errors import WorkflowError
from carnation.resources.functions import Function
from carnation.resources.grants import list_given
from carnation.stacks.policies import list_granted, use_keys
from carnation.stacks.rendering import Rendering, as_property
from carnation.stacks.resources import Package, Sources
from carnation.stacks.roles import add_function_role
from carnation.stacks.snippets import KEPT, KEY, except_from, resource_name, to_arn
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
    role: Any = None,
) -> LambdaFunction:
    """Add a function with its log group, version and alias to a template.

    A version is published again when the code changes (`CodeSha256`) or the configuration does (its
    digest and the key are in the description); old versions are retained, since executions in
    flight continue with the one that they were started with. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-version.html
    """
    package = sources.packages.get(function.id)
    logs = add_log_group(
        template, f"{function.title}Logs", f"lambda/@{function.name_part}", key=key
    )
    made = template.add_resource(
        LambdaFunction(
            function.resource_id,
            **({} if role else {"DependsOn": [f"{function.title}Role"]}),
            Metadata=except_from(*{**_EXCEPTIONS, **exceptions}.items()),
            FunctionName=resource_name(function.name_part),
            Description=function.description,
            **_describe_code(sources, function, package),
            MemorySize=function.memory,
            Timeout=function.timeout,
            Role=role or to_arn("iam", f"role/@{function.name_part}", region=False),
            **({} if key is None else {"KmsKeyArn": key}),
            **({"Environment": Environment(Variables=dict(variables))} if variables else {}),
            LoggingConfig=_LoggingConfig(LogFormat="JSON", LogGroup=Ref(logs)),
            TracingConfig=TracingConfig(Mode="Active"),
        )
    )
    _add_version(template, function, made, package, key)
    return made


def _describe_code(sources: Sources, function: Function, package: Package | None) -> dict[str, Any]:
    """Return where a function's code is, and what runs it."""
    if package is None:
        image = {"PackageType": "Image", "Code": Code(ImageUri=function.image)}
        return {"Architectures": [function.architecture], **image}
    path = keyed_path(f"{sources.workflow}/{package.path}", package.sha256)
    return {
        "Runtime": function.runtime,
        "Architectures": [function.architecture],
        "Handler": function.handler,
        "Code": Code(S3Bucket=Ref("ArtifactBucket"), S3Key=path),
        **({"Layers": list(function.layers)} if function.layers else {}),
    }


def _add_version(
    template: Template, function: Function, made: LambdaFunction, package: Package | None, key: Any
) -> None:
    code = package.sha256 if package else function.image.rpartition(":")[2]
    digest = (
        {"CodeSha256": binascii.b2a_base64(bytes.fromhex(code), newline=False).decode()}
        if package
        else {}
    )
    version = template.add_resource(
        Version(
            f"{function.title}Version",
            **KEPT,
            FunctionName=Ref(made),
            Description=_describe_version(code, key),
            **digest,
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


def _describe_version(code: str, key: Any) -> Any:
    """Say in a version's description what makes it another one: its code, settings and key."""
    text = f"code {code[:16]}, configuration {CONFIGURATION}"
    return text if key is None else Sub(f"{text}, key ${{KeyArn}}", KeyArn=key)


_PLAIN: Exceptions = {
    "CKV_AWS_173": "Lambda's own key encrypts the environment, which holds names and no secret",
}


def render_function(rendering: Rendering, function: Function) -> None:
    """Put a function into the template, with its role and what it is given of what it uses."""
    grants = [*list_granted(rendering, function.uses), *use_keys(rendering, function.uses)]
    add_function_role(
        rendering.template, function, grants,
        name=rendering.role_name(function.name_part), key=rendering.key,
    )  # fmt: skip
    made = add_function(
        rendering.template,
        rendering.sources,
        function,
        list_variables(rendering, function),
        key=rendering.key,
        exceptions={} if rendering.key else _PLAIN,
        role=rendering.role_arn(f"{function.title}Role", function.name_part),
    )
    rendering.finish(function, made, "FunctionName")


def list_variables(rendering: Rendering, function: Function) -> dict[str, Any]:
    """List a function's environment: the first reference of all it uses, then its own values."""
    given = {}
    for resource in list_given(function.uses):
        if resource.first_field:
            reference = resource.refer(resource.first_field)
            given[reference.variable] = rendering.value(reference)
    for name in given.keys() & function.environment.keys():
        raise WorkflowError(
            f"{function!r} ({function.line}) of '{rendering.application.workflow}' gets {name} "
            f"twice: from environment=, and from uses=. Remove it from environment=."
        )
    own = {name: rendering.fill(text) for name, text in function.environment.items()}
    return {**given, **{name: as_property(value) for name, value in own.items()}}
