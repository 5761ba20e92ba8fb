"""The connections of a worker's clients: plain requests of the emulator itself, written at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from carnation.emulator.worker import make_pool

WAIT = Timeout(connect=5, read=5)


class Server:
    """Answers each request on each connection with the next of its answers; None: it goes."""

    def __init__(self) -> None:
        self.answers: list[bytes | None] = []
        self.heads: list[bytes] = []
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as source:
                while self._answer(connection, source):
                    pass

    def _answer(self, connection: socket.socket, source: Any) -> bool:
        lines: list[bytes] = []
        while not lines or lines[-1].strip():
            lines.append(source.readline())
        head = b"".join(lines)
        self.heads.append(head)
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        source.read(int(length or 0))
        answer = self.answers.pop(0) if head else None
        connection.sendall(answer or b"")
        return answer is not None and not answer.endswith(b"cut off")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    host, port = made.socket.getsockname()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    yield made
    made.socket.close()


def make(server: Server) -> Any:
    return make_pool(HTTPConnectionPool)(*server.socket.getsockname(), timeout=WAIT)


def ask(
    pool: Any, method: str = "PUT", body: Any = b"{}", timeout: Timeout = WAIT, **headers: Any
) -> Any:
    size = {} if hasattr(body, "read") or body is None else {"Content-Length": str(len(body))}
    given = {**size, **headers}
    return pool.urlopen(
        method, "/b/k?x=1", body=body, headers=given, timeout=timeout, preload_content=False
    )


def test_answers_come_over_one_connection_and_keep_headers_of_one_name(server: Server) -> None:
    server.answers = [
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n",
    ]
    pool = make(server)
    first, second = ask(pool, Name=b"v"), ask(pool, "HEAD", None)
    assert (first.status, first.headers["A"], first.read()) == (200, "1, 2", b"abc")
    assert (second.status, second.reason, second.read()) == (404, "Not Found", b"")
    assert server.connections == 1
    assert server.heads[0].startswith(b"PUT /b/k?x=1 HTTP/1.1\r\n")
    assert b"\r\nName: v\r\n" in server.heads[0]
    assert server.heads[1].startswith(b"HEAD ")


def test_a_file_and_a_header_that_is_none_go_the_way_of_urllib3(server: Server) -> None:
    server.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
    pool = make(server)
    assert ask(pool, body=BytesIO(b"ab"), **{"Content-Length": "2"}).status == 200
    assert b"User-Agent: python-urllib3" in server.heads[0]
    with pytest.raises(ValueError, match="header"):
        ask(pool, Name="a\nb")


def test_a_late_answer_and_none_are_errors_of_urllib3(server: Server) -> None:
    pool = make(server)
    server.answers = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut off"]
    server.answers += [b"HTTP/1.1 200 OK\r\nA: cut off", None]
    with pytest.raises(ReadTimeoutError):
        ask(pool, timeout=Timeout(read=0.01))
    for _ in range(3):
        with pytest.raises(ProtocolError):
            ask(pool)
