"""The service: requests of the API, from any sender, answered by the engine of stacks."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore import handlers, session
from botocore.awsrequest import AWSResponse
from botocore.model import ServiceModel

from carnation.emulator.cloudformation.api import ActionError, Caller, answer
from carnation.emulator.cloudformation.definer import Transform
from carnation.emulator.cloudformation.engine import ConnectIn, Engine
from carnation.emulator.cloudformation.query import read_request, render_answer, render_error
from carnation.emulator.faults import Hooks, ServiceError
from carnation.errors import EmulatorError

_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/cloudformation/aws4_request")
_AWS = re.compile(r"\.(amazonaws\.com(\.cn)?|amazonaws\.eu|aws)$")
Response = tuple[int, dict[str, str], str]


@lru_cache(maxsize=1)
def _load_model() -> ServiceModel:
    return ServiceModel(session.create_loader().load_service_model("cloudformation", "service-2"))


class Service:
    """CloudFormation's API over the stacks of one emulator."""

    def __init__(
        self,
        connect_in: ConnectIn,
        hooks: Hooks,
        transforms: Mapping[str, Transform],
        accounts: Mapping[str, str],
    ) -> None:
        """Take what makes clients, the hooks that see calls, transforms, and known keys."""
        self._connect_in, self._hooks = connect_in, hooks
        self.engine = Engine(connect_in, transforms)
        self._accounts = dict(accounts)

    def respond(self, authorization: str, body: str) -> Response:
        """Answer a request: its Authorization header and its form."""
        model = _load_model()
        action, request = read_request(model, body)
        headers = {"content-type": "text/xml"}
        try:
            verdict = self._ask_hooks(action, request)
            found = (
                verdict if verdict is not None else self._perform(authorization, action, request)
            )
        except ActionError as error:
            text = render_error(error.code, error.message, is_sender=error.status < 500)
            return error.status, headers, text
        return 200, headers, render_answer(model, action, found)

    def _ask_hooks(self, action: str, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if not self._hooks.watches_calls:
            return None
        verdict = self._hooks.before_call("cloudformation", action, dict(request))
        if isinstance(verdict, ServiceError):
            raise ActionError(verdict.code, verdict.message, verdict.status)
        return verdict

    def _perform(
        self, authorization: str, action: str, request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        scope = _SCOPE.search(authorization)
        if scope is None:
            raise ActionError(
                "MissingAuthenticationToken", "Request is missing Authentication Token", 403
            )
        with self._hooks.quiet():
            access_key, region = scope.groups()
            account = self._find_account(access_key, region)
            store = self.engine.open_store(account, region, access_key)
            return answer(Caller(self.engine, store, self.engine.connect(store)), action, request)

    def _find_account(self, access_key: str, region: str) -> str:
        """Find whose key it is, by the API that says so."""
        if access_key not in self._accounts:
            sts = self._connect_in(access_key, region)("sts")
            self._accounts[access_key] = str(sts.get_caller_identity()["Account"])
        return self._accounts[access_key]


class _Mount:
    """Where clients of this process find the service that is open, if one is."""

    def __init__(self) -> None:
        self.service: Service | None = None

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        if self.service is None:
            return None
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
        authorization = request.headers.get("Authorization", "")
        if isinstance(authorization, bytes):
            authorization = authorization.decode()
        status, headers, text = self.service.respond(authorization, body)
        return AWSResponse(request.url, status, headers, _Raw(text.encode()))


class _Raw(io.BytesIO):
    """An answer's body, as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield the body."""
        yield self.read()


def _check_endpoint(request: Any, **_: Any) -> None:
    """Stop a request of this process that neither moto nor the emulator's port would answer."""
    host = urlsplit(request.url).hostname or ""
    known = host in ("127.0.0.1", "localhost") or _AWS.search(host) is not None
    if MOUNT.service is not None and not known:
        raise EmulatorError(
            f"a client calls {request.url.split('?')[0]}, which is not the emulator. Remove the "
            "explicit endpoint or the setting that leads there."
        )


MOUNT = _Mount()
handlers.BUILTIN_HANDLERS.append(("before-send", _check_endpoint))
# botocore asks its handlers before it sends: this one is before any that takes all services
handlers.BUILTIN_HANDLERS.append(("before-send.cloudformation", MOUNT))
