"""How the verbs speak: one line for an error, color for people only, one name for all verbs."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import carnation
from carnation.__main__ import main
from carnation.cli.command import EXIT_ERROR, EXIT_OK, run_command
from carnation.cli.commands import COMMANDS
from carnation.console import fit_table, has_color, paint, wrap_lines
from carnation.errors import CarnationError
from tests.conftest import ROOT


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def test_one_module_writes_escape_sequences() -> None:
    modules = (ROOT / "carnation").rglob("*.py")
    writing = re.compile(r"\\(?:x1b|033|e)\[", re.IGNORECASE)
    found = [path.name for path in modules if writing.search(path.read_text(encoding="utf-8"))]
    assert found == ["console.py"]


def test_color_is_for_terminals_and_no_color_turns_it_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert paint("bad", "red", Terminal()) == "\x1b[31mbad\x1b[0m"
    assert paint("bad", "red", io.StringIO()) == "bad"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_color(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not has_color(Terminal())


def test_an_error_of_ours_is_one_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> int:
        raise CarnationError("state 'Pay' has no Next")

    assert run_command(fail) == EXIT_ERROR
    assert capsys.readouterr() == ("", "carnation: state 'Pay' has no Next\n")


def test_an_interruption_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    assert run_command(interrupt) == EXIT_ERROR
    assert capsys.readouterr().err == "carnation: interrupted.\n"


def test_sigterm_interrupts_a_command_and_is_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    cleaned = []

    def wait() -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(1000):
                time.sleep(0.01)
        finally:
            cleaned.append(True)
        return EXIT_OK

    before = signal.getsignal(signal.SIGTERM)
    assert run_command(wait) == EXIT_ERROR
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().err == "carnation: interrupted.\n"


def test_a_closed_output_is_the_callers_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert run_command(lambda: print(paint("x", "red")) or EXIT_OK) == EXIT_OK
    sys.stdout.close()


def test_a_foreign_error_keeps_its_traceback_without_our_frames(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> int:
        raise ZeroDivisionError("theirs")

    assert run_command(fail) == EXIT_ERROR
    err = capsys.readouterr().err
    assert "ZeroDivisionError: theirs" in err
    assert "test_console.py" in err
    assert "carnation/console.py" not in err


def test_a_reader_who_has_gone_is_no_error(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from carnation.cli.command import run_command\n"
        "def tell():\n"
        "    print('x' * 100_000, flush=True)\n"
        "    raise SystemExit('nobody noticed')\n"
        "sys.exit(run_command(tell))\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (EXIT_ERROR, "")


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_verb_has_a_help_with_an_example(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == EXIT_OK
    assert "example: " in capsys.readouterr().out


def test_the_front_lists_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == EXIT_OK
    out = capsys.readouterr().out
    assert all(f"  {verb}" in out for verb in COMMANDS)
    assert main([]) == EXIT_ERROR
    assert main(["--version"]) == EXIT_OK
    assert capsys.readouterr().out.count(f"\ncarnation {carnation.__version__}\nPython ") == 1


def test_a_misspelled_verb_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["biuld"]) == EXIT_ERROR
    assert "unknown command 'biuld'. Did you mean 'build'?" in capsys.readouterr().err


def test_the_nouns_are_loaded_when_asked_for() -> None:
    from carnation.workflow import Workflow

    assert carnation.Workflow is Workflow
    with pytest.raises(AttributeError, match="has no 'Workflwo'"):
        carnation.Workflwo  # noqa: B018


def test_leaving_gives_the_status_and_prints_what_was_said() -> None:
    code = "from carnation.cli.command import exit_fast; print('said'); exit_fast(1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "said\n", "")


def test_a_file_that_python_cannot_read_is_reported_by_its_line_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = "x = ("
    status = run_command(lambda: len(compile(source, "definitions/one.py", "exec").co_names))
    assert status == EXIT_ERROR
    err = capsys.readouterr().err
    assert "definitions/one.py" in err
    assert "SyntaxError" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_is_one_line() -> None:
    script = (
        "import sys\n"
        "from carnation.cli.command import run_command\n"
        "sys.exit(run_command(lambda: print('x') or 0))\n"
    )
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (
        EXIT_ERROR,
        "carnation: cannot write output: no space left on device\n",
    )


def test_help_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from carnation.console import terminal_width

    for columns, width in (("120", 118), ("no number", 78)):
        monkeypatch.setenv("COLUMNS", columns)
        assert terminal_width() == width


def test_a_table_too_wide_for_its_terminal_ends_its_rows_on_lines_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [["Queue", "AWS::SQS::Queue", "q" * 60], ["Key", "AWS::KMS::Key", "k"]]
    assert len(fit_table(rows)) == 2  # a pipe keeps its rows
    monkeypatch.setattr("carnation.console.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "80")
    assert fit_table(rows) == [
        "  Queue  AWS::SQS::Queue", f"      {'q' * 60}", f"  Key    AWS::KMS::Key    {'k'}"
    ]  # fmt: skip
    monkeypatch.setenv("COLUMNS", "140")
    assert len(fit_table(rows)) == 2


def test_an_arn_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnation.console.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "60")
    arn = f"arn:aws:states:eu-west-1:111122223333:execution:a-b-c:{'x' * 40}"
    assert arn in wrap_lines(f"started {arn}, which goes on")


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_an_error_is_as_wide_as_its_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise CarnationError("the file is not there. " * 12 + "Give another one.")

    assert run_command(fail) == EXIT_ERROR
    assert capsys.readouterr().err.count("\n") == 1  # a pipe gets it in one line
    monkeypatch.setattr("carnation.console.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run_command(fail) == EXIT_ERROR
    plain = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().err)
    assert all(len(line) <= columns for line in plain.splitlines())
    assert plain.startswith("carnation: the file")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_takes_the_help_of_the_command_line_in_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "carnation", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == EXIT_ERROR
    assert done.stderr == "carnation: cannot write output: no space left on device\n"


def test_a_reporter_is_loaded_without_the_sdk() -> None:
    code = "import carnation.patterns.events.reporter, sys; print('stepfunctions' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"
