"""Workers in this process: for a debugger, for coverage, where awslambdaric has no wheel.

The handler's module is imported from the unpacked zip under its own name, so one function runs at a
time, with its environment set while it does. Its boto3 is this process's, which moto answers.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import math
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, TextIO

from carnation.emulator.faults import FunctionError
from carnation.emulator.function_code import FunctionCode
from carnation.emulator.functions import (
    MAX_LINE_LENGTH,
    Answer,
    Request,
    report_exit,
    report_timeout,
)

_MAX_OUTPUT = 1_048_576  # characters that are kept of what one invocation prints
# Environment and sys.modules belong to the whole process.
_ONE_AT_A_TIME = threading.RLock()
_PATIENCE = 5.0  # seconds that closing waits for a handler, which cannot be killed


class Context:
    """What Lambda gives a handler as its second argument.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def __init__(self, code: FunctionCode, request: Request) -> None:
        """Describe the invocation."""
        self.aws_request_id = request.id
        self.function_name, self.function_version = code.name, code.version
        self.invoked_function_arn = request.arn
        self.memory_limit_in_mb = str(code.memory)
        self.log_group_name = f"/aws/lambda/{code.name}"
        self.log_stream_name = request.id
        self.identity = None
        given = json.loads(request.client_context or "null")
        self.client_context = None if given is None else SimpleNamespace(**given)
        self._deadline = time.monotonic() + code.timeout

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the function's timeout."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class InProcessWorker:
    """A function's handler, called here."""

    def __init__(
        self, code: FunctionCode, log: Callable[[str, str], None], source: Path | None = None
    ) -> None:
        """Take the code; it is imported at the first invocation, from its source if that is given.

        What the source lacks, such as what it requires, comes out of the zip.
        """
        self._code, self._log = code, log
        self._folders = ([] if source is None else [str(source)]) + code.module_folders
        self._lines: list[str] = []
        self._module: ModuleType | None = None
        self._modules: dict[str, Any] = {}
        self._is_running = self._is_closed = False
        # no address: boto3's calls stay in this process, where moto answers them
        self._variables = code.environment("")
        del self._variables["AWS_ENDPOINT_URL"]

    def invoke(self, request: Request, patience: float = math.inf) -> Answer:
        """Call the handler; a timeout is found out afterwards, since a call cannot be killed."""
        with _ONE_AT_A_TIME:
            answer = self._call(request)
            return answer._replace(lines=tuple(self._lines))

    def _call(self, request: Request) -> Answer:
        with self._surroundings():
            started = time.monotonic()
            try:
                handler = getattr(self._find_module(), self._code.handler.rpartition(".")[2])
                result = handler(json.loads(request.payload), Context(self._code, request))
                body = _marshal(result)
            except SystemExit as error:
                return Answer(report_exit(request.id, _exit_status(error)), True)
            except FunctionError as error:
                return Answer(json.dumps(error.payload(request.id)).encode(), True)
            except Exception as error:
                return Answer(json.dumps(_describe(error, request.id)).encode(), True)
            if time.monotonic() - started > self._code.timeout:
                return Answer(report_timeout(request.id, self._code), True)
            return Answer(body, False)

    def load(self) -> ModuleType:
        """Import the handler's module now, and give it: a test may patch it."""
        with _ONE_AT_A_TIME, self._surroundings():
            return self._find_module()

    def _find_module(self) -> ModuleType:
        if self._module is None:
            self._module = _import_handler(self._code.handler)
        return self._module

    @contextlib.contextmanager
    def _surroundings(self) -> Iterator[None]:
        """Set environment, path, modules and output to the function's, and back again."""
        modules = set(sys.modules) if self._module is None else set()
        output = _Recorder(sys.stdout) if sys.stdin and sys.stdin.isatty() else _Recorder(None)
        before = {name: os.environ.get(name) for name in self._variables}
        os.environ.update(self._variables)
        sys.path[:0] = self._folders
        sys.modules.update(self._modules)
        self._is_running = True
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                yield
        finally:
            self._keep_modules(modules)
            for folder in self._folders:
                sys.path.remove(folder)
            self._is_running = False
            if not self._is_closed:  # else the environment is the next emulator's
                _restore(before)
            self._lines = [line[:MAX_LINE_LENGTH] for line in output.getvalue().splitlines()]
            for line in self._lines:
                self._log(self._code.name, line)

    def _keep_modules(self, before: set[str]) -> None:
        """Take the function's own modules out of sys.modules: another's `handler` is another."""
        roots = tuple(f"{folder}{os.sep}" for folder in self._folders)
        new = set(sys.modules) - before if before else set()
        for name in [*new, *self._modules]:
            module = sys.modules.get(name)
            if module is not None and str(getattr(module, "__file__", "")).startswith(roots):
                self._modules[name] = sys.modules.pop(name)

    def is_alive(self) -> bool:
        """Say yes: there is nothing that could end."""
        return True

    def close(self) -> None:
        """Wait a while for the handler, if it runs: it uses this process's environment."""
        if self._is_running and _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
            _ONE_AT_A_TIME.release()
        self._is_closed = True
        self._modules.clear()
        self._module = None


class _Recorder(io.StringIO):
    """Keeps what a handler prints; shows it too where somebody types, as in a debugger."""

    def __init__(self, shown: TextIO | None) -> None:
        super().__init__()
        self._shown = shown

    def write(self, text: str) -> int:
        if self._shown:
            self._shown.write(text)
            self._shown.flush()
        super().write(text[: max(0, _MAX_OUTPUT - self.tell())])
        return len(text)


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _import_handler(handler: str) -> ModuleType:
    """Import a handler's module; what can go wrong is named as Lambda names it."""
    importlib.invalidate_caches()
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        raise FunctionError(
            "Runtime.MalformedHandlerName",
            f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)",
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise FunctionError(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise FunctionError(
            "Runtime.UserCodeSyntaxError",
            f"Syntax error in module '{module_name}': {error}",
            (f'  File "{error.filename}" Line {error.lineno}\n    {error.text}',),
        ) from error
    if not hasattr(module, name):
        raise FunctionError(
            "Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'"
        )
    return module


def _marshal(result: Any) -> bytes:
    try:
        return json.dumps(result, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise FunctionError(
            "Runtime.MarshalError", f"Unable to marshal response: {error}"
        ) from error


def _describe(error: Exception, request_id: str) -> dict[str, Any]:
    """Describe an exception of the handler, with the frames from the handler on."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return FunctionError(
        type(error).__name__, str(error), tuple(traceback.format_list(frames))
    ).payload(request_id)


def _exit_status(error: SystemExit) -> int:
    if error.code is None:
        return 0
    return error.code if isinstance(error.code, int) else 1
