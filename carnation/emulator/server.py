"""The endpoint that handlers in worker processes talk to: moto, behind a port on loopback.

moto's own server needs Flask and opens a connection for each call. This one hands a request to the
same door that clients in this process go through, so both see one state.
"""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from moto.core.models import botocore_stubber

from carnation.emulator.cloudformation.service import MOUNT
from carnation.emulator.events import http_apis
from carnation.emulator.events.delivery import Connect
from carnation.emulator.runtime import LoopbackServer
from carnation.errors import EmulatorError

# The credential scope of a signed request: Credential=AKIA…/20261123/us-east-1/sqs/aws4_request
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")


class EndpointServer:
    """A port on loopback that answers AWS requests, whatever the service."""

    def __init__(self, connect: Connect, port: int = 0) -> None:
        """Open the port (0: one that is free); raises `EmulatorError` where that cannot be.

        HTTP APIs are read with the clients of `connect`.
        """

        class Requests(_Requests):
            connect_apis = staticmethod(connect)

        try:
            self._server = LoopbackServer(Requests, port)
        except OSError as error:
            raise EmulatorError(
                f"port {port} of this machine cannot be opened: {error.strerror}. Choose another."
            ) from error
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.close()


class _Requests(BaseHTTPRequestHandler):
    """One request: who it is for stands in its signature."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    connect_apis: Connect

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(http_apis.PREFIX):
            given = dict(self.headers.items())
            connect = self.connect_apis
            self._reply(*http_apis.respond(connect, self.command, self.path, given, body))
            return
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        if scope is None:
            self._reply(403, {}, b"the emulator's endpoint answers signed requests only")
            return
        region, service = scope.groups()
        if service == "cloudformation" and MOUNT.service is not None:
            authorization = self.headers.get("Authorization", "")
            self._reply(*MOUNT.service.respond(authorization, body.decode()))
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        url = f"https://{service}.{region}.amazonaws.com{self.path}"
        request = AWSPreparedRequest(self.command, url, headers, body, stream_output=False)
        answered = botocore_stubber.process_request(request)
        status, answer_headers, answer = answered or (404, {}, f"moto has no service '{service}'")
        self._reply(status, answer_headers, answer)

    do_GET = do_PUT = do_POST = _answer  # noqa: N815 - http.server's names
    do_DELETE = do_HEAD = do_PATCH = _answer  # noqa: N815

    def _reply(self, status: Any, headers: Any, body: Any) -> None:
        content = body.encode() if isinstance(body, str) else bytes(body or b"")
        self.send_response_only(int(status))
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: a client of S3 waits a second for it, then sends it unasked."""
        asked = super().handle_expect_100()
        self.wfile.flush()
        return asked

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are our own."""
