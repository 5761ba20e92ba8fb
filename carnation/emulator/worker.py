"""The program of a worker process: AWS's own runtime client, running one function's handler.

It is started by its path with the folder of carnation's packages and those of the function's
modules as arguments, the unpacked function as working directory, and imports nothing of carnation.
The interpreter may be another than carnation's: then the client's compiled part does not load, and
`HttpClient` stands in for it. Behind all that an invocation
printed it prints a mark, by which the emulator knows that it has read all. awslambdaric takes an
address with a path behind the port for invocations, but not for errors while a module is imported;
the client below does.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

MARK = "\x00\x04 end of invocation"


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
    """Puts the check into botocore when a handler imports it; importing it here takes 0.1 s."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != "botocore.handlers":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                vars(module)["BUILTIN_HANDLERS"].append(("before-send", check_endpoint))

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


class HttpClient:
    """The requests of the client's compiled part, by the standard library."""

    def __init__(self, address: str) -> None:
        self._host, _, self._path = address.partition("/")

    def next(self) -> tuple[bytes, Any]:
        """Wait for an event; gives it and what is said of it."""
        event, found = self._ask("GET", "next")
        deadline = "Lambda-Runtime-Deadline-Ms"
        return event, {**found, deadline: int(found[deadline])}

    def post_invocation_result(self, id: str, result: bytes, *_: Any) -> None:
        """Give a handler's result."""
        self._ask("POST", f"{id}/response", result)

    def post_error(self, id: str, error: str, *_: Any) -> None:
        """Give what a handler raised."""
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


def main() -> None:
    """Serve invocations until the process is ended."""
    packages = sys.argv[1]
    sys.path[:1] = sys.argv[2:]
    if packages not in sys.path:
        sys.path.append(packages)
    del sys.argv[1:]
    sys.meta_path.insert(0, _Guard())
    from awslambdaric import bootstrap, lambda_runtime_client

    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    if lambda_runtime_client.runtime_client is None:
        lambda_runtime_client.runtime_client = HttpClient(address)
    client = make_client(lambda_runtime_client.LambdaRuntimeClient, address)
    bootstrap.run(os.environ["_HANDLER"], client)


if __name__ == "__main__":
    main()
