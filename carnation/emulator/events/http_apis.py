"""HTTP APIs: a request finds its route, is authorized as the route says, and reaches a target.

An API answers on the emulator's port, below `/_aws/execute-api/API_ID/STAGE/`. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.exceptions import ClientError

from carnation.emulator.events.delivery import Connect
from carnation.emulator.events.inputs import read_path
from carnation.emulator.events.tokens import UnknownIssuerError, read_claims
from carnation.records import NamedTuple

PREFIX = "/_aws/execute-api/"
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d+/[^/]+/execute-api/aws4_request")
_VARIABLE = re.compile(r"\$\{([^{}]+)\}")
_ACTIONS = {
    "EventBridge-PutEvents": ("events", "put_events"),
    "SQS-SendMessage": ("sqs", "send_message"),
    "StepFunctions-StartExecution": ("stepfunctions", "start_execution"),
    "StepFunctions-StartSyncExecution": ("stepfunctions", "start_sync_execution"),
    "StepFunctions-StopExecution": ("stepfunctions", "stop_execution"),
}
Response = tuple[int, dict[str, str], bytes]


class Request(NamedTuple):
    """A request to an API: its method, path below the stage, query, headers and body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


def _answer(status: int, body: Any) -> Response:
    return status, {"content-type": "application/json"}, json.dumps(body).encode()


def respond(
    connect: Connect, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Response:
    """Answer a request to a path below `PREFIX`."""
    parts = urlsplit(target)
    api, _, rest = parts.path[len(PREFIX) :].partition("/")
    client = connect("apigatewayv2")
    try:
        stages = [row["StageName"] for row in client.get_stages(ApiId=api)["Items"]]
    except ClientError:
        return _answer(404, {"message": "Not Found"})
    stage, _, inner = rest.partition("/")
    if stage not in stages and "$default" in stages:
        inner = rest
    elif stage not in stages:
        return _answer(404, {"message": "Not Found"})
    lowered = {name.lower(): value for name, value in headers.items()}
    request = Request(method, f"/{inner}", dict(parse_qsl(parts.query)), lowered, body)
    routes = client.get_routes(ApiId=api)["Items"]
    found = _find_route(routes, request)
    if found is None:
        return _answer(404, {"message": "Not Found"})
    route, variables = found
    refused = _authorize(client, api, route, request)
    if refused is not None:
        return refused
    name = str(route.get("Target", "")).rpartition("/")[2]
    integration = client.get_integration(ApiId=api, IntegrationId=name)
    return _integrate(connect, integration, route, request, variables)


def _find_route(
    routes: list[dict[str, Any]], request: Request
) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Find the most specific route: fewer variables first, then a greedy one, then $default."""
    found = []
    for route in routes:
        method, _, path = str(route["RouteKey"]).partition(" ")
        if route["RouteKey"] != "$default" and method not in (request.method, "ANY"):
            continue
        pattern = "".join(
            f"(?P<{part[1:-1].rstrip('+')}>{'.+' if part.endswith('+}') else '[^/]+'})"
            if part.startswith("{")
            else re.escape(part)
            for part in re.split(r"(\{[^{}]+\})", path)
        )
        match = re.fullmatch(pattern or "/.*", request.path)
        if match is not None:
            rank = (route["RouteKey"] == "$default", "+}" in path, path.count("{"), method == "ANY")
            found.append((rank, route, match.groupdict()))
    if not found:
        return None
    _, route, variables = min(found, key=lambda row: row[0])
    return route, variables


def _authorize(
    client: Any, api: str, route: Mapping[str, Any], request: Request
) -> Response | None:
    """Return the refusal of a request that the route's own authorization does not let through."""
    kind, token = route.get("AuthorizationType", "NONE"), request.headers.get("authorization", "")
    if kind == "NONE":
        return None
    if kind == "AWS_IAM":
        return None if _SIGNED.match(token) else _answer(403, {"message": "Forbidden"})
    if kind == "JWT":
        authorizer = client.get_authorizer(ApiId=api, AuthorizerId=route["AuthorizerId"])
        return _check_token(token, authorizer["JwtConfiguration"], route)
    return _answer(500, {"message": f"the emulator has no authorization {kind}"})


def _check_token(
    token: str, wanted: Mapping[str, Any], route: Mapping[str, Any]
) -> Response | None:
    """Check a token's signature and its claims."""
    try:
        claims = read_claims(token.removeprefix("Bearer "), str(wanted.get("Issuer")))
    except UnknownIssuerError as error:
        return _answer(501, {"message": str(error)})
    audience = claims.get("aud", claims.get("client_id", ()))
    audiences = {audience} if isinstance(audience, str) else set(audience)
    valid = (
        bool(audiences & set(wanted.get("Audience", ())))
        and float(claims.get("exp", 0)) > time.time()
    )
    if not valid:
        return _answer(401, {"message": "Unauthorized"})
    scopes = set(route.get("AuthorizationScopes") or ())
    given = set(str(claims.get("scope", "")).split()) | set(claims.get("scp", ()))
    return _answer(403, {"message": "Forbidden"}) if scopes and not scopes & given else None


def _integrate(
    connect: Connect,
    integration: Mapping[str, Any],
    route: Mapping[str, Any],
    request: Request,
    variables: Mapping[str, str],
) -> Response:
    subtype = integration.get("IntegrationSubtype")
    if subtype in _ACTIONS:
        return _call_service(connect, integration, request, variables)
    uri = str(integration.get("IntegrationUri", ""))
    if integration.get("IntegrationType") == "AWS_PROXY" and ":lambda:" in uri:
        return _invoke(connect, uri, route, request, variables)
    return _answer(501, {"message": f"the emulator has no integration {subtype or uri}"})


def _call_service(
    connect: Connect,
    integration: Mapping[str, Any],
    request: Request,
    variables: Mapping[str, str],
) -> Response:
    service, method = _ACTIONS[integration["IntegrationSubtype"]]
    given = {
        name: _map(str(value), request, variables)
        for name, value in (integration.get("RequestParameters") or {}).items()
    }
    given.pop("Region", None)
    if service == "events":
        names = ("Source", "DetailType", "Detail", "EventBusName", "Time")
        call: dict[str, Any] = {"Entries": [{key: given[key] for key in names if key in given}]}
    elif service == "stepfunctions":
        call = {name[:1].lower() + name[1:]: value for name, value in given.items()}
    else:
        call = given
    try:
        answer = getattr(connect(service), method)(**call)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return _answer(status, {"message": error.response["Error"]["Message"]})
    answer.pop("ResponseMetadata", None)
    body = json.dumps(answer, default=_as_time).encode()
    return 200, {"content-type": "application/json"}, body


def _as_time(value: Any) -> Any:
    return value.timestamp() if hasattr(value, "timestamp") else str(value)


def _map(text: str, request: Request, variables: Mapping[str, str]) -> str:
    """Fill a parameter mapping: `$request.body.id`, or text with `${request.path.id}`."""
    if text.startswith("$") and not text.startswith("${"):
        return _read(text[1:], request, variables)
    return _VARIABLE.sub(lambda match: _read(match[1].lstrip("$"), request, variables), text)


def _read(name: str, request: Request, variables: Mapping[str, str]) -> str:
    parts = name.split(".", 2)
    field = parts[2] if len(parts) > 2 else ""
    if parts[:2] == ["request", "body"]:
        text = request.body.decode("utf-8", "replace")
        if not field:
            return text or "{}"
        try:
            found = read_path(f"$.{field}", json.loads(text or "{}"))
        except ValueError:
            found = None
        return found if isinstance(found, str) else json.dumps(found)
    sources: dict[str, Mapping[str, str]] = {
        "header": request.headers, "querystring": request.query, "path": variables,
    }  # fmt: skip
    key = field.lower() if parts[1:2] == ["header"] else field
    if parts[0] == "request" and parts[1:2] == ["path"] and not field:
        return request.path
    return sources.get(parts[1] if len(parts) > 1 else "", {}).get(key, "")


def _invoke(
    connect: Connect,
    uri: str,
    route: Mapping[str, Any],
    request: Request,
    variables: Mapping[str, str],
) -> Response:
    match = re.search(r"(arn:[^/]*:lambda:[^/]*)", uri.rpartition("/functions/")[2] or uri)
    event = {
        "version": "2.0", "routeKey": route["RouteKey"], "rawPath": request.path,
        "headers": request.headers, "queryStringParameters": request.query,
        "pathParameters": dict(variables), "body": request.body.decode("utf-8", "replace"),
        "isBase64Encoded": False,
        "requestContext": {"http": {"method": request.method, "path": request.path},
                           "requestId": str(uuid.uuid4()), "stage": "$default"},
    }  # fmt: skip
    function = match[1] if match else uri
    answer = connect("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    if "FunctionError" in answer:
        return _answer(500, {"message": "Internal Server Error"})
    found = json.loads(answer["Payload"].read() or b"null")
    if not isinstance(found, dict) or "statusCode" not in found:
        return _answer(200, found)
    body = str(found.get("body") or "")
    content = base64.b64decode(body) if found.get("isBase64Encoded") else body.encode()
    headers = {str(key): str(value) for key, value in (found.get("headers") or {}).items()}
    return int(found["statusCode"]), headers, content
