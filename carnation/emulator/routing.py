"""How a request reaches the code of moto that answers it: looked for once for each URL.

For each call moto goes through the patterns of 180 services, and lets werkzeug's test client build
a request. The same code is found and the same request is built here, by what the last call to the
URL has shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from moto import backend_index, backends
from moto.core.base_backend import BackendDict
from moto.core.config import passthrough_service, passthrough_url, service_whitelisted
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    Request,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.core.utils import get_equivalent_url_in_aws_domain
from moto.moto_api import recorder
from werkzeug.exceptions import HTTPException

Respond = Callable[[Request, str, Any], Any]
_KEPT_URLS = 1024


def answer_request(request: AWSPreparedRequest) -> Any:
    """Answer a request: status, headers, body; None where no service of moto has its URL."""
    respond = find_responder(request.url.partition("?")[0])
    if respond is None:
        return None
    made, full_url = build_request(request)
    recorder._record_request(made)
    try:
        status, headers, body = respond(made, full_url, made.headers)
    except HTTPException as error:
        return error.code, error.get_headers(), error.get_body()
    return status, headers, body


@lru_cache(maxsize=_KEPT_URLS)
def find_responder(url: str) -> Respond | None:
    """Find what answers at a URL (without its query), as `BotocoreStubber` does."""
    parsed, _ = get_equivalent_url_in_aws_domain(url)
    plain = f"{parsed.scheme}://{parsed.netloc}{parsed.path}"
    if passthrough_url(plain):
        return None
    for service, pattern in backend_index.backend_url_patterns:
        if not pattern.match(plain):
            continue
        if passthrough_service(service) or not service_whitelisted(service):
            return None
        for path, respond in _list_paths(service).items():
            if (".com.cn" in plain or ".com.cn" not in path) and re.match(path, plain):
                return respond
    return None


@cache
def _list_paths(service: str) -> dict[str, Respond]:
    found: Any = backends.get_backend(service)  # type: ignore[call-overload]
    if not isinstance(found, BackendDict):
        return dict(found["global"].urls)
    places = found[DEFAULT_ACCOUNT_ID]
    return dict(places["us-east-1" if "us-east-1" in places else "aws"].urls)


@lru_cache(maxsize=_KEPT_URLS)
def _describe_url(method: str, url: str) -> tuple[dict[str, Any], str]:
    made = Request.from_primitives(method, url, {})
    return dict(made.environ), made.raw_url


def build_request(request: AWSPreparedRequest) -> tuple[Request, str]:
    """Build what `Request.from_primitives` builds, which does it where a header is none.

    Returns it with its URL.
    """
    body = request.body.encode() if isinstance(request.body, str) else request.body
    headers = [
        (name, value.decode() if isinstance(value, bytes) else str(value))
        for name, value in request.headers.items()
    ]
    text = "".join(value for _, value in headers)
    if not (body and isinstance(body, bytes)) or "\n" in text or "\r" in text:
        made = Request.from_primitives(request.method, request.url, request.headers, request.body)
        return made, made.raw_url
    described, full_url = _describe_url(request.method, request.url)
    fields: dict[str, Any] = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    preserved = {}
    for name, value in headers:
        key = environ_key_for_header(name)
        if key in ("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):
            continue
        if key == "CONTENT_TYPE":
            fields.setdefault(key, value)
            continue
        fields[key] = f"{fields[key]}, {value}" if key in fields else value
        if should_preserve_original_header_name(name):
            preserved[key] = name
    fields[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
    made = Request({**described, **fields})
    return made, made.raw_url if "HTTP_HOST" in fields else full_url
