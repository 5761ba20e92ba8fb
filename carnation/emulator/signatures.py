"""Signatures of requests: which service and Region they name, and whether they are right.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from email.message import Message
from http.client import HTTPMessage
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from carnation.records import NamedTuple

# The credential scope of a signed request: Credential=AKIA…/20261123/us-east-1/sqs/aws4_request
_SCOPE = re.compile(r"(?:Credential=)?([^/,\s]+)/(\d+)/([^/]+)/([^/]+)/aws4_request")
_SIGNED = re.compile(r"SignedHeaders=([^,\s]+)")
_SIGNATURE = re.compile(r"Signature=([0-9a-f]+)")
_SKEW = timedelta(minutes=15)
_DATE = "%Y%m%dT%H%M%SZ"
_S3 = ("s3", "s3express", "s3-object-lambda")


class Scope(NamedTuple):
    """Whose key signed a request, when, and for what."""

    access_key: str
    day: str
    region: str
    service: str


class Refusal(NamedTuple):
    """Why a request is not answered: a code of AWS, and a sentence."""

    code: str
    message: str


def find_scope(headers: Mapping[str, str] | Message, path: str) -> Scope | None:
    """Return the scope of a request, from its signature or its presigned URL."""
    query = parse_qs(urlsplit(path).query)
    texts = [headers.get("Authorization", ""), *query.get("X-Amz-Credential", ())]
    found = next((match for text in texts if (match := _SCOPE.search(text))), None)
    if found is not None:
        return Scope(*found.groups())
    if "AWSAccessKeyId" in query:  # a URL that was signed the older way
        return Scope(query["AWSAccessKeyId"][0], "", "us-east-1", "s3")
    return None


def check_signature(
    method: str, path: str, headers: Message, body: bytes, secret: str
) -> Refusal | None:
    """Describe why a request's signature is not right; None if it is."""
    scope = find_scope(headers, path)
    if scope is None:
        return Refusal("MissingAuthenticationToken", "Missing Authentication Token")
    if not scope.day:
        return Refusal(
            "SignatureDoesNotMatch",
            "the emulator checks signatures of version 4 only; create the URL with version s3v4",
        )
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    given = headers.get("Authorization", "")
    signed = _SIGNED.search(given)
    signature = _SIGNATURE.search(given)
    if signed and signature:
        date, names, wanted = headers.get("X-Amz-Date", ""), signed[1], signature[1]
    else:
        date, names = query.get("X-Amz-Date", ""), query.get("X-Amz-SignedHeaders", "")
        wanted = query.get("X-Amz-Signature", "")
    late = _check_date(date, query.get("X-Amz-Expires"))
    if late is not None:
        return late
    made = _sign(method, path, headers, body, scope, date, names.split(";"), secret)
    if not hmac.compare_digest(made, wanted):
        return Refusal(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method. The emulator printed its key when it "
            "started.",
        )
    return _check_body(headers, body)


def _check_date(date: str, expires: str | None) -> Refusal | None:
    try:
        moment = datetime.strptime(date, _DATE).replace(tzinfo=timezone.utc)
        until = moment + (timedelta(seconds=int(expires)) if expires else _SKEW)
    except (ValueError, OverflowError):
        return Refusal("IncompleteSignature", f"'{date[:40]}' is not the date of a signature")
    now = datetime.now(tz=timezone.utc)
    if not moment - _SKEW <= now <= until:
        code = "AccessDenied" if expires else "RequestTimeTooSkewed"
        return Refusal(code, f"Request has expired: it was signed at {date}")
    return None


def _check_body(headers: Message, body: bytes) -> Refusal | None:
    told = headers.get("X-Amz-Content-SHA256", "")
    if re.fullmatch("[0-9a-f]{64}", told) and told != hashlib.sha256(body).hexdigest():
        return Refusal("XAmzContentSHA256Mismatch", "the body is not the one that was signed")
    return None


def _sign(
    method: str, path: str, headers: Message, body: bytes, scope: Scope, date: str,
    names: Iterable[str], secret: str,
) -> str:  # fmt: skip
    """Make the signature that a request should have."""
    kind = S3SigV4Auth if scope.service in _S3 else SigV4Auth
    auth = kind(Credentials(scope.access_key, secret), scope.service, scope.region)
    target, _, query = path.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("X-Amz-Signature=")]
    url = f"http://{headers.get('Host', '')}{target}" + (f"?{'&'.join(kept)}" if kept else "")
    request = AWSRequest(method=method, url=url, data=body)
    request.context["timestamp"] = date
    chosen = HTTPMessage()
    for name in names:
        chosen[name] = ",".join(headers.get_all(name, ()))
    told = headers.get("X-Amz-Content-SHA256")
    if told is None and len(kept) and "X-Amz-Credential" in query and scope.service in _S3:
        told = "UNSIGNED-PAYLOAD"
    auth.headers_to_sign = lambda _: chosen
    if told is not None:
        request.headers["X-Amz-Content-SHA256"] = told
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return str(auth.signature(text, request))
