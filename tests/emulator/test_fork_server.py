"""Forks of a loaded process: when a worker is one, what it sees, how it ends."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
from pathlib import Path

import pytest

from carnation.emulator import worker
from carnation.emulator.fork_server import Fork, ForkServer, start_fork_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")
COMMAND = [sys.executable, worker.__file__, sysconfig.get_path("purelib")]
# nobody answers at the address: a fork ends after it has imported the handler's module
VARIABLES = {
    **{name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
    **{"LANG": "en_US.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
    **{"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1/none", "_HANDLER": "shown.handle"},
}


@pytest.fixture(scope="module")
def server() -> ForkServer:
    found = start_fork_server(COMMAND)
    assert found is not None
    return found


def fork(server: ForkServer, folder: Path, source: str, **variables: str) -> Fork | None:
    (folder / "shown.py").write_text(source)
    return server.fork([str(folder)], str(folder), {**VARIABLES, **variables})


def test_a_fork_has_its_own_variables_folder_and_time_zone(
    server: ForkServer, tmp_path: Path
) -> None:
    source = (
        "import os, sys, time\n"
        "print(sorted(os.environ), os.getcwd(), sys.path[0], time.tzname, sys.argv[1:])\n"
    )
    made = fork(server, tmp_path, source, TABLE="t", TZ="Europe/Paris")
    assert made is not None
    with made.stdout:
        told = made.stdout.read().splitlines()[0]
    assert made.wait() == 1  # nobody answers at its address
    names = sorted({*VARIABLES, "TABLE", "TZ"})
    assert told == f"{names} {tmp_path} {tmp_path} ('CET', 'CEST') []"


@pytest.mark.parametrize("name", ["json.py", "boto3/__init__.py", "six.so"])
def test_a_function_with_a_module_that_is_loaded_already_is_no_fork(
    server: ForkServer, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    assert fork(server, tmp_path, "") is None


@pytest.mark.parametrize("name", ["PYTHONHASHSEED", "LC_ALL", "LD_PRELOAD"])
def test_a_function_with_variables_that_are_read_at_the_start_is_no_fork(
    server: ForkServer, tmp_path: Path, name: str
) -> None:
    assert fork(server, tmp_path, "", **{name: "0"}) is None


def test_a_fork_that_is_killed_says_by_which_signal(server: ForkServer, tmp_path: Path) -> None:
    made = fork(server, tmp_path, "import time\ntime.sleep(60)")
    assert made is not None
    assert made.poll() is None
    made.kill()
    assert made.wait() == made.poll() == -signal.SIGKILL
    made.kill()  # a second time it is too late
    made.stdout.close()


def test_without_its_process_a_server_makes_no_forks(tmp_path: Path) -> None:
    server = ForkServer(COMMAND)
    server._process.kill()
    assert fork(server, tmp_path, "") is None
    server.close()


def test_a_server_that_was_killed_is_started_again(tmp_path: Path) -> None:
    first = start_fork_server(COMMAND)
    assert first is not None
    first._process.kill()
    first._process.wait()
    again = start_fork_server(COMMAND)
    assert again is not None
    assert again is not first
    made = fork(again, tmp_path, "import time\ntime.sleep(60)")
    assert made is not None
    made.kill()
    assert made.wait() == -signal.SIGKILL
    made.stdout.close()
