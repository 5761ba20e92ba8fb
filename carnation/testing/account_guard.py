"""The guard: while a test uses carnation, no code in it reaches a real account."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from carnation.errors import CarnationError

_OURS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "amazonaws.eu", "awsapps.com")
_METADATA = ("169.254.169.254", "169.254.170.2", "fd00:ec2::254")
SetVariable = Callable[[str, "str | None"], None]


class ReachedOutError(CarnationError):
    """A test tried to reach a real AWS."""


def is_aws(host: object) -> bool:
    """Return whether a host is one of AWS's, or an instance's metadata.

    >>> is_aws("sqs.eu-west-1.amazonaws.com"), is_aws("amazonaws.com.example.org")
    (True, False)
    """
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    name = name.rstrip(".").lower()
    return name in _METADATA or any(name == own or name.endswith(f".{own}") for own in _OURS)


def make_resolver(original: Callable[..., Any]) -> Callable[..., Any]:
    """Make a `socket.getaddrinfo` that refuses AWS's hosts."""

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if is_aws(host):
            shown = host.decode("ascii", "replace") if isinstance(host, bytes) else host
            raise ReachedOutError(
                f"a test tried to reach {shown}. Mock the Task, patch the client, or deploy the "
                "workflow: its handlers' clients then reach the local emulator."
            )
        return original(host, *arguments, **options)

    return getaddrinfo


def block_network(patch: Any) -> None:
    """Take the credentials away and refuse AWS's hosts, by a `pytest.MonkeyPatch`."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "BOTO_")):
            patch.delenv(name)
    set_environment(patch, {})
    patch.setattr(socket, "getaddrinfo", make_resolver(socket.getaddrinfo))


def set_environment(patch: Any, more: Mapping[str, str]) -> None:
    """Set credentials that open nothing."""
    variables = {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000",
        "AWS_SECRET_ACCESS_KEY": "carnation-tests-have-no-secrets",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }
    for name, value in variables.items():
        patch.setenv(name, value)
