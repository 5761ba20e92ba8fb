"""Faults: code of a test that runs at a call, and what it may put in the call's place.

Two seams. `before_invoke(function_name, payload)` runs before a Lambda function does; what it gives
or raises as a `FunctionError` is reported in the function's stead. `before_call(service, action,
parameters)` runs before a call to an API is answered, of any caller (a handler, a state machine,
a client); a `ServiceError` is that API's error, a mapping is its answer, `None` lets it through.
A hook may also only look, wait, or stop an execution.

A third is on both sides of a call: `around_call(service, action, parameters, proceed)` sees the
calls of clients in this process, gives their answer, and makes them by `proceed(parameters)`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from carnation.errors import EmulatorError


class FunctionError(Exception):
    """What a Lambda function reports instead of a result: the class name and text of an exception.

    >>> FunctionError("Throttled", "too fast").payload()
    {'errorMessage': 'too fast', 'errorType': 'Throttled', 'requestId': '', 'stackTrace': []}
    """

    def __init__(self, error: str, message: str = "", stack_trace: tuple[str, ...] = ()) -> None:
        """Take the error's name (what `ErrorEquals` matches), its text and the lines of a trace."""
        super().__init__(f"{error}: {message}")
        self.error, self.message, self.stack_trace = error, message, stack_trace

    def payload(self, request_id: str = "") -> dict[str, Any]:
        """Return the error as Lambda does."""
        return {
            "errorMessage": self.message,
            "errorType": self.error,
            "requestId": request_id,
            "stackTrace": list(self.stack_trace),
        }


class ServiceError(Exception):
    """An API's error: its code, its text, the HTTP status it comes with.

    >>> str(ServiceError("ProvisionedThroughputExceededException", "slow down"))
    'ProvisionedThroughputExceededException: slow down'
    """

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        """Take the code as a client sees it in `error.response["Error"]["Code"]`."""
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


BeforeInvoke = Callable[[str, Any], "FunctionError | None"]
BeforeCall = Callable[[str, str, dict[str, Any]], "ServiceError | Mapping[str, Any] | None"]

Proceed = Callable[[dict[str, Any]], Any]
AroundCall = Callable[[str, str, dict[str, Any], Proceed], Any]


class Interception:
    """A registered pair of hooks; leaving its `with` block, or `remove()`, takes them out again."""

    def __init__(self, remove: Callable[[], None]) -> None:
        """Take what takes the hooks out."""
        self.remove = remove

    def __enter__(self) -> Interception:
        """Stay registered for the length of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the hooks out."""
        self.remove()


class Hooks:
    """The hooks of one emulator, in the order in which they were registered."""

    def __init__(self) -> None:
        """Start with none."""
        self._invoke: list[BeforeInvoke] = []
        self._call: list[BeforeCall] = []
        self._failures: list[BaseException] = []
        self._around: list[AroundCall] = []
        self._quiet = threading.local()

    def add(
        self,
        invoke: BeforeInvoke | None,
        call: BeforeCall | None,
        around: AroundCall | None = None,
    ) -> Interception:
        """Register hooks until the interception is removed."""
        if around is not None:
            self._around.append(around)
        if invoke is not None:
            self._invoke.append(invoke)
        if call is not None:
            self._call.append(call)

        def remove() -> None:
            if invoke is not None and invoke in self._invoke:
                self._invoke.remove(invoke)
            if call is not None and call in self._call:
                self._call.remove(call)
            if around is not None and around in self._around:
                self._around.remove(around)

        return Interception(remove)

    @property
    def watches_calls(self) -> bool:
        """Whether a call has to be shown to anybody at all."""
        return bool(self._call) and not getattr(self._quiet, "on", False)

    @property
    def around(self) -> AroundCall | None:
        """What stands around a client's call: the last that was registered, unless quiet."""
        if not self._around or getattr(self._quiet, "on", False):
            return None
        return self._around[-1]

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep this thread's own calls from the hooks (CloudFormation making a resource)."""
        before = getattr(self._quiet, "on", False)
        self._quiet.on = True
        try:
            yield
        finally:
            self._quiet.on = before

    def before_invoke(self, function_name: str, payload: bytes) -> FunctionError | None:
        """Ask every hook; the first error is taken as the function's."""
        for hook in list(self._invoke):
            verdict = self._ask(FunctionError, hook, function_name, json.loads(payload))
            if verdict is not None:
                return verdict  # type: ignore[no-any-return]
        return None

    def before_call(
        self, service: str, action: str, parameters: dict[str, Any]
    ) -> ServiceError | Mapping[str, Any] | None:
        """Ask every hook; the first that says anything decides."""
        for hook in list(self._call):
            verdict = self._ask(ServiceError, hook, service, action, parameters)
            if verdict is not None:
                return verdict  # type: ignore[no-any-return]
        return None

    def _ask(self, kind: type[Exception], hook: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return hook(*arguments)
        except kind as verdict:
            return verdict
        except BaseException as failure:
            self._failures.append(failure)
            raise

    def raise_failure(self) -> None:
        """Bring a hook's own exception, swallowed by the caller, to the one that waits."""
        if self._failures:
            failure = self._failures.pop(0)
            raise EmulatorError(
                f"a hook of intercept() failed with {type(failure).__name__}: {failure}. "
                "A hook returns or raises FunctionError or ServiceError to fail a call; fix the "
                "hook."
            ) from failure
