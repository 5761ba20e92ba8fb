"""The endpoint: who is answered, in which form, and what is written down."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from carnation.emulator import Emulator
from carnation.emulator.patching import ACCESS_KEY, SECRET_KEY
from carnation.emulator.server import Access, EndpointServer

LINES: list[str] = []


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as opened:
        opened.client("s3").create_bucket(Bucket="bucket")
        yield opened


@pytest.fixture(scope="module")
def guarded(emulator: Emulator) -> Iterator[str]:
    """Return the URL of a second port, which checks signatures and writes a log."""
    access = Access(("aws.test",), "the secret", LINES.append)
    server = EndpointServer(emulator.client, access=access)
    yield server.url
    server.close()


def connect(url: str, service: str, secret: str, **more: Any) -> Any:
    """Make a client that is told the URL of a port."""
    config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, **more)
    session = boto3.session.Session(ACCESS_KEY, secret, region_name="eu-west-1")
    return session.client(service, endpoint_url=url, config=config)


def send(url: str, method: str = "GET", data: bytes | None = None, **headers: str) -> Any:
    """Send a request; give the status, the headers and the body."""
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def presign(url: str, secret: str, operation: str = "get_object", **more: Any) -> str:
    client = connect(url, "s3", secret, signature_version="s3v4")
    parameters = {"Bucket": "bucket", "Key": "a b/ü"}
    link: str = client.generate_presigned_url(operation, Params=parameters, **more)
    return link


def test_a_presigned_url_is_answered_with_the_right_secret_only(guarded: str) -> None:
    put = presign(guarded, "the secret", "put_object")
    assert send(put, "PUT", b"stored")[0] == 200
    assert send(presign(guarded, "the secret"))[::2] == (200, b"stored")
    status, _, body = send(presign(guarded, SECRET_KEY))
    assert status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in body
    assert send(put.replace("/bucket/a", "/bucket/b"), "PUT", b"x")[0] == 403
    status, _, body = send(presign(guarded, "the secret", ExpiresIn=-1000))
    assert (status, b"AccessDenied" in body) == (403, True)


def sign(url: str, service: str, secret: str, body: bytes, **headers: str) -> dict[str, str]:
    """Sign a request as a client does."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", url, headers, body)
    SigV4Auth(Credentials("AKIA", secret), service, "eu-west-1").add_auth(request)
    return dict(request.headers.items())


def test_a_signature_covers_the_body_and_the_headers(guarded: str) -> None:
    target = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}
    given = sign(guarded + "/", "states", "the secret", b"{}", **target)
    assert send(guarded + "/", "POST", b"{}", **given)[0] == 200
    for headers, body in (
        (given, b'{"maxResults": 1}'),
        ({**given, "X-Amz-Target": "AWSStepFunctions.ListActivities"}, b"{}"),
        ({**given, "X-Amz-Date": "20200101T000000Z"}, b"{}"),
        ({**given, "X-Amz-Date": "yesterday"}, b"{}"),
        (target, b"{}"),
    ):
        status, told, text = send(guarded + "/", "POST", body, **headers)
        assert status == 403
        assert json.loads(text)["__type"] == told["x-amzn-errortype"]


def test_the_case_of_a_headers_name_does_not_matter(emulator: Emulator) -> None:
    # the SDK for JavaScript writes them in lower case, which urllib cannot
    url = f"{emulator.endpoint}/"
    target = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}
    given = sign(url, "states", SECRET_KEY, b"{}", **target)
    connection = http.client.HTTPConnection("127.0.0.1", int(url.rsplit(":", 1)[1].strip("/")))
    headers = {name.lower(): value for name, value in given.items()}
    connection.request("POST", "/", b"{}", headers)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"stateMachines": []})
    connection.close()


def test_the_log_has_a_line_for_each_request(guarded: str) -> None:
    LINES.clear()
    given = sign(
        guarded + "/", "states", "the secret", b"{}",
        **{"X-Amz-Target": "AWSStepFunctions.DescribeExecution"},
    )  # fmt: skip
    send(guarded + "/", "POST", b"{}", **given)
    send(f"{guarded}/_health")
    send(f"{guarded}/", Authorization="\x1b[31m")
    first, health, last = LINES
    assert " eu-west-1 states DescribeExecution 400 ValidationException " in first
    assert " GET /_health 200 " in health
    assert " 403 MissingAuthenticationToken " in last


@pytest.mark.parametrize(
    ("host", "status"),
    [("aws.test", 200), ("sync-aws.test:1", 200), ("evil.test", 403), ("xaws.test", 403)],
)
def test_further_host_names_are_answered(guarded: str, host: str, status: int) -> None:
    assert send(f"{guarded}/_health", Host=host)[0] == status


@pytest.mark.parametrize(
    ("headers", "service", "form"),
    [
        ({"X-Amz-Target": "AmazonSQS.NoSuchThing"}, "sqs", b'"__type": "'),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "iam", b"<ErrorResponse>"),
        ({"Content-Type": "application/json"}, "braket", b'"__type": "NotImplemented"'),
        ({"smithy-protocol": "rpc-v2-cbor"}, "braket", b"f__typenNotImplemented"),
    ],
)
def test_what_is_not_emulated_is_refused_in_the_form_of_the_service(
    emulator: Emulator, headers: dict[str, str], service: str, form: bytes
) -> None:
    given = sign(f"{emulator.endpoint}/x", service, SECRET_KEY, b"", **headers)
    status, _, body = send(f"{emulator.endpoint}/x", "POST", b"", **given)
    assert status >= 400
    assert form in body


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("headers", "service", "body", "status", "code"),
    [
        ({"X-Amz-Target": "DynamoDB_20120810.Nope"}, "dynamodb", b"{}", 400, b"UnknownOperationEx"),
        (FORM, "iam", b"Action=Nope&Version=2010-05-08", 400, b"<Code>InvalidAction</Code>"),
        (FORM, "sqs", b"Action=Nope&Version=2012-11-05", 400, b"<Code>InvalidAction</Code>"),
        ({}, "bedrock", b"{}", 501, b"NotImplemented"),
    ],
)
def test_an_operation_that_no_service_has_is_refused_as_by_aws(
    emulator: Emulator, headers: dict[str, str], service: str, body: bytes, status: int, code: bytes
) -> None:
    url = f"{emulator.endpoint}/"
    answered, _, text = send(url, "POST", body, **sign(url, service, SECRET_KEY, body, **headers))
    assert (answered, code in text) == (status, True)


def test_in_process_what_is_not_emulated_is_a_client_error(emulator: Emulator) -> None:
    for service, operation, request in (
        ("braket", "search_devices", {"filters": []}),
        ("sqs", "list_message_move_tasks", {"SourceArn": "arn:aws:sqs:us-east-1:1:q"}),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(emulator.client(service), operation)(**request)
        assert refused.value.response["Error"]["Code"] == "NotImplemented"


def test_a_bucket_before_the_host_is_found(emulator: Emulator) -> None:
    emulator.client("s3").put_object(Bucket="bucket", Key="virtual", Body=b"found")
    link = presign(emulator.endpoint, SECRET_KEY)
    query = link.partition("?")[2]
    answer = send(f"{emulator.endpoint}/virtual?{query}", Host="bucket.localhost:1")
    assert answer[::2] == (200, b"found")


def test_each_emulator_makes_a_secret_of_its_own() -> None:
    one, other = Emulator(require_signature=True), Emulator(require_signature=True)
    assert len({one.secret_key, other.secret_key, SECRET_KEY}) == 3
    assert one._access.secret == one.secret_key
    assert Emulator()._access.secret is None


def exchange(url: str, data: bytes) -> bytes:
    """Send bytes as they are, and nothing after them; give all that comes back."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        parts = list(iter(lambda: connection.recv(65536), b""))
    return b"".join(parts)


HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\x01\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\xc8\x01\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/x.y\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET http://[::1/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (POST + b"Content-Length: -5\r\n\r\n{}", 400),
        (POST + b"Content-Length: +2\r\n\r\n{}", 400),
        (POST + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}", 400),
        (POST + b"Content-Length: 99999999999999\r\n\r\n{}", 400),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}", 400),
        (POST + b"\r\n", 403),
        (b"\r\n\r\nGET /_health HTTP/1.1\r\n" + HOST + b"\r\n", 200),
        (b"GET /_health HTTP/1.0\r\n" + HOST + b"\r\n", 200),
    ],
)
def test_malformed_requests_are_answered(emulator: Emulator, data: bytes, status: int) -> None:
    answer = exchange(emulator.endpoint, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
