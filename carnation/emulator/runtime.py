"""A Lambda Runtime API on loopback: it hands invocations to workers and takes their answers.

One port serves all workers; the first part of the path says which one asks. Source:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import sys
import threading
import time
from collections.abc import Mapping
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from carnation.emulator.function_code import FunctionCode
from carnation.emulator.functions import Request


class Invocation:
    """One event for a function, and the place where its answer arrives."""

    def __init__(self, request: Request, code: FunctionCode) -> None:
        """Take what is to be run; the clock starts when a worker asks for it."""
        self.request, self.code = request, code
        self.began = 0.0
        self.started = threading.Event()
        self.answered = threading.Event()
        self.result: bytes = b""
        self.failed = False

    def start(self) -> None:
        """Let the function's time run."""
        self.began = self.began or time.monotonic()
        self.started.set()

    def answer(self, result: bytes, *, failed: bool) -> None:
        """Take the first answer; a later one (of a worker that is being ended) is too late."""
        if not self.answered.is_set():
            self.result, self.failed = result, failed
            self.start()
            self.answered.set()


class Mailbox:
    """What one worker is asked to do: at most one invocation at a time."""

    def __init__(self) -> None:
        """Start empty."""
        self.waiting: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self.current: Invocation | None = None
        self.ready = threading.Event()
        self.init_error: bytes | None = None


class LoopbackServer(ThreadingHTTPServer):
    """A server of threads that end with the process, and that may all be called at once."""

    daemon_threads = True
    request_queue_size = 256
    closing = False
    _thread: threading.Thread | None = None

    def __init__(
        self, requests: type[BaseHTTPRequestHandler], port: int = 0, *, listen: bool = True
    ) -> None:
        """Take a port on loopback, and serve it, if not told otherwise."""
        super().__init__(("127.0.0.1", port), requests, bind_and_activate=False)
        try:
            self.server_bind()
        except OSError:
            self.server_close()
            raise
        if listen:
            self.listen()

    def listen(self) -> None:
        """Serve from now on."""
        self.server_activate()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        """Take connections, each as it comes; `serve_forever` would look 20 times a second."""
        while not self.closing:
            self.handle_request()

    def close(self) -> None:
        """Stop serving."""
        self.closing = True
        if self._thread is not None:
            with contextlib.suppress(OSError):  # the connection that it waits for
                socket.create_connection(("127.0.0.1", self.server_port), 1).close()
            self._thread.join(1)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent about a client that has gone, and about what is cut off at the end."""
        gone = isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError))
        if not (gone or self.closing):
            super().handle_error(request, client_address)


def write_head(status: int, headers: Mapping[str, object]) -> bytes:
    r"""Write the first line and the headers of an answer.

    >>> write_head(404, {"A": 1})
    b'HTTP/1.1 404 Not Found\r\nA: 1\r\n\r\n'
    """
    phrase = responses.get(status, "")
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class RuntimeServer:
    """The server: `register` a mailbox, and a worker that is told its address reads from it."""

    def __init__(self) -> None:
        """Open a port on loopback and serve it."""
        self._mailboxes: dict[str, Mailbox] = {}
        mailboxes = self._mailboxes

        class Requests(_Requests):
            boxes = mailboxes

        self._server = LoopbackServer(Requests)

    def register(self, name: str) -> tuple[str, Mailbox]:
        """Make a mailbox; returns the address for AWS_LAMBDA_RUNTIME_API, and the mailbox."""
        mailbox = self._mailboxes[name] = Mailbox()
        return f"127.0.0.1:{self._server.server_port}/{name}", mailbox

    def close(self) -> None:
        """Stop serving; waiting clients are disconnected."""
        for mailbox in self._mailboxes.values():
            mailbox.waiting.put(None)
        self._server.close()


class _Requests(BaseHTTPRequestHandler):
    """The four requests of the Runtime API: next, response, error, init error."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    boxes: dict[str, Mailbox]
    raw_requestline: bytes
    _length = 0

    def parse_request(self) -> bool:
        """Read the request's first line and headers; http.server reads them as those of a mail.

        Each invocation makes two requests, and its clients are Lambda's own.
        """
        words = self.raw_requestline.decode("latin-1").split()
        if len(words) < 2:
            self.close_connection = True
            return False
        self.command, self.path, self.request_version = words[0], words[1], self.protocol_version
        found = dict(map(_split_header, iter(self.rfile.readline, b"\r\n")))
        self._length = int(found.get(b"content-length", 0))
        self.close_connection = found.get(b"connection", b"").lower() == b"close"
        if b"expect" in found:
            self.handle_expect_100()
            self.wfile.flush()
        return True

    def do_GET(self) -> None:
        """Wait for the worker's next invocation and hand it over."""
        mailbox = self._mailbox()
        mailbox.ready.set()
        invocation = mailbox.waiting.get()
        if invocation is None:
            self.close_connection = True
            return
        mailbox.current = invocation
        invocation.start()
        deadline = int((time.time() + invocation.code.timeout) * 1000)
        request = invocation.request
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request.id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": request.arn,
            "Content-Type": "application/json",
        }
        if request.client_context:
            headers["Lambda-Runtime-Client-Context"] = request.client_context
        self._reply(200, request.payload, headers)

    def do_POST(self) -> None:
        """Take a result or an error."""
        mailbox = self._mailbox()
        body = self.rfile.read(self._length)
        if self.path.endswith("/runtime/init/error"):
            mailbox.init_error = body
            mailbox.ready.set()
        elif mailbox.current is not None:
            mailbox.current.answer(body, failed=self.path.endswith("/error"))
        self._reply(202, json.dumps({"status": "OK"}).encode(), {})

    def _mailbox(self) -> Mailbox:
        name = self.path.lstrip("/").split("/2018-06-01/", 1)[0]
        return self.boxes[name]

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.wfile.write(write_head(status, {**headers, "Content-Length": len(body)}) + body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are our own."""


def _split_header(line: bytes) -> tuple[bytes, bytes]:
    if not line:
        raise ConnectionResetError  # the worker has gone
    name, _, value = line.partition(b":")
    return name.strip().lower(), value.strip()
