"""Completion, driven in a bash of its own: what a person sees who presses Tab."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from carnation.cli import completion

pytest.importorskip("shtab")
BASH = shutil.which("bash")
OFFERED = {
    "lin": ["lint"],
    "build --che": ["--check"],
    "build ": ["order", "order-items"],
    "build order order-": ["order-items"],
    "run order-": ["order-items"],
    "lint o": ["other.asl.json", "order", "order-items"],
    "lint ot": ["other.asl.json"],
    "fetch ": ["charge"],
    "adopt oth": ["other.asl.json"],
}


@pytest.mark.skipif(not BASH, reason="no bash is on PATH")
def test_words_are_completed_by_what_the_project_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completion.main(["bash"]) == 0
    script = capsys.readouterr().out
    project, empty = tmp_path / "project", tmp_path / "empty"
    empty.mkdir()
    for path in ("definitions/order.py", "definitions/order_items.py", "definitions/_shared.py",
                 "lambdas/charge/handler.py", "other.asl.json"):  # fmt: skip
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).touch()
    asked = "".join(ask(line) for line in OFFERED) + f"cd {empty}\n" + ask("build ")
    done = subprocess.run(
        [str(BASH), "--norc"],
        input=f"{script}\n{asked}", cwd=project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *seen, outside = done.stdout.splitlines()
    assert dict(zip(OFFERED, map(str.split, seen), strict=True)) == OFFERED
    assert outside == ""
    assert not done.stderr


def ask(line: str) -> str:
    words = ["carnation", *line.split(" ")]
    given = " ".join(f"'{word}'" for word in words)
    return (
        f"COMP_WORDS=({given}); COMP_CWORD={len(words) - 1}; COMPREPLY=(); _shtab_carnation\n"
        'echo "${COMPREPLY[*]}"\n'
    )
