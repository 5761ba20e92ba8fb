"""The endpoint of other processes: when it answers, and what a body may look like."""

from __future__ import annotations

import http.client
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from carnation.emulator import Emulator
from carnation.services.partitions import find_partition


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True, hold_port=True) as opened:
        port = urlsplit(opened.endpoint).port
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        opened.open_port()
        opened.client("s3").create_bucket(Bucket="bodies")
        yield opened


@pytest.fixture(scope="module")
def s3(emulator: Emulator) -> Any:
    version = Config(signature_version="s3v4")
    return boto3.client("s3", endpoint_url=emulator.endpoint, config=version)


def _presign(s3: Any, key: str) -> str:
    where = {"Bucket": "bodies", "Key": key}
    return str(s3.generate_presigned_url("put_object", where))


def test_an_object_in_chunks_is_stored_whole_and_head_reports_its_size(s3: Any) -> None:
    parts = urlsplit(_presign(s3, "chunks"))
    link = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=30)
    body = iter([b"A" * 100_000] * 3)
    link.request("PUT", f"{parts.path}?{parts.query}", body=body, encode_chunked=True)
    assert link.getresponse().status == 200
    link.close()
    assert s3.head_object(Bucket="bodies", Key="chunks")["ContentLength"] == 300_000


def test_an_object_that_calls_itself_a_form_is_stored_as_it_is(s3: Any) -> None:
    request = urllib.request.Request(_presign(s3, "form"), data=b"a=1&b=2", method="PUT")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    assert s3.get_object(Bucket="bodies", Key="form")["Body"].read() == b"a=1&b=2"


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
    ],
)
def test_a_region_is_of_its_partition(region: str, partition: str, suffix: str) -> None:
    assert find_partition(region) == (partition, suffix)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Host: localhost\r\nX-A: 1\r\n", 200),
        ("Host: localhost\r\nX-A: one\r\n two\r\n", 200),  # folded, as mails have them
        ("host:\tlocalhost\r\nX-A: \xe4\r\n", 200),
        ("Host: example.com\r\n", 403),
        ("Host: localhost\r\nX-A: " + "a" * 70_000 + "\r\n", 431),
        ("Host: localhost\r\n" + "X-A: 1\r\n" * 101, 431),
    ],
)
def test_headers_are_read_however_they_are_written(
    emulator: Emulator, head: str, status: int
) -> None:
    parts = urlsplit(emulator.endpoint)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as link:
        link.sendall(f"GET /_health HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
        assert link.makefile("rb").readline().split()[1] == str(status).encode()


def test_what_the_emulator_signs_for_others_is_signed(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    where = {"Bucket": "bodies", "Key": "signed"}
    assert "Signature=" in s3.generate_presigned_url("put_object", where)
    fields = s3.generate_presigned_post(**where)["fields"]
    assert {"signature", "x-amz-signature"} & {name.lower() for name in fields}
