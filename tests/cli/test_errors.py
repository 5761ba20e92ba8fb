"""What a new user gets wrong: one sentence with the place and the remedy, and status 2."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from carnation.__main__ import main

HELLO = """
from carnation.resources import Function
from carnation.states import Chain, Pass, Succeed
from carnation.workflow import Workflow

def make_workflow():
    return Workflow(name="hello", version="0.1.0", states=Chain([Pass("A"), Succeed("B")]){more})
"""
GOOD = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'


class Mistake(NamedTuple):
    """A command line, what has to be in its error, and the files that it meets."""

    command: str
    says: str
    files: dict[str, str] = {}  # noqa: RUF012 - it is read only


def hello(more: str = "") -> dict[str, str]:
    return {"definitions/hello.py": HELLO.format(more=more)}


def function(text: str, **more: str) -> dict[str, str]:
    handlers = {"lambdas/greet/handler.py": text} if text else {}
    return {**hello(', resources=[Function("greet")]'), **handlers, **more}


MISTAKES = [
    Mistake("lnit", "Did you mean 'lint'"),
    Mistake("buidl", "Did you mean 'build'"),
    Mistake("lint --fomat json", "Did you mean '--format'"),
    Mistake("run", "arguments are required"),
    Mistake("lint nothing.json", "nothing.json"),
    Mistake("lint x.json", "x.json:1", {"x.json": "{"}),
    Mistake("lint x.json", "not a state machine definition", {"x.json": "[]"}),
    Mistake("lint x.bin", "x.bin", {"x.bin": "\0\1"}),
    Mistake("lint --explain no-such-rule", "no-such-rule"),
    Mistake("lint", "carnation build"),
    Mistake("draw definitions/flow.py", "Python", {"definitions/flow.py": HELLO}),
    Mistake("draw nothing", "'nothing'"),
    Mistake("estimate x.json --items many", "--items", {"x.json": GOOD}),
    Mistake("estimate x.json --fail 200%", "200%", {"x.json": GOOD}),
    Mistake("estimate nothing.json", "nothing.json"),
    Mistake("diff one.json", "one.json"),
    Mistake("diff no-such-revision", "no-such-revision"),
    Mistake("adopt x.json --out definitions", "x.json", {"x.json": "{}"}),
    Mistake("adopt x.json --out out", "already exists", {"x.json": GOOD, "out/x.py": ""}),
    Mistake("build nothing", "nothing", hello()),
    Mistake("build", "make_workflow", {"definitions/hello.py": "x = 1\n"}),
    Mistake("build", "SyntaxError", {"definitions/hello.py": "def\n"}),
    Mistake("build", "greet", function("")),
    Mistake("build", "handler.py", function("def handle(event, context:\n")),
    Mistake("build", "handle", function("def other(event, context): return 1\n")),
    Mistake("build", "nosuchpackage", function("import nosuchpackage\n\ndef handle(e, c): ...\n")),
    Mistake("build", "requirements.txt:1", function(
        "def handle(e, c): ...\n", **{"lambdas/greet/requirements.txt": "requests\n"})),
    Mistake("build", "'Z'", hello().copy() | {"definitions/hello.py": HELLO.replace(
        'Pass("A")', 'Pass("A").next("Z")').format(more="")}),
    Mistake("lint x.json", "pyproject.toml", {
        "x.json": GOOD, "pyproject.toml": "[tool.carnation.lint"}),
    Mistake("lint x.json", "'x'", {
        "x.json": GOOD, "pyproject.toml": "[tool.carnation.lint]\nx = 1\n"}),
    Mistake("run hello", "build"),
    Mistake("run hello --input {", "JSON", hello()),
    Mistake("run hello --input @nothing.json", "nothing.json", hello()),
    Mistake("replay nothing.json", "nothing.json"),
    Mistake("replay x.json", "get-execution-history", {"x.json": "{}"}),
    Mistake("fetch nothing", "'nothing'", hello()),
    Mistake("init . --shape circle", "circle"),
    Mistake("init .", "already exists", {"pyproject.toml": ""}),
    Mistake("completion fish", "fish"),
]  # fmt: skip


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Mistake], tuple[int, str]]:
    def run(mistake: Mistake) -> tuple[int, str]:
        for path, text in mistake.files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        (tmp_path / "definitions").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path)
        try:
            status = main(mistake.command.split())
        except SystemExit as stop:
            status = int(str(stop.code))
        captured = capsys.readouterr()
        return status, captured.err + captured.out

    return run


def test_the_list_is_long_enough() -> None:
    assert len(MISTAKES) >= 30


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.command.replace(" ", "_"))
def test_a_mistake_is_reported_with_its_place_and_no_traceback(
    mistake: Mistake, call: Callable[[Mistake], tuple[int, str]]
) -> None:
    status, told = call(mistake)
    assert status in (1, 2), told
    assert mistake.says in told
    assert "Traceback" not in told
    assert len(told.splitlines()) <= 14, told


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({}))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert main(["lint", str(path)]) == 2
    assert "x.json" in capsys.readouterr().err
