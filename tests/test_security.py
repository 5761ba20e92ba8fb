"""What comes from outside, and tries more than it may: see docs/security.md, row by row."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    ProfileNotFound,
    ProxyConnectionError,
    UnknownServiceError,
)

from carnation.account import Account, find_deployed
from carnation.account.client_errors import explain_failure
from carnation.artifacts.build_folder import Difference
from carnation.cli import build, deploy, dlq, run, start, status
from carnation.console import clean, echo
from carnation.emulator import Emulator
from carnation.testing.recorded_tests import render_test
from carnation.testing.recordings import Recording
from tests.conftest import ROOT

ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return what sends a message to the dead letters of the reference workflow."""
    monkeypatch.chdir(ROOT)
    with Emulator() as emulator:
        assert deploy.main(["carnation", "--yes"]) == 0
        found = find_deployed(Account(), "carnation-dev")
        assert found is not None
        url = found.outputs["DeadLetterQueueUrl"]

        def send(body: str, reason: str) -> None:
            emulator.client("sqs").send_message(
                QueueUrl=url,
                MessageBody=body,
                MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
            )

        yield send


@pytest.mark.filterwarnings("default")
def test_a_dead_letter_steers_no_terminal_and_breaks_no_reader(
    letters: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    letters(f"no json {ESCAPE}", f"why {ESCAPE}")
    letters("[" * 100_000, "deep")
    letters("1" * 5_000, "long")
    letters('{"sequence_no": "' + ESCAPE.replace("\x1b", "\\u001b").replace("\x07", "") + '"}', "x")
    letters('{"sequence_no": "\\ud800"}', "half a pair")
    for word in ("list", "show"):
        capsys.readouterr()
        assert dlq.main([word, "carnation"]) == 0
        out = capsys.readouterr().out
        assert all(char.isprintable() or char == "\n" for char in out)
    assert dlq.main(["list", "carnation", "--format", "json"]) == 0
    out = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in out)
    read = json.loads(out)["letters"]
    assert f"no json {ESCAPE}" in {letter["body"] for letter in read}  # escaped, and nothing lost
    assert len(read) == 5


class Terminal:
    """A standard output that a person watches."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_only_our_own_colors_steer(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    echo(f"\x1b[32mfine\x1b[0m {ESCAPE}")
    assert terminal.text == "\x1b[32mfine\x1b[0m " + clean(ESCAPE) + "\n"
    assert "\x1b" not in clean(ESCAPE)


@pytest.mark.parametrize(
    "url", ["http://me:hunter2@127.0.0.1:9", "ftp://hunter2", "hunter2", "https://hunter2@"]
)
def test_a_password_in_an_endpoint_is_refused_and_not_repeated(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = status.main(["carnation", "--region", "us-east-1", "--endpoint-url", url])

    out, err = capsys.readouterr()
    assert found == 2
    assert "--endpoint-url must be" in err
    assert "hunter2" not in out + err


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://me:hunter2@10.0.0.1/"),
        ProxyConnectionError(proxy_url="http://me:hunter2@proxy:3128", error="refused"),
        UnknownServiceError(service_name="http://:hunter2@x", known_service_names=""),
        ProfileNotFound(profile="http://me:hunter2@x"),
    ],
)
def test_a_password_in_what_botocore_complains_of_is_left_out(error: Exception) -> None:
    said = str(explain_failure("sqs", "send_message", error, "us-east-1"))
    assert "hunter2" not in said
    assert "://…@" in said


@pytest.mark.filterwarnings("default")
def test_credentials_are_neither_printed_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "run.html"
    monkeypatch.chdir(ROOT)
    with Emulator():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.setenv(name, "hunter2hunter2hunter2")
        assert deploy.main(["carnation", "--yes", "--format", "json"]) == 0
        given = '{"start_seq": 1}'
        assert start.main(["carnation", "--input", given, "--format", "json"]) == 1
        assert status.main(["carnation", "--format", "json"]) == 0
    run.main(["carnation", "--input", given, "--logs", "--report", str(page)])

    out, err = capsys.readouterr()
    assert "InvalidInput" in out
    assert "hunter2" not in out + err + page.read_text(encoding="utf-8")


def test_a_line_of_a_report_begins_like_no_command_to_a_ci_system(
    capsys: pytest.CaptureFixture[str],
) -> None:
    echo("event 'x\n::error::owned\n##[group]' is lost")
    assert capsys.readouterr().out == "event 'x\n\ufffd::error::owned\n\ufffd##[group]' is lost\n"


def test_a_recorded_test_is_that_test_whatever_the_history_is_called() -> None:
    history = 'a"""\nimport os\n"""\x1b.json'
    failed = Recording({}, "FAILED", None, 'E"""\n\x1b', "", {}, [])
    text = render_test(history, "d.asl.json", failed)
    kinds = [type(one).__name__ for one in ast.parse(text).body]
    assert kinds == ["Expr", "ImportFrom", "ImportFrom", *["Assign"] * 3, "FunctionDef"]
    assert "\x1b" not in text


def test_a_name_of_a_file_in_build_steers_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change = Difference("orders", f"{ESCAPE}\n::error::x.json", "removed")
    built = SimpleNamespace(differences={"orders": [change]}, released=[], made=[])
    monkeypatch.setattr(build, "_name_workflows", lambda built: "orders")
    build._print_differences(cast(Any, built), check=True)
    first, _ = capsys.readouterr().out.splitlines()
    assert first.isprintable()
    assert "::error" in first
