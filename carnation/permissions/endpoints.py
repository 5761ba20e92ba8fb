"""What calls of HTTP APIs need: API Gateway's own, and any behind a connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.permissions.parameters import read_inner, read_parameter
from carnation.permissions.required import (
    Condition,
    RequiredAction,
    Target,
    own_arn,
    require,
    to_arn,
    when,
)


def invoke_api(given: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    """Yield what an API asks for, if it asks who calls (`AuthType`, else it does not).

    Below `/@connections` an API with WebSockets speaks to those who are connected.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
    and https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
    """
    kind = read_parameter(given, "AuthType")
    if kind is None or kind.text in ("NO_AUTH", "RESOURCE_POLICY"):
        return
    host = read_parameter(given, "ApiEndpoint")
    parts = [host.pattern.partition(".")[0] if host else "*"]
    for name, unset in (("Stage", "*"), ("Method", "*"), ("Path", "")):
        part = read_parameter(given, name)
        parts.append(part.pattern.lstrip("/") or "*" if part else unset)
    note = "a part of the endpoint is worked out while it runs" if "*" in "".join(parts) else ""
    target = Target(to_arn("execute-api", "/".join(parts)), note)
    connected = parts[3].startswith("@connections")
    action = "execute-api:ManageConnections" if connected else "execute-api:Invoke"
    yield require(action, target, state, "calls the API as this role")


def call_endpoint(given: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    """Yield what an HTTP task needs: the call itself, its connection, and the secret behind it.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
    """
    endpoint, method = read_parameter(given, "ApiEndpoint"), read_parameter(given, "Method")
    condition: Condition = ()
    if method and method.text:
        condition += when("StringEquals", "states:HTTPMethod", method.text)
    if endpoint and endpoint.text:
        condition += when("StringEquals", "states:HTTPEndpoint", endpoint.text)
    elif endpoint and endpoint.beginning:
        condition += when("StringLike", "states:HTTPEndpoint", endpoint.pattern)
    own = Target(own_arn("stateMachine"))
    yield require("states:InvokeHTTPEndpoint", own, state, "calls it", condition)
    inner = read_inner(given, "Authentication") or read_inner(given, "InvocationConfig")
    connection = read_parameter(inner, "ConnectionArn")
    name = "*"
    if connection and connection.text:
        target = Target(connection.text)
        if connection.text.startswith("arn:"):
            name = "/".join([*connection.text.split("/")[1:2], "*"])
    else:
        target = Target(to_arn("events", "connection/*"), "the connection is worked out")
    yield require("events:RetrieveConnectionCredentials", target, state, "reads the connection")
    secret = Target(to_arn("secretsmanager", f"secret:events!connection/{name}"))
    for action in ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"):
        yield require(action, secret, state, "reads the connection's secret")
