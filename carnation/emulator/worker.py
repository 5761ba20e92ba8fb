"""The program of a worker process: AWS's own runtime client, running one function's handler.

It is started by its path, with the unpacked function as working directory, and imports nothing of
carnation. awslambdaric takes an address with a path behind the port for invocations, but not for
errors while a module is imported; the client below does.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def make_client(runtime_client: type[Any], address: str) -> Any:
    """Make a runtime client for an address like `127.0.0.1:9001/process-event/3`."""
    host, _, path = address.partition("/")

    class Client(runtime_client):  # type: ignore[misc]
        def call_rapid(self, method: str, endpoint: str, *args: Any, **more: Any) -> Any:
            return super().call_rapid(method, f"/{path}{endpoint}", *args, **more)

    return Client(host)


def main() -> None:
    """Serve invocations until the process is ended."""
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    from awslambdaric import bootstrap, lambda_runtime_client

    client = make_client(
        lambda_runtime_client.LambdaRuntimeClient, os.environ["AWS_LAMBDA_RUNTIME_API"]
    )
    bootstrap.run(os.environ["_HANDLER"], client)


if __name__ == "__main__":
    main()
