"""The endpoint on loopback: every request of a client of another process, answered.

moto's own server needs Flask and opens a connection for each call. This one hands a request to the
same place that clients in this process go through, so both see one state. A request always gets an
HTTP answer, in the form of the service that is asked; one that a web page may have caused is
refused.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase, BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from carnation.console import clean
from carnation.emulator.cloudformation.service import MOUNT
from carnation.emulator.events import http_apis
from carnation.emulator.events.delivery import Connect
from carnation.emulator.failures import Written, write_failure
from carnation.emulator.request_bodies import read_body
from carnation.emulator.runtime import LoopbackServer, write_head
from carnation.emulator.signatures import Refusal, Scope, check_signature, find_scope
from carnation.errors import CarnationError, EmulatorError
from carnation.records import NamedTuple

HEALTH_PATH, ADVANCE_PATH = "/_health", "/_advance"
_OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
_OWN_SITES = ("none", "same-origin")
_DROPPED = ("content-length", "connection", "transfer-encoding")
_MAX_REQUEST_LINE, _MAX_HEADERS = 65536, 100
_REQUEST_LINE = re.compile(rb"([A-Z]+) (/(?:[!-.0-~][!-~]*)?) HTTP/1\.1\r\n")
_FIELD = re.compile(rb"([!-9;-~]+):[ \t]*([ -~\t]*)\r\n")
_FORM = "application/x-www-form-urlencoded"  # what urllib and curl say where nobody says anything
_CODE = re.compile(rb'"__type" ?: ?"([^"]+)"|<Code>([^<]+)</Code>')
_FORBIDDEN = 403


class Access(NamedTuple):
    """Who is answered: under which further host names, and with which secret if not with any.

    `log` is told of each request in a line.
    """

    host_names: tuple[str, ...] = ()
    secret: str | None = None
    log: Callable[[str], None] | None = None


class EndpointServer:
    """A port on loopback that answers AWS requests, whatever the service."""

    def __init__(
        self,
        connect: Connect,
        port: int = 0,
        *,
        listen: bool = True,
        access: Access = Access(),  # noqa: B008 - it is a tuple
        advance: Callable[[str], str] | None = None,
    ) -> None:
        """Take the port (0: one that is free); raises `EmulatorError` where that cannot be.

        HTTP APIs are read with the clients of `connect`; `advance` lets virtual time pass. Without
        `listen`, the port is taken, and nobody is answered before `listen()`.
        """

        class Requests(_Requests):
            connect_apis = staticmethod(connect)
            gate = access
            advance_time = staticmethod(advance) if advance is not None else None

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


def is_own_host(host: str, more: tuple[str, ...] = ()) -> bool:
    """Return whether a Host header names this machine, with or without a service's prefix.

    >>> is_own_host("sync-localhost:4599"), is_own_host("example.com")
    (True, False)
    >>> is_own_host("sync-aws.test:4599", ("aws.test",))
    True
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").removeprefix("sync-")
    except ValueError:
        return False
    return name in (*_OWN_HOSTS, *more) or name.endswith((".localhost", *(f".{n}" for n in more)))


class _Requests(BaseHTTPRequestHandler):
    """One request: its signature says which service and Region it is for."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of a line without one; http.server's has no status line
    disable_nagle_algorithm = True
    wbufsize = -1
    server: LoopbackServer
    raw_requestline: bytes
    connect_apis: Connect
    gate: Access
    advance_time: Callable[[str], str] | None = None
    _began = 0.0
    _label = ""

    def parse_request(self) -> bool:
        """Read the request's first line and headers; empty lines before them are skipped."""
        while self.raw_requestline and not self.raw_requestline.strip():
            self.raw_requestline = self.rfile.readline(_MAX_REQUEST_LINE + 1)
        self.command = self.path = ""
        self.close_connection = True
        plain = _REQUEST_LINE.fullmatch(self.raw_requestline)
        if plain is None:
            return bool(self.raw_requestline) and super().parse_request()
        head = _read_head(self.rfile)
        fields = [_FIELD.fullmatch(line) for line in head[:-1]]
        if None in fields or head[-1] != b"\r\n":
            return self._parse_thoroughly(head)
        self.command, self.path = plain[1].decode(), plain[2].decode()
        self.requestline, self.request_version = plain[0].decode().rstrip(), self.protocol_version
        self.headers = HTTPMessage()
        for field in fields:
            self.headers.set_raw(field[1].decode(), field[2].decode())  # type: ignore[index]
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        if self.headers.get("Expect", "").lower() == "100-continue":
            return self.handle_expect_100()
        return True

    def _parse_thoroughly(self, head: list[bytes]) -> bool:
        """Have http.server read, as a mail, what is not as clients of AWS write it."""
        source, self.rfile = self.rfile, BytesIO(b"".join(head))
        try:
            return super().parse_request()
        finally:
            self.rfile = source

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not HTTP, or not as this server knows it, and close the connection."""
        self.close_connection = True
        self._reply(code, {"Content-Type": "text/plain"}, clean(message or "the request is wrong"))

    def _answer(self) -> None:
        self._began = time.monotonic()
        try:
            body = read_body(self.rfile, self.headers)
            urlsplit(self.path)
        except ValueError:
            self.send_error(400, "the request does not match its headers or path")
            return
        try:
            self._answer_request(body)
        except (ConnectionError, TimeoutError):
            raise  # the client has gone
        except Exception as error:
            self._reply(*self._describe_failure("", error))

    def _answer_request(self, body: bytes) -> None:
        refusal = self._find_refusal()
        path = urlsplit(self.path).path
        if refusal:
            self._reply(_FORBIDDEN, {}, refusal.encode())
        elif path in (HEALTH_PATH, "/_health/"):
            self._reply(200, {"Content-Type": "application/json"}, b'{"status":"running"}')
        elif path == ADVANCE_PATH and self.advance_time is not None:
            self._reply(*self._advance(body))
        elif self.path.startswith(http_apis.PREFIX):
            given = dict(self.headers.items())
            connect = self.connect_apis
            self._reply(*http_apis.respond(connect, self.command, self.path, given, body))
        else:
            self._answer_service(body)

    do_GET = do_PUT = do_POST = _answer  # noqa: N815 - http.server's names
    do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _answer  # noqa: N815

    def _find_refusal(self) -> str:
        """Describe why a request is not answered: a web page may have caused it."""
        names = self.gate.host_names
        if not is_own_host(self.headers.get("Host", ""), names):
            return "the emulator answers to the host names of this machine only"
        origin = self.headers.get("Origin")
        if origin and not is_own_host(origin.partition("://")[2], names):
            return "the emulator answers no request of another origin"
        if self.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            return "the emulator answers no request of another site"
        return ""

    def _advance(self, body: bytes) -> Written:
        """Let virtual time pass: `POST /_advance?by=36h`."""
        is_checked = self.gate.secret is not None
        refusal = self._check_caller(None, body) if is_checked else None
        told = {"Content-Type": "application/json"}
        by = parse_qs(urlsplit(self.path).query).get("by", [""])[0]
        if refusal is not None:
            return _FORBIDDEN, told, json.dumps({"message": refusal.message}).encode()
        if self.command != "POST" or self.advance_time is None:
            return 405, told, b'{"message":"POST /_advance?by=36h"}'
        try:
            return 200, told, self.advance_time(by).encode()
        except CarnationError as error:
            return 400, told, json.dumps({"message": str(error)}).encode()

    def _answer_service(self, body: bytes) -> None:
        scope = find_scope(self.headers, self.path)
        service = scope.service if scope else ""
        self._label = f"{scope.region if scope else '-'} {service or '-'} {self._call_name(body)}"
        refusal = self._check_caller(scope, body)
        if scope is None or refusal is not None:
            code, message = refusal or ("MissingAuthenticationToken", "")
            self._reply(*self._fail(service, _FORBIDDEN, code, message))
            return
        try:
            status, headers, answer = self._ask(scope.region, service, body)
        except Exception as error:
            status, headers, answer = self._describe_failure(service, error)
        if service == "sqs":
            answer = self._lead_here(answer, scope.region)
        self._reply(status, headers, answer)

    def _check_caller(self, scope: Scope | None, body: bytes) -> Refusal | None:
        """Describe why a request's signature is refused; None if it is not."""
        if self.gate.secret is not None:
            given = (self.command, self.path, self.headers, body)
            return check_signature(*given, self.gate.secret)
        if scope is None:
            message = "Missing Authentication Token: the emulator answers signed requests only"
            return Refusal("MissingAuthenticationToken", message)
        return None

    def _call_name(self, body: bytes) -> str:
        """Name what a request asks for, for the log."""
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if target:
            return target
        if self.headers.get_content_type() == _FORM and body.startswith((b"Action=", b"Version=")):
            return parse_qs(body.decode("utf-8", "replace")).get("Action", ["?"])[0]
        return f"{self.command} {self.path.partition('?')[0]}"

    def _ask(self, region: str, service: str, body: bytes) -> Any:
        """Have a request answered by the emulator of its service."""
        if service == "cloudformation" and MOUNT.service is not None:
            authorization = self.headers.get("Authorization", "")
            return MOUNT.service.respond(authorization, body.decode("utf-8", "replace"))
        headers = self._list_headers(service, body)
        path = self._find_path() if service == "s3" else self.path
        url = f"https://{service}.{region}.amazonaws.com{path}"
        request = AWSPreparedRequest(self.command, url, headers, body, stream_output=False)
        return botocore_stubber.process_request(request)

    def _find_path(self) -> str:
        """Return the path with the bucket in it, where the client put it before the host."""
        name = (urlsplit(f"//{self.headers.get('Host', '')}").hostname or "").removeprefix("sync-")
        for own in (*self.gate.host_names, "localhost"):
            bucket = name.removesuffix(f".{own}").removesuffix(".s3")
            if name.endswith(f".{own}") and bucket not in ("", "s3"):
                return f"/{bucket}{self.path}"
        return self.path

    def _list_headers(self, service: str, body: bytes) -> HTTPHeaders:
        """List the headers as moto is to see them: an object is not a form, whatever it is."""
        left_out = ("host", "transfer-encoding", "content-length")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in left_out}
        headers["Content-Length"] = str(len(body))
        if service == "s3" and self.command == "PUT" and self.headers.get_content_type() == _FORM:
            headers["Content-Type"] = "binary/octet-stream"
        return HTTPHeaders.from_dict(headers)  # whatever their case: JavaScript's is lower

    def _lead_here(self, answer: Any, region: str) -> bytes:
        """Have the URLs of queues lead to this server."""
        content = _to_bytes(answer)
        here = f"http://{self.headers.get('Host', '').removeprefix('sync-')}/"
        return content.replace(f"https://sqs.{region}.amazonaws.com/".encode(), here.encode())

    def _describe_failure(self, service: str, error: Exception) -> Written:
        shown = str(error) if isinstance(error, CarnationError) else repr(error)
        return self._fail(service, 500, "InternalFailure", f"The emulator failed: {shown}")

    def _fail(self, service: str, status: int, code: str, message: str) -> Written:
        return write_failure(dict(self.headers.items()), service, status, code, message)

    def _reply(self, status: Any, headers: Mapping[str, Any], body: Any) -> None:
        content = _to_bytes(body)
        kept = {name: value for name, value in headers.items() if name.lower() not in _DROPPED}
        kept["Content-Length"] = self._find_length(headers, content)
        self.wfile.write(write_head(int(status), kept))
        if self.command != "HEAD":
            self.wfile.write(content)
        if self.gate.log is not None:
            self.gate.log(self._describe_request(int(status), headers, content))

    def _describe_request(self, status: int, headers: Mapping[str, Any], content: bytes) -> str:
        """Write the line of the log: when, where, what, with which result, how long."""
        label = self._label or f"- - {self.command} {self.path.partition('?')[0]}"
        error = ""
        if status >= 400:
            found = _CODE.search(content[:2000])
            told = {name.lower(): str(value) for name, value in headers.items()}
            name = (found[1] or found[2]).decode() if found else told.get("x-amzn-errortype", "")
            error = f" {name.rpartition('#')[2]}"
        milliseconds = (time.monotonic() - self._began) * 1000
        line = f"{time.strftime('%H:%M:%S')} {label} {status}{error} {milliseconds:.0f} ms"
        self._label = ""
        return clean(line)

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


def _read_head(source: BufferedIOBase) -> list[bytes]:
    """Read headers up to the empty line, or to what http.server finds too much."""
    lines: list[bytes] = []
    while not lines or (lines[-1].strip() and len(lines[-1]) <= _MAX_REQUEST_LINE):
        if len(lines) > _MAX_HEADERS:
            break
        lines.append(source.readline(_MAX_REQUEST_LINE + 1))
    return lines


def _to_bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
