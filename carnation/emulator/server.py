"""The endpoint on loopback: every request of a client of another process, answered.

moto's own server needs Flask and opens a connection for each call. This one hands a request to the
same place that clients in this process go through, so both see one state. A request always gets an
HTTP answer; one that a web page may have caused is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest
from moto.core.models import botocore_stubber

from carnation.emulator.cloudformation.service import MOUNT
from carnation.emulator.events import http_apis
from carnation.emulator.events.delivery import Connect
from carnation.emulator.runtime import LoopbackServer
from carnation.errors import CarnationError, EmulatorError

HEALTH_PATH = "/_health"
# The credential scope of a signed request: Credential=AKIA…/20261123/us-east-1/sqs/aws4_request
_SCOPE = re.compile(r"(?:Credential=)?[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
_OWN_SITES = ("none", "same-origin")
_DROPPED = ("content-length", "connection", "transfer-encoding")
_MAX_CHUNK_LINE = 1024
_FORM = "application/x-www-form-urlencoded"  # what urllib and curl say where nobody says anything


class EndpointServer:
    """A port on loopback that answers AWS requests, whatever the service."""

    def __init__(self, connect: Connect, port: int = 0, *, listen: bool = True) -> None:
        """Take the port (0: one that is free); raises `EmulatorError` where that cannot be.

        HTTP APIs are read with the clients of `connect`. Without `listen`, the port is taken, and
        nobody is answered before `listen()`.
        """

        class Requests(_Requests):
            connect_apis = staticmethod(connect)

        try:
            self._server = LoopbackServer(Requests, port, listen=listen)
        except OSError as error:
            raise EmulatorError(
                f"port {port} of this machine cannot be opened: {error.strerror}. Choose another."
            ) from error
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def listen(self) -> None:
        """Answer from now on."""
        self._server.listen()

    def close(self) -> None:
        """Stop serving."""
        self._server.close()


def is_own_host(host: str) -> bool:
    """Say whether a Host header names this machine, with or without a service's prefix.

    >>> is_own_host("sync-localhost:4599"), is_own_host("example.com")
    (True, False)
    """
    name = urlsplit(f"//{host}").hostname or ""
    name = name.removeprefix("sync-")
    return name in _OWN_HOSTS or name.endswith(".localhost")


def find_scope(headers: Message, path: str) -> tuple[str, str] | None:
    """Return Region and service of a request, from its signature or its presigned URL."""
    query = parse_qs(urlsplit(path).query)
    texts = [headers.get("Authorization", ""), *query.get("X-Amz-Credential", ())]
    found = next((match for text in texts if (match := _SCOPE.search(text))), None)
    if found is None and "AWSAccessKeyId" in query:
        return "us-east-1", "s3"  # a URL that was signed the older way
    return (found[1], found[2]) if found else None


class _Requests(BaseHTTPRequestHandler):
    """One request: its signature says which service and Region it is for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: LoopbackServer
    connect_apis: Connect

    def _answer(self) -> None:
        try:
            body = self._read_body()
        except ValueError:
            self.close_connection = True
            self._reply(400, {}, b"the body of the request is not what its headers say")
            return
        refusal = self._find_refusal()
        if refusal:
            self._reply(403, {}, refusal.encode())
        elif urlsplit(self.path).path == HEALTH_PATH:
            self._reply(200, {"Content-Type": "application/json"}, b'{"status":"running"}')
        elif self.path.startswith(http_apis.PREFIX):
            given = dict(self.headers.items())
            connect = self.connect_apis
            self._reply(*http_apis.respond(connect, self.command, self.path, given, body))
        else:
            self._answer_service(body)

    do_GET = do_PUT = do_POST = _answer  # noqa: N815 - http.server's names
    do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _answer  # noqa: N815

    def _find_refusal(self) -> str:
        """Say why a request is not answered: a web page may have caused it."""
        if not is_own_host(self.headers.get("Host", "")):
            return "the emulator answers to the host names of this machine only"
        origin = self.headers.get("Origin")
        if origin and not is_own_host(urlsplit(origin).netloc):
            return "the emulator answers no request of another origin"
        if self.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            return "the emulator answers no request of another site"
        return ""

    def _answer_service(self, body: bytes) -> None:
        scope = find_scope(self.headers, self.path)
        if scope is None:
            self._reply(403, {}, b"the emulator's endpoint answers signed requests only")
            return
        region, service = scope
        if service == "cloudformation" and MOUNT.service is not None:
            authorization = self.headers.get("Authorization", "")
            self._reply(*MOUNT.service.respond(authorization, body.decode()))
            return
        headers = self._list_headers(service, body)
        url = f"https://{service}.{region}.amazonaws.com{self.path}"
        request = AWSPreparedRequest(self.command, url, headers, body, stream_output=False)
        try:
            answered = botocore_stubber.process_request(request)
        except Exception as error:
            answered = self._describe_failure(service, error)
        if answered is None:
            answered = self._fail(service, 501, f"the emulator has no service '{service}'")
        status, answer_headers, answer = answered
        if service == "sqs":
            answer = self._lead_here(answer, region)
        self._reply(status, answer_headers, answer)

    def _list_headers(self, service: str, body: bytes) -> dict[str, str]:
        """List the headers as moto is to see them: an object is not a form, whatever it is."""
        left_out = ("host", "transfer-encoding", "content-length")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in left_out}
        headers["Content-Length"] = str(len(body))
        if service == "s3" and self.command == "PUT" and self.headers.get_content_type() == _FORM:
            headers["Content-Type"] = "binary/octet-stream"
        return headers

    def _lead_here(self, answer: Any, region: str) -> bytes:
        """Have the URLs of queues lead to this server."""
        content = _to_bytes(answer)
        here = f"http://127.0.0.1:{self.server.server_port}/"
        return content.replace(f"https://sqs.{region}.amazonaws.com/".encode(), here.encode())

    def _describe_failure(self, service: str, error: Exception) -> Any:
        if isinstance(error, NotImplementedError):
            return self._fail(service, 501, f"not emulated: {error}")
        shown = str(error) if isinstance(error, CarnationError) else repr(error)
        return self._fail(service, 500, f"The emulator failed: {shown}")

    def _fail(self, service: str, status: int, message: str) -> Any:
        """Write an error of the emulator's own in the form of the service's."""
        code = "InternalFailure" if status == 500 else "NotImplemented"
        if "X-Amz-Target" in self.headers or service == "lambda":
            content = json.dumps({"__type": code, "message": message})
            return status, {"x-amzn-errortype": code, "Content-Type": "application/json"}, content
        inner = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        error = f"<Error>{inner}</Error>"
        content = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
        return status, {"Content-Type": "text/xml"}, content

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self._read_line().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self._read_line()
        while self._read_line():
            pass  # trailers
        return b"".join(parts)

    def _read_line(self) -> bytes:
        return self.rfile.readline(_MAX_CHUNK_LINE).strip()

    def _reply(self, status: Any, headers: Mapping[str, Any], body: Any) -> None:
        content = _to_bytes(body)
        self.send_response_only(int(status))
        for name, value in headers.items():
            if name.lower() not in _DROPPED:
                self.send_header(name, str(value))
        self.send_header("Content-Length", self._find_length(headers, content))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _find_length(self, headers: Mapping[str, Any], content: bytes) -> str:
        """Return the length of the body, or of that which a HEAD asks about."""
        told = {name.lower(): value for name, value in headers.items()}
        is_head = self.command == "HEAD"
        return str(told["content-length"] if is_head and "content-length" in told else len(content))

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: a client of S3 waits a second for it, then sends it unasked."""
        asked = super().handle_expect_100()
        self.wfile.flush()
        return asked

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are our own."""


def _to_bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
