"""The program of a worker process: AWS's own runtime client, running one function's handler.

It is started by its path with the folder of carnation's packages and those of the function's
modules as arguments, the unpacked function as working directory, and imports nothing of carnation.
The interpreter may be another than carnation's: then the client's compiled part does not load, and
`HttpClient` replaces it. Behind all that an invocation printed it prints a mark, by which the
emulator knows that it has read all. awslambdaric takes an address with a path behind the port for
invocations, but not for errors while a module is imported; the client below does. With `--forks` it
is the process of `fork_server`: it loads what nearly every function loads, once, and forks itself
for each worker.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import json
import os
import signal
import socket
import sys
import time
from functools import cache
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

MARK = "\x00\x04 end of invocation"
FORKS = "--forks"
ORDER_BYTES = 131_072  # of an order to fork; a function's variables are 4 KB at the most


class EndpointError(RuntimeError):
    """A client of the handler was about to leave the emulator."""


def check_endpoint(request: Any, **_: Any) -> None:
    """Stop a request that does not go to the emulator, before it is sent."""
    wanted = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname
    if urlsplit(request.url).hostname not in (wanted, "127.0.0.1", "localhost"):
        raise EndpointError(
            f"the handler calls {request.url.split('?')[0]}, which is not the emulator. Remove the "
            "explicit endpoint or the setting that leads there."
        )


class _Guard(importlib.abc.MetaPathFinder):
    """Changes botocore's modules when a handler imports them; importing them here takes 0.1 s."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        change = _CHANGES.get(name)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                change(vars(module))

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _check_endpoints(names: dict[str, Any]) -> None:
    names["BUILTIN_HANDLERS"].append(("before-send", check_endpoint))


def _shorten_way(names: dict[str, Any]) -> None:
    if "AWSHTTPConnectionPool" in names:  # a function's own botocore may be another
        names["AWSHTTPConnectionPool"] = make_pool(names["AWSHTTPConnectionPool"])


_CHANGES = {"botocore.handlers": _check_endpoints, "botocore.awsrequest": _shorten_way}


def make_pool(pool: type[Any]) -> type[Any]:
    """Make a pool of urllib3 that reads and writes plain HTTP of the emulator itself.

    What is not plain (a file, chunks, a proxy, another server) goes urllib3's way, which takes
    three times as long.
    """
    from urllib3 import HTTPResponse
    from urllib3._collections import HTTPHeaderDict
    from urllib3.exceptions import ProtocolError, ReadTimeoutError

    def read_line(source: Any) -> str:
        line: bytes = source.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError("the emulator closed the connection")
        return line[:-2].decode("latin-1")

    def read_answer(source: Any, method: str) -> tuple[Any, bool]:
        """Read an answer, all of it; returns it, and whether the connection stays open."""
        words = read_line(source).split(None, 2)
        while words[1] == "100":
            read_line(source)
            words = read_line(source).split(None, 2)
        headers = HTTPHeaderDict()
        for line in iter(lambda: read_line(source), ""):
            headers.add(*line.split(": ", 1))
        size = 0 if method == "HEAD" else int(headers["Content-Length"])
        body = source.read(size)
        if len(body) < size:
            raise ConnectionResetError("the emulator closed the connection")
        answer = HTTPResponse(
            BytesIO(body), headers, int(words[1]), 11, reason=" ".join(words[2:]),
            preload_content=False, decode_content=False, request_method=method,
            enforce_content_length=False,
        )  # fmt: skip
        return answer, headers.get("Connection", "").lower() != "close"

    class Pool(pool):  # type: ignore[misc]
        def urlopen(self, method: str, url: str, *args: Any, **more: Any) -> Any:
            head = self._write_head(method, url, *args, **more)
            if head is None:
                return super().urlopen(method, url, *args, **more)
            timeout: Any = more.get("timeout", self.timeout)
            connection, stays = self._get_conn(), False
            try:
                if connection.sock is None:
                    connection.timeout = timeout.connect_timeout
                    connection.connect()
                connection.sock.settimeout(timeout.read_timeout)
                connection.sock.sendall(head + (more.get("body") or b""))
                with connection.sock.makefile("rb") as source:
                    answer, stays = read_answer(source, method)
            except TimeoutError as error:
                raise ReadTimeoutError(self, url, "Read timed out.") from error
            except OSError as error:
                raise ProtocolError("Connection aborted.", error) from error
            finally:
                if not stays:
                    connection.close()
                self._put_conn(connection)
            return answer

        def _write_head(
            self, method: str, url: str, *args: Any, body: Any = None, headers: Any = None,
            chunked: bool = False, **more: Any,
        ) -> bytes | None:  # fmt: skip
            """Write a request's first line and headers; None for what goes urllib3's way."""
            here = f"{self.host}:{self.port}"
            is_plain = not (args or chunked or self.proxy) and isinstance(body, (bytes, type(None)))
            if not is_plain or f"http://{here}" != os.environ.get("AWS_ENDPOINT_URL"):
                return None
            given = {"Host": here, "Accept-Encoding": "identity"}
            for name, value in headers.items():
                given[name] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            if "Expect" in given or any("\n" in text or "\r" in text for text in given.values()):
                return None
            lines = [f"{method} {url} HTTP/1.1", *map(": ".join, given.items()), "", ""]
            return "\r\n".join(lines).encode("latin-1")

    return Pool


class HttpClient:
    """The requests of the client's compiled part, by the standard library."""

    def __init__(self, address: str) -> None:
        self._host, _, self._path = address.partition("/")

    def next(self) -> tuple[bytes, Any]:
        """Wait for an event; returns it and what is said of it."""
        event, found = self._ask("GET", "next")
        deadline = "Lambda-Runtime-Deadline-Ms"
        return event, {**found, deadline: int(found[deadline])}

    def post_invocation_result(self, id: str, result: bytes, *_: Any) -> None:
        """Return a handler's result."""
        self._ask("POST", f"{id}/response", result)

    def post_error(self, id: str, error: str, *_: Any) -> None:
        """Return what a handler raised."""
        self._ask("POST", f"{id}/error", error.encode())

    def _ask(self, method: str, what: str, body: bytes | None = None) -> tuple[bytes, Any]:
        from http.client import HTTPConnection  # 25 ms, for this way alone

        connection = HTTPConnection(self._host)
        try:
            url = f"/{self._path}/2018-06-01/runtime/invocation/{what}"
            connection.request(method, url, body)
            answer = connection.getresponse()
            return answer.read(), answer.headers
        finally:
            connection.close()


def make_client(runtime_client: type[Any], address: str) -> Any:
    """Make a runtime client for an address like `127.0.0.1:9001/process-event/3`."""
    host, _, path = address.partition("/")

    class Client(runtime_client):  # type: ignore[misc]
        def post_invocation_result(self, *args: Any, **more: Any) -> None:
            print(MARK, flush=True)
            super().post_invocation_result(*args, **more)

        def post_invocation_error(self, *args: Any, **more: Any) -> None:
            print(MARK, flush=True)
            super().post_invocation_error(*args, **more)

        def call_rapid(self, method: str, endpoint: str, *args: Any, **more: Any) -> Any:
            return super().call_rapid(method, f"/{path}{endpoint}", *args, **more)

    return Client(host)


def _load_ahead() -> None:
    """Load boto3 and its descriptions; Lambda's client reads its variables when it is loaded."""
    import boto3
    from botocore import session

    vars(session)["create_loader"] = cache(session.create_loader)
    place = boto3.session.Session("none", "none", region_name="us-east-1")
    for service in ("dynamodb", "sqs"):
        place.client(service)


def _is_shadowed(folders: list[str], loaded: set[str]) -> bool:
    """Return whether a function brings a module of its own in place of one that is loaded."""
    names = (
        entry.name
        for folder in folders
        if os.path.isdir(folder)
        for entry in Path(folder).iterdir()
    )
    return any(name.partition(".")[0] in loaded for name in names)


def _become(order: dict[str, Any], output: int) -> None:
    """Make a fresh fork what a process is that was started with these variables."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["variables"])
    time.tzset()
    sys.argv[2:] = order["folders"]


def serve_forks(channel: socket.socket) -> None:
    """Fork for each order until nobody orders any more; returns in the forks.

    An order to fork comes with the fork's output and is answered by its process ID, or by 0 where
    the function needs a process of its own; one that names a fork waits for it, and is answered by
    how it ended.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    _load_ahead()
    loaded = {name.partition(".")[0] for name in sys.modules}
    gc.freeze()
    gc.enable()
    while True:
        text, outputs, _, _ = socket.recv_fds(channel, ORDER_BYTES, 1)
        if not text:
            os._exit(0)  # nothing is left to be done, and the command waits for this end
        order = json.loads(text)
        if "ended" in order:
            channel.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(order["ended"], 0)[1]))
            continue
        child = -1 if _is_shadowed(order["folders"], loaded) else os.fork()
        if child == 0:
            channel.close()
            return _become(order, outputs[0])
        os.close(outputs[0])
        channel.send(b"%d" % max(child, 0))


def main() -> None:
    """Serve invocations until the process is ended."""
    del sys.path[0]  # the modules next to this one are not the function's
    packages = sys.argv[1]
    if packages not in sys.path:
        sys.path.append(packages)
    sys.meta_path.insert(0, _Guard())
    if sys.argv[2:3] == [FORKS]:
        serve_forks(socket.socket(fileno=int(sys.argv[3])))
    sys.path[:0] = sys.argv[2:]
    del sys.argv[1:]
    from awslambdaric import bootstrap, lambda_runtime_client

    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    if lambda_runtime_client.runtime_client is None:
        lambda_runtime_client.runtime_client = HttpClient(address)
    client = make_client(lambda_runtime_client.LambdaRuntimeClient, address)
    bootstrap.run(os.environ["_HANDLER"], client)


if __name__ == "__main__":
    main()
