"""Errors of the emulator's own, written as the service that was asked writes its errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

Written = tuple[int, dict[str, str], bytes]
_XML_SERVICES = ("s3", "route53", "cloudfront", "s3-outposts")


def write_failure(
    headers: Mapping[str, str], service: str, status: int, code: str, message: str
) -> Written:
    """Write an error in the protocol of a request: JSON, CBOR, query, or REST with JSON or XML."""
    told = {name.lower(): value for name, value in headers.items()}
    if "cbor" in told.get("smithy-protocol", ""):
        content = {"__type": code, "message": message}
        return status, _name(code, "application/cbor", cbor=True), _to_cbor(content)
    is_form = "x-www-form-urlencoded" in told.get("content-type", "")
    if service in _XML_SERVICES or (is_form and "x-amz-target" not in told):
        inner = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        if service not in ("s3", "s3-outposts"):
            inner = f"<ErrorResponse>{inner}</ErrorResponse>"
        return status, _name(code, "text/xml"), inner.encode()
    body = json.dumps({"__type": code, "message": message}).encode()
    return status, _name(code, "application/x-amz-json-1.0"), body


def _name(code: str, content_type: str, *, cbor: bool = False) -> dict[str, str]:
    found = {"x-amzn-errortype": code, "Content-Type": content_type}
    return {**found, "smithy-protocol": "rpc-v2-cbor"} if cbor else found


def _to_cbor(content: Mapping[str, str]) -> bytes:
    """Write a small map of texts.

    >>> _to_cbor({"a": "b"}).hex()
    'a161616162'
    """
    parts = [bytes([0xA0 + len(content)])]
    for text in (text for pair in content.items() for text in pair):
        data = text.encode()
        size = len(data)
        head = bytes([0x60 + size]) if size < 24 else b"\x79" + size.to_bytes(2, "big")
        parts += [head, data]
    return b"".join(parts)
