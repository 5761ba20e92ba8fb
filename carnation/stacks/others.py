"""Buses, secrets, connections, activities, and what a workflow gives as CloudFormation itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.resources.children import Activity
from carnation.resources.connections import Bus, Connection, Secret
from carnation.resources.raw import Raw
from carnation.stacks.rendering import Rendering, as_property
from carnation.stacks.snippets import KEPT

_ROTATION = ("CKV_AWS_149", "Secrets Manager's own key encrypts it; Workflow(key=Key()) has one")


def render_bus(rendering: Rendering, bus: Bus) -> None:
    """Put an event bus into the template."""
    from troposphere.events import EventBus

    made = rendering.template.add_resource(EventBus(bus.resource_id, Name=""))
    rendering.finish(bus, made, "Name")


def render_activity(rendering: Rendering, activity: Activity) -> None:
    """Put an activity into the template."""
    from troposphere.stepfunctions import Activity as Made

    made = rendering.template.add_resource(Made(activity.resource_id, Name=""))
    rendering.finish(activity, made, "Name")


def render_secret(rendering: Rendering, secret: Secret) -> None:
    """Put a secret into the template, with a random value until somebody puts in the real one."""
    from troposphere.secretsmanager import GenerateSecretString
    from troposphere.secretsmanager import Secret as Made

    key = {} if rendering.key is None else {"KmsKeyId": rendering.key}
    made = rendering.template.add_resource(
        Made(
            secret.resource_id,
            **KEPT,
            Name="",
            Description=secret.description or f"Secret of {rendering.application.workflow}",
            GenerateSecretString=GenerateSecretString(ExcludePunctuation=True),
            **key,
        )
    )
    rendering.finish(secret, made, "Name", () if key else (_ROTATION,))


def render_connection(rendering: Rendering, connection: Connection) -> None:
    """Put a connection into the template; its key is read from the secret when it is deployed."""
    from troposphere.events import ApiKeyAuthParameters, AuthParameters
    from troposphere.events import Connection as Made

    assert connection.secret is not None  # noqa: S101 (the record checks it)
    arn: Any = connection.secret.arn.value
    text = "{{resolve:secretsmanager:${SecretArn}:SecretString}}"
    value = as_property({"Fn::Sub": [text, {"SecretArn": arn}]})
    parameters = ApiKeyAuthParameters(ApiKeyName=connection.header, ApiKeyValue=value)
    made = rendering.template.add_resource(
        Made(
            connection.resource_id,
            Name="",
            AuthorizationType="API_KEY",
            AuthParameters=AuthParameters(ApiKeyAuthParameters=parameters),
        )
    )
    rendering.finish(connection, made, "Name")


def render_raw(rendering: Rendering, raw: Raw) -> None:
    """Put what a workflow gives as CloudFormation itself into the template."""
    is_plain = isinstance(raw.resource, Mapping)
    given = rendering.fill_all(dict(raw.resource)) if is_plain else raw.resource
    rendering.template.put(raw.id, given)
