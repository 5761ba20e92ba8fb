"""The pytest plugin: two fixtures, and the coverage of definitions.

pytest loads this module in every project that has carnation installed, so it imports nothing until
a fixture is asked for.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from carnation.testing import DeployedMachine, LocalMachine
    from carnation.testing.coverage import Coverage

_OUTPUT = "carnation_coverage"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("carnation", "coverage of Step Functions definitions")
    group.addoption(
        "--carnation-cov", action="store_true",
        help="Report coverage of states, transitions, catchers, and retriers",
    )  # fmt: skip
    group.addoption(
        "--carnation-cov-fail-under", type=float, metavar="PERCENT",
        help="Fail if coverage is below this percentage (implies --carnation-cov)",
    )  # fmt: skip
    group.addoption(
        "--carnation-cov-picture", metavar="DIR",
        help="Draw each definition with its coverage into this folder (implies "
                "--carnation-cov)",
    )  # fmt: skip


def _is_wanted(config: pytest.Config) -> bool:
    names = ("--carnation-cov", "--carnation-cov-fail-under", "--carnation-cov-picture")
    return any(config.getoption(name) not in (None, False) for name in names)


def _find_coverage(config: pytest.Config) -> Coverage:
    from carnation.testing.coverage import Coverage

    found: Coverage = config.__dict__.setdefault("_carnation_coverage", Coverage())
    return found


@pytest.fixture
def load_definition(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load a definition (a file or a dict) to run without any AWS.

    `load_definition("pay.asl.json", substitutions={"Table": "t"}, handlers={"Pay": handle})`
    """
    from carnation.testing.account_guard import block_network
    from carnation.testing.state_machines import load_machine

    block_network(monkeypatch)
    coverage = _find_coverage(request.config)

    def load(
        source: Any,
        *,
        substitutions: dict[str, Any] | None = None,
        handlers: dict[str, Callable[[Any, Any], Any]] | None = None,
    ) -> LocalMachine:
        return load_machine(source, coverage, substitutions or {}, handlers or {})

    return load


@pytest.fixture
def deploy_workflow(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Build a workflow from source and deploy it to the local emulator, handlers in this process.

    `deploy_workflow("carnation")`; it stays deployed for the next test, with empty stores.
    """
    from carnation.testing import emulator_reuse as kept
    from carnation.testing.account_guard import block_network

    block_network(monkeypatch)
    coverage = _find_coverage(request.config)

    def deploy(source: Any, *, root: Any = None, fresh: bool = False) -> DeployedMachine:
        return kept.deploy_machine(source, root or request.config.rootpath, coverage, fresh=fresh)

    yield deploy
    kept.end_test()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Show the test's own line for what carnation raises on purpose, without frames of ours."""
    try:
        return (yield)
    except Exception as error:
        errors = sys.modules.get("carnation.errors")
        if errors and isinstance(error, (errors.CarnationError, AssertionError)):
            _cut_frames(error)
            if not isinstance(error, errors.EmulatorError):  # whose cause may be a test's own hook
                error.__cause__, error.__suppress_context__ = None, True
        raise


def _cut_frames(error: Exception) -> None:
    """Cut the traceback behind the last frame that is not carnation's."""
    ours = os.path.dirname(__file__) + os.sep
    last, frame = None, error.__traceback__
    while frame is not None:
        if not frame.tb_frame.f_code.co_filename.startswith(ours):
            last = frame
        frame = frame.tb_next
    if last is not None:
        last.tb_next = None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Close the local emulator before a test that has not asked for it."""
    if "deploy_workflow" not in getattr(item, "fixturenames", ()):
        _close_kept()


def _close_kept(*, at_end: bool = False) -> None:
    kept = sys.modules.get("carnation.testing.emulator_reuse")
    if kept is not None:
        kept.close_kept(at_end=at_end)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close the local emulator; hand coverage to xdist's controller, or judge it."""
    _close_kept(at_end="PYTEST_CURRENT_TEST" not in os.environ)  # a test may run a pytest, too
    config = session.config
    if not _is_wanted(config):
        return
    output = getattr(config, "workeroutput", None)
    if output is not None:
        import json

        output[_OUTPUT] = json.dumps(_find_coverage(config).export())
        return
    least = config.getoption("--carnation-cov-fail-under")
    if least is not None and _find_coverage(config).percent < least and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Look for garbage once, in what the emulator loaded, and not each time that pytest does.

    Only when all tests of the process are over: a test may run a pytest, too.
    """
    if "carnation.emulator.emulator" in sys.modules and "PYTEST_CURRENT_TEST" not in os.environ:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the coverage of a worker of xdist."""
    import json

    exported = getattr(node, "workeroutput", {}).get(_OUTPUT)
    if exported:
        _find_coverage(node.config).merge(json.loads(exported))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Report the coverage."""
    if not _is_wanted(config):
        return
    from carnation.testing.coverage_report import format_coverage, write_pictures

    coverage = _find_coverage(config)
    terminalreporter.section("coverage of definitions")
    for line in format_coverage(coverage):
        terminalreporter.write_line(line)
    folder = config.getoption("--carnation-cov-picture")
    for path in write_pictures(coverage, folder) if folder else ():
        terminalreporter.write_line(f"drawn: {path}")
    least = config.getoption("--carnation-cov-fail-under")
    if least is not None:
        word = "reached" if coverage.percent >= least else "not reached"
        terminalreporter.write_line(
            f"{coverage.percent:.1f} % covered; {least:g} % required: {word}"
        )
