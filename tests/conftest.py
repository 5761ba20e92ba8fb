"""What all tests share: no network, no credentials, and the handlers loaded by path."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]
# a workflow to be deployed, not tests; its handlers would all be imported under one name
collect_ignore = ["naive", "acceptance/definitions", "acceptance/lambdas"]

# the corpus and the recorded cases lie beside the repository, or beside the folder of a worktree
_PLACES = [folder / "shared" for folder in ROOT.parents[:2]]
SHARED = next((place for place in _PLACES if place.exists()), _PLACES[0])


def find_pythons() -> dict[str, str]:
    """Find the interpreters from 3.11 to 3.14 that this machine has: version to path."""
    names = [f"python3.{minor}" for minor in range(11, 15)]
    places = [Path(folder) for folder in os.get_exec_path()]
    places += Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob("versions/*/bin")
    found = {}
    for path in (place / name for place in places for name in names):
        if path.is_file():
            ask = [str(path), "-c", "import platform; print(platform.python_version())"]
            answer = subprocess.run(ask, capture_output=True, text=True, check=False)
            if answer.returncode == 0:  # a version manager's name may stand for nothing
                found.setdefault(answer.stdout.strip(), str(path))
    return found


# a machine that is busy makes no test fail
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# asked once, and not again by each worker
if "TESTED_PYTHONS" not in os.environ:
    os.environ["TESTED_PYTHONS"] = json.dumps(find_pythons())
PYTHONS: dict[str, str] = json.loads(os.environ["TESTED_PYTHONS"])


def pytest_report_header() -> str:
    """Say on which interpreters the build is compared."""
    return f"builds are compared on Python {', '.join(sorted(PYTHONS)) or 'this one only'}"


# what SlipCover prepares is the half of loading
if "slipcover" in sys.modules:
    from tests.quick_coverage import hasten

    hasten()

# loading leaves little garbage, and looking for it took a quarter of the time
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """Let SlipCover, where it measures, do what costs most as seldom as its figures allow."""
    measured = next((one.sci for one in sys.meta_path if hasattr(one, "sci")), None)
    if measured is None:
        return
    # the probe of a line goes after this many rounds, and with it those of all lines seen since;
    # that walks every module loaded, so that the 50 of SlipCover cost more than the probes
    measured.d_miss_threshold = 5_000
    # all files are read for what nobody imported: of several processes one does so
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker != "gw0" if worker else config.getoption("numprocesses", None):
        measured.source = None


def pytest_collection_finish() -> None:
    """Keep the garbage collector off all that is loaded by now: it took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_unconfigure() -> None:
    """Look for garbage once at the end, where pytest does so five times."""
    gc.collect()
    gc.freeze()


LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Keep a test, with all its fixtures, to this machine, unless it is for a real account."""
    with pytest.MonkeyPatch.context() as patch:
        if not item.get_closest_marker("account"):
            block_network(patch)
            hide_credentials(patch)
        # a pytest that a test starts counts nothing: it would write over this one's figures
        patch.delenv("SLIPCOVER_ENABLED", raising=False)
        return (yield)


def block_network(patch: pytest.MonkeyPatch) -> None:
    """Let a test reach this machine and nothing else."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise RuntimeError(f"a test tried to reach {address}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", connect_here)


def hide_credentials(patch: pytest.MonkeyPatch) -> None:
    """Take away whatever could reach an account of whoever runs the tests."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "REGION"):
        patch.delenv(f"AWS_{name}", raising=False)
    patch.delenv("AWS_DEFAULT_REGION", raising=False)
    for name in ("SHARED_CREDENTIALS_FILE", "CONFIG_FILE"):
        patch.setenv(f"AWS_{name}", str(ROOT / "no-such-file"))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True, scope="session")
def share_clients() -> Iterator[None]:
    """Make each client of AWS once for all tests of a process."""
    from tests.aws_clients import shared_clients

    with shared_clients():
        yield


@pytest.fixture
def load_handler() -> Callable[[str], ModuleType]:
    """Load `lambdas/<name>/handler.py`, fresh for each test."""

    def load(name: str) -> ModuleType:
        path = ROOT / "lambdas" / name / "handler.py"
        spec = importlib.util.spec_from_file_location(f"_handler_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run first what forks: a worker that has played thousands of tests is slow to copy."""
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
