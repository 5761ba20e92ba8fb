"""Workers that are processes: started, fed through the Runtime API, killed when time is up."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from carnation.emulator.function_code import FunctionCode, process_environment
from carnation.emulator.functions import (
    MAX_LINE_LENGTH,
    Answer,
    Request,
    StillRunningError,
    report_exit,
    report_timeout,
)
from carnation.emulator.runtime import Invocation, RuntimeServer
from carnation.emulator.runtimes import start_worker
from carnation.emulator.worker import MARK

_NUMBERS = itertools.count(1)
_POLL = 0.05
_KEPT_LINES = 1000


class ProcessWorker:
    """One process that runs a function's handler, again and again."""

    def __init__(
        self,
        code: FunctionCode,
        server: RuntimeServer,
        variables: Mapping[str, str],
        log: Callable[[str, str], None],
    ) -> None:
        """Start the process with its variables; `log(function, line)` gets what it prints."""
        self._code = code
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._said_all = threading.Event()
        address, self._mailbox = server.register(f"{code.name}/{next(_NUMBERS)}")
        environment = {**variables, "AWS_LAMBDA_RUNTIME_API": address}
        self._process = start_worker(code, process_environment(code, environment))
        self._reader = threading.Thread(target=self._read, args=(log,), daemon=True)
        self._reader.start()
        # the pool counts it as starting until here: importing the handler takes a core
        while not self._mailbox.ready.wait(_POLL) and self.is_alive():
            pass

    def _read(self, log: Callable[[str, str], None]) -> None:
        output: Any = self._process.stdout
        begins = True
        with output:
            # by pieces: a line may be a gigabyte, and only its beginning is kept
            for piece in iter(lambda: output.readline(MAX_LINE_LENGTH), ""):
                text = piece.rstrip("\r\n")
                if text.endswith(MARK):
                    text = text.removesuffix(MARK)
                    self._said_all.set()
                    if not text:
                        continue
                if begins:
                    text = self._code.rename_folders(text)
                    self._lines.append(text)
                    log(self._code.name, text)
                begins = piece.endswith("\n")

    def invoke(self, request: Request, patience: float = math.inf) -> Answer:
        """Hand the event over and wait for the answer, the timeout or the end of the process."""
        invocation = Invocation(request, self._code)
        self._said_all.clear()
        self._mailbox.waiting.put(invocation)
        answer = self._wait(invocation, patience)
        self._said_all.wait(_POLL)
        lines = tuple(self._lines)
        self._lines.clear()
        return answer._replace(lines=lines)

    def _wait(self, invocation: Invocation, patience: float) -> Answer:
        # importing the handler's module does not count against the function's timeout
        until = time.monotonic() + patience
        while not invocation.started.wait(_POLL):
            if not self.is_alive():
                return self._report_end(invocation)
            if time.monotonic() > until:
                raise StillRunningError(lambda: self._wait(invocation, math.inf))
        left = invocation.began + self._code.timeout - time.monotonic()
        while not invocation.answered.wait(max(0.0, min(_POLL, left))):
            left = invocation.began + self._code.timeout - time.monotonic()
            if not self.is_alive():
                return self._report_end(invocation)
            if left <= 0:
                self.close()
                return Answer(report_timeout(invocation.request.id, self._code), True)
            if time.monotonic() > until:
                raise StillRunningError(lambda: self._wait(invocation, math.inf))
        return Answer(invocation.result, invocation.failed)

    def _report_end(self, invocation: Invocation) -> Answer:
        self._reader.join(1)
        if invocation.answered.is_set():
            return Answer(invocation.result, invocation.failed)
        if self._mailbox.init_error is not None:
            return Answer(self._mailbox.init_error, True)
        return Answer(report_exit(invocation.request.id, self._process.returncode or 0), True)

    def is_alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Kill the process and wait until it has ended."""
        self._process.kill()
        self._process.wait()
        self._mailbox.waiting.put(None)
