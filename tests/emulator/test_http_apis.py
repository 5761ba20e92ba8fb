"""HTTP APIs answer on the emulator's port, each route by its own authorization."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from carnation.emulator import Emulator
from carnation.emulator.events.tokens import UnknownIssuerError, read_claims
from tests.emulator.test_cloudformation_kinds import API, MACHINE, ROLE, arn, of, ref

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261129/us-east-1/execute-api/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def make_token(key: rsa.RSAPrivateKey = KEY, **claims: Any) -> str:
    head = encode(json.dumps({"alg": "RS256", "kid": "k"}).encode())
    signed = f"{head}.{encode(json.dumps(claims).encode())}"
    signature = key.sign(signed.encode(), PKCS1v15(), SHA256())
    return f"Bearer {signed}.{encode(signature)}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    numbers = KEY.public_key().public_numbers()
    modulus = numbers.n.to_bytes(256, "big")
    row = {"kid": "k", "kty": "RSA", "n": encode(modulus), "e": encode(b"\x01\x00\x01")}
    body = json.dumps({"keys": [row]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/.well-known/jwks.json" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def route(key: str, **properties: Any) -> dict[str, Any]:
    target = {"Fn::Sub": "integrations/${Start}"}
    return of("ApiGatewayV2::Route", ApiId=ref("Api"), RouteKey=key, Target=target, **properties)


@pytest.fixture(scope="module")
def api(issuer: str) -> Iterator[tuple[Emulator, str]]:
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
        JwtConfiguration={"Issuer": issuer, "Audience": ["me"]},
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


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [("nowhere", "", 404), ("closed/1", "", 403), ("closed/1", SIGNED, 200), ("token/1", "", 401)],
)
def test_a_route_lets_through_what_its_authorization_allows(
    api: tuple[Emulator, str], path: str, authorization: str, status: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert post(f"{api[1]}/{path}", **headers)[0] == status


@pytest.mark.parametrize(
    ("key", "changed", "status"),
    [
        (KEY, {}, 200),
        (OTHER, {}, 401),
        (KEY, {"aud": "other"}, 401),
        (KEY, {"exp": 1}, 401),
        (KEY, {"iss": "http://127.0.0.1:9"}, 401),
        (KEY, {"scope": "read"}, 403),
    ],
)
def test_a_token_counts_by_its_signature_and_its_claims(
    api: tuple[Emulator, str], issuer: str, key: Any, changed: dict[str, Any], status: int
) -> None:
    good = {"iss": issuer, "aud": "me", "exp": time.time() + 600, "scope": "read write"}
    token = make_token(key, **{**good, **changed})
    assert post(f"{api[1]}/token/1", Authorization=token)[0] == status


def test_an_issuer_elsewhere_is_refused_by_name() -> None:
    claims = make_token(iss="https://issuer.example.com").removeprefix("Bearer ")
    with pytest.raises(UnknownIssuerError, match=r"issuer\.example\.com.*this machine"):
        read_claims(claims, "https://issuer.example.com")
