"""HTTP APIs answer on the emulator's port, each route by its own authorization."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.emulator import Emulator
from tests.emulator.test_cloudformation_kinds import API, MACHINE, ROLE, arn, of, ref

ISSUER = "https://issuer.example.com"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261129/us-east-1/execute-api/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


def make_token(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"Bearer e30.{payload}.x"


def route(key: str, **properties: Any) -> dict[str, Any]:
    target = {"Fn::Sub": "integrations/${Start}"}
    return of("ApiGatewayV2::Route", ApiId=ref("Api"), RouteKey=key, Target=target, **properties)


@pytest.fixture(scope="module")
def api() -> Iterator[tuple[Emulator, str]]:
    start = of(
        "ApiGatewayV2::Integration", ApiId=ref("Api"), IntegrationType="AWS_PROXY",
        IntegrationSubtype="StepFunctions-StartExecution", PayloadFormatVersion="1.0",
        CredentialsArn=arn("Role"),
        RequestParameters={"StateMachineArn": ref("Machine"),
                           "Input": '{"id": "${request.path.id}", "body": ${request.body}}'},
    )  # fmt: skip
    authorizer = of(
        "ApiGatewayV2::Authorizer", ApiId=ref("Api"), AuthorizerType="JWT", Name="jwt",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": ISSUER, "Audience": ["me"]},
    )  # fmt: skip
    resources = {
        "Api": API, "Role": ROLE, "Machine": MACHINE, "Start": start, "Jwt": authorizer,
        "Open": route("POST /orders/{id}"),
        "Closed": route("POST /closed/{id}", AuthorizationType="AWS_IAM"),
        "Token": route("POST /token/{id}", AuthorizationType="JWT", AuthorizerId=ref("Jwt"),
                       AuthorizationScopes=["write"]),
        "Stage": of("ApiGatewayV2::Stage", ApiId=ref("Api"), StageName="$default",
                    AutoDeploy=True),
    }  # fmt: skip
    with Emulator(in_process=True) as emulator:
        content = json.dumps({"Resources": resources}).encode()
        made = emulator.deploy("s", {"t": content}, "t", {}).resources["s"]
        yield emulator, f"{emulator.endpoint}/_aws/execute-api/{made['Api']}"


def post(url: str, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, b'{"a": 1}', headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_an_open_route_starts_an_execution(api: tuple[Emulator, str]) -> None:
    emulator, url = api
    status, answer = post(f"{url}/orders/7")
    assert status == 200
    found = emulator.wait(answer["executionArn"])
    sfn = emulator.client("stepfunctions")
    given = sfn.describe_execution(executionArn=found.arn)["input"]
    assert json.loads(given) == {"id": "7", "body": {"a": 1}}


GOOD = {"iss": ISSUER, "aud": "me", "exp": time.time() + 600, "scope": "read write"}


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("nowhere", "", 404),
        ("closed/1", "", 403),
        ("closed/1", SIGNED, 200),
        ("token/1", "", 401),
        ("token/1", make_token(**GOOD), 200),
        ("token/1", make_token(**{**GOOD, "aud": "other"}), 401),
        ("token/1", make_token(**{**GOOD, "exp": 1}), 401),
        ("token/1", make_token(**{**GOOD, "scope": "read"}), 403),
    ],
)
def test_a_route_lets_through_what_its_authorization_allows(
    api: tuple[Emulator, str], path: str, authorization: str, status: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert post(f"{api[1]}/{path}", **headers)[0] == status
