"""A process that has loaded what nearly every function loads, and forks itself for each worker.

Starting Python and importing boto3 takes a worker half a second; a fork of a process that has done
so takes a hundredth. A function that would notice gets a process of its own: one with a module in
its zip that is loaded already, or with variables that Python reads when it starts. On Linux only:
elsewhere a fork is not safe, or cannot be waited for.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO

from carnation.emulator.worker import FORKS, ORDER_BYTES

_INHERITED = ("PATH", "LD_LIBRARY_PATH")
_OWN = {"LANG": "en_US.UTF-8", "TZ": ":UTC", "PYTHONDONTWRITEBYTECODE": "1"}
# what a process reads while it starts or loads its modules, and never again
_READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "OPENSSL_", "MALLOC_")


class Fork:
    """A forked process, as far as a `subprocess.Popen` is needed."""

    def __init__(self, server: ForkServer, pid: int, output: int) -> None:
        """Take its ID and the end of the pipe that it prints to."""
        self._server, self.pid = server, pid
        self._handle = os.pidfd_open(pid)
        self.stdout: IO[str] = open(output, encoding="utf-8", errors="replace")  # noqa: SIM115
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._end(0)

    def wait(self) -> int | None:
        """Wait for its end."""
        return self._end(None)

    def _end(self, patience: int | None) -> int | None:
        with self._lock:
            if self.returncode is None and _is_readable(self._handle, patience):
                self.returncode = self._server.find_end(self.pid)
                os.close(self._handle)
            return self.returncode

    def kill(self) -> None:
        """End it, whatever it is doing."""
        with self._lock:
            if self.returncode is None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)


def _is_readable(handle: int, patience: int | None) -> bool:
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return bool(poller.poll(patience))


class ForkServer:
    """The process, and the channel by which it is told what to fork."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it; what it loads takes it a while, and nobody waits for it here."""
        self._variables = {n: os.environ[n] for n in _INHERITED if n in os.environ} | _OWN
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, by its path
                [*command, FORKS, str(theirs.fileno())],
                env=self._variables,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def fork(
        self, folders: Sequence[str], folder: str, variables: Mapping[str, str]
    ) -> Fork | None:
        """Fork a worker with these modules, in this folder; None where that cannot be."""
        if _pick_start(variables) != _pick_start(self._variables):
            return None
        order = {"folders": list(folders), "folder": folder, "variables": dict(variables)}
        text = json.dumps(order).encode()
        if len(text) > ORDER_BYTES:
            return None
        ours, theirs = os.pipe()
        try:
            pid = self._ask(text, theirs)
        finally:
            os.close(theirs)
        if pid:
            return Fork(self, pid, ours)
        os.close(ours)
        return None

    def find_end(self, pid: int) -> int:
        """Return how a fork ended that has ended."""
        status = self._ask(json.dumps({"ended": pid}).encode())
        return -signal.SIGKILL if status is None else status

    def _ask(self, order: bytes, *outputs: int) -> int | None:
        with self._lock:
            try:
                socket.send_fds(self._channel, [order], outputs)
                answer = self._channel.recv(64)
            except OSError:
                return None
        return int(answer) if answer else None

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended: a handler can kill its parent."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._process.wait()


_SERVERS: dict[tuple[int, tuple[str, ...]], ForkServer] = {}
_STARTING = threading.Lock()


def start_fork_server(command: Sequence[str]) -> ForkServer | None:
    """Start this process's server of a worker's command, if it has none.

    It serves one emulator after another. None where forks are not safe.
    """
    if not sys.platform.startswith("linux"):
        return None
    key = (os.getpid(), tuple(command))  # a fork of this process is another process
    with _STARTING:
        if key not in _SERVERS or _SERVERS[key].has_ended:
            _SERVERS[key] = ForkServer(command)
            atexit.register(_SERVERS[key].close)
        return _SERVERS[key]


def _pick_start(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.startswith(_READ_AT_START)}
