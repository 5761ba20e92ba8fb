"""Calls of clients in this process, seen from both sides: before they are made and after.

What goes round a call may look, wait, make the call or not, make it twice, or answer in its stead.
Handlers' clients are seen only where handlers run in this process.
"""

from __future__ import annotations

from typing import Any

from botocore import endpoint
from botocore.client import BaseClient

from carnation.emulator.faults import Hooks, ServiceError
from carnation.emulator.patching import Patches


class _NoPause:
    """The module `time`, without its sleep."""

    def __init__(self, time: Any) -> None:
        self._time = time

    def __getattr__(self, name: str) -> Any:
        return getattr(self._time, name)

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""


def watch_clients(patches: Patches, hooks: Hooks, *, real_time: bool) -> None:
    """Show every client's calls to the hooks around them; let retries not wait."""
    original = BaseClient._make_api_call

    def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        around = hooks.around
        if around is None:
            return original(client, operation, parameters)
        service = client.meta.service_model.service_name
        try:
            return around(
                service, operation, parameters, lambda given: original(client, operation, given)
            )
        except ServiceError as error:
            raise _make_client_error(client, operation, error) from None

    patches.set(BaseClient, "_make_api_call", call)
    if not real_time:
        patches.set(endpoint, "time", _NoPause(endpoint.time))


def _make_client_error(client: Any, operation: str, error: ServiceError) -> Exception:
    """Make the exception that a client raises for an error of its service."""
    answer = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": error.status, "RequestId": "", "RetryAttempts": 0},
    }
    kind: type[Exception] = client.exceptions.from_code(error.code)
    return kind(answer, operation)
