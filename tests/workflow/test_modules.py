from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from carnation.workflow.modules import load_module


def load(path: Path, text: str) -> int:
    path.write_text(text)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    value: int = load_module(str(path.parent), str(path), "_definition_a").VALUE
    return value


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    return tmp_path / "a.py"


def test_an_edit_of_the_same_second_and_length_is_noticed(module: Path) -> None:
    assert [load(module, "VALUE = 1\n"), load(module, "VALUE = 2\n")] == [1, 2]


def test_bytecode_is_kept_and_used(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(module, "VALUE = 1\n")
    (kept,) = (module.parent / "__pycache__").iterdir()
    assert kept.suffix == ".pyc"
    monkeypatch.setattr("builtins.compile", None)  # nothing is compiled any more
    assert load(module, "VALUE = 1\n") == 1


def test_bytecode_of_another_place_and_broken_bytecode_are_made_anew(module: Path) -> None:
    load(module, "VALUE = 1\n")
    (kept,) = (module.parent / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:20])
    assert load(module, "VALUE = 1\n") == 1
    moved = module.with_name("b.py")
    kept.rename(kept.with_name(kept.name.replace("a.", "b.")))
    moved.write_text("VALUE = 1\n")
    loaded = load_module(str(module.parent), str(moved), "_definition_b")
    assert loaded.__spec__ is not None
    assert loaded.__spec__.loader.get_code("_definition_b").co_filename == str(moved)  # type: ignore[union-attr]
