from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from carnation.__main__ import main
from carnation.cli import draw
from carnation.diagram import draw_mermaid, draw_svg
from tests.conftest import ROOT
from tests.diagram.test_folding import fan_out
from tests.geometry import chain

PICTURES = ROOT / "docs" / "pictures"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a built workflow and a definition."""
    monkeypatch.chdir(tmp_path)
    for name in ("pay", "ship"):
        built = tmp_path / "build" / name / "code" / "state-machine"
        built.mkdir(parents=True)
        (built / f"{name}.asl.json").write_text(json.dumps(chain(2)))
    (tmp_path / "one.asl.json").write_text(json.dumps(chain(1)))
    return tmp_path


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def test_a_file_is_drawn_to_standard_output(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw.main(["one.asl.json"]) == 0
    assert capsys.readouterr().out == draw_svg(chain(1), title="State machine one")
    assert main(["draw", "one.asl.json", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out == draw_mermaid(chain(1))


def test_a_direction_is_that_of_both_formats(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw.main(["one.asl.json", "--direction", "right"]) == 0
    assert "drawn from left to right." in capsys.readouterr().out
    assert draw.main(["one.asl.json", "--direction", "right", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out == draw_mermaid(chain(1), direction="right")


def test_equal_branches_are_folded_in_both_formats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.asl.json"
    path.write_text(json.dumps(fan_out("orders", "stock", "prices")), encoding="utf-8")
    for form in ("svg", "mermaid"):
        assert draw.main([str(path), "--fold", "--format", form]) == 0
        assert "Load × 3" in capsys.readouterr().out


def test_a_built_workflow_is_drawn_by_its_name(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw.main(["pay"]) == 0
    assert '<title id="state-title">State machine pay</title>' in capsys.readouterr().out


def test_standard_input_is_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, json.dumps(chain(1)).encode())
    assert draw.main(["-", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out == draw_mermaid(chain(1))
    feed(monkeypatch, b"\xff\xfe")
    assert draw.main(["-"]) == 2
    assert "standard input:1:1: the file is written in UTF-16" in capsys.readouterr().err


def test_yaml_is_drawn_and_so_is_every_state_machine_of_a_template(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("two.asl.yaml").write_text("StartAt: A\nStates:\n  A:\n    Type: Succeed\n")
    assert draw.main(["two.asl.yaml"]) == 0
    assert 'data-pointer="/States/A"' in capsys.readouterr().out
    machine = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": chain(1)}}
    Path("template.json").write_text(json.dumps({"Resources": {"One": machine, "Two": machine}}))
    assert draw.main(["template.json", "--out", "drawn"]) == 0
    assert sorted(path.name for path in Path("drawn").iterdir()) == ["One.svg", "Two.svg"]


def test_out_names_the_file_or_the_folder_and_its_suffix_the_format(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw.main(["pay", "--out", "new/picture.mmd"]) == 0
    assert Path("new/picture.mmd").read_text() == draw_mermaid(chain(2))
    assert draw.main(["pay", "--out", "new/"]) == 0
    assert draw.main(["--out", "all", "--format", "mermaid"]) == 0
    names = sorted(str(path) for path in Path().glob("[an]*/*"))
    assert names == [os.path.join(*parts) for parts in (
        ("all", "pay.mmd"), ("all", "ship.mmd"), ("new", "pay.svg"), ("new", "picture.mmd"),
    )]  # fmt: skip
    assert capsys.readouterr().out.split() == [
        "new/picture.mmd", "new/pay.svg", "all/pay.mmd", "all/ship.mmd",
    ]  # fmt: skip


def refuse(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert draw.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("carnation: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_several_pictures_want_a_folder_and_names_of_their_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "2 pictures: pay, ship. Set --out to a folder" in refuse([], capsys)
    Path("pay.asl.json").write_text(json.dumps(chain(1)))
    assert "two pictures would be" in refuse(["pay", "pay.asl.json", "--out", "x"], capsys)
    assert not Path("x").exists()


def test_what_cannot_be_drawn_is_an_error_that_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Did you mean 'pay'?" in refuse(["payy"], capsys)
    Path("broken.json").write_text('{"StartAt": }')
    assert "broken.json:1:13" in refuse(["broken.json"], capsys)
    Path("package.json").write_text("{}")
    assert "not a state machine definition" in refuse(["package.json"], capsys)
    Path("list.json").write_text("[1]")
    assert "not a state machine definition" in refuse(["list.json"], capsys)
    properties = {"DefinitionString": "{"}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    Path("template.json").write_text(json.dumps({"Resources": {"One": machine}}))
    assert "template.json" in refuse(["template.json"], capsys)
    monkeypatch.chdir(folder / "build" / "pay")
    assert "no definitions found in build/" in refuse([], capsys)


def test_out_is_written_whole_or_not_at_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken").mkdir()
    Path("taken/ship.svg").mkdir()
    (folder / "taken" / "ship.svg" / "inside").write_text("")
    error = refuse(["ship", "pay", "--out", "taken"], capsys)
    assert "cannot be written" in error
    assert sorted(path.name for path in Path("taken").iterdir()) == ["ship.svg"]
    Path("file").write_text("kept")
    assert "cannot be written" in refuse(["pay", "--out", "file/picture.svg"], capsys)
    assert Path("file").read_text() == "kept"


def test_a_definition_without_states_is_drawn_with_what_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bare.json").write_text('{"StartAt": "Lost"}')
    assert draw.main(["bare.json"]) == 0
    assert "does not exist" in capsys.readouterr().out


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        draw.main(["--help"])
    assert stop.value.code == 0
    assert "example: carnation draw" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["carnation", "archive", "docs/pictures/orders.asl.json"])
def test_the_pictures_of_the_docs_are_what_the_verb_draws(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert draw.main([name, "--out", str(tmp_path / "new.svg")]) == 0
    stem = Path(name).name.partition(".")[0]
    assert (tmp_path / "new.svg").read_bytes() == (PICTURES / f"{stem}.svg").read_bytes(), (
        f"draw it anew with: carnation draw {name} --out docs/pictures/"
    )
    ElementTree.parse(PICTURES / f"{stem}.svg")
