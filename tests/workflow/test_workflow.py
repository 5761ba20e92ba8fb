from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from carnation.errors import WorkflowError
from carnation.stacks import Function
from carnation.states import Chain, Pass, Succeed
from carnation.workflow import Workflow, find_root, list_definitions, load_workflows

ONE = """
from carnation.states import Succeed
from carnation.workflow import Workflow

def make_workflow():
    return Workflow(name={name!r}, version="1.0.0", states=Succeed("Done"))
"""


def write_definition(root: Path, module: str, text: str) -> None:
    folder = root / "definitions"
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(text)


def test_a_workflow_writes_its_definition_with_comment_and_timeout() -> None:
    workflow = Workflow(
        name="w", version="1.2.3-rc.1", states=Chain([Pass("A")]), comment="c", timeout_seconds=5
    )
    assert workflow.make_definition() == {
        "Comment": "c",
        "TimeoutSeconds": 5,
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "End": True}},
    }
    assert repr(workflow) == "Workflow(name='w', version='1.2.3-rc.1')"


def test_plain_asl_is_taken_as_it_is() -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Future", "New": 1}}}
    assert Workflow(name="w", version="1.0.0", states=definition).make_definition() == definition


@pytest.mark.parametrize("name", ["", "Big", "a b", "../x", "x" * 41, "1a", None, "a\n"])
def test_a_name_that_is_no_folder_is_refused(name: Any) -> None:
    with pytest.raises(WorkflowError, match="invalid name of a workflow"):
        Workflow(name=name, version="1.0.0", states=Succeed("A"))


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0/..", 1, "1.0.0\n"])
def test_a_version_that_is_none_is_refused(version: Any) -> None:
    with pytest.raises(WorkflowError, match="invalid version of a workflow"):
        Workflow(name="w", version=version, states=Succeed("A"))


def test_the_root_is_the_nearest_folder_with_definitions(tmp_path: Path) -> None:
    write_definition(tmp_path, "one", "")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_root(str(inner)) == str(tmp_path)


def test_outside_a_project_the_error_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match="no definitions/ folder found"):
        find_root(str(tmp_path))


def test_modules_are_loaded_by_path_and_in_order(tmp_path: Path) -> None:
    for name in ("zeta", "alpha"):
        write_definition(tmp_path, name, ONE.format(name=name))
    write_definition(tmp_path, "_shared", "raise RuntimeError('not to be loaded')")
    (tmp_path / "definitions" / "notes.txt").write_text("")
    assert list_definitions(str(tmp_path)) == ["alpha", "zeta"]
    assert [w.name for w in load_workflows(str(tmp_path))] == ["alpha", "zeta"]
    assert [w.name for w in load_workflows(str(tmp_path), ["zeta"])] == ["zeta"]


def test_a_workflow_is_named_like_its_module(tmp_path: Path) -> None:
    write_definition(tmp_path, "send_bills", ONE.format(name="send-bills"))
    write_definition(tmp_path, "other", ONE.format(name="send-bills"))
    root = str(tmp_path)
    for name in ("send-bills", "send_bills"):
        assert [w.name for w in load_workflows(root, [name])] == ["send-bills"]
    message = (
        r"definitions/other\.py defines a workflow named 'send-bills'. Name it 'other' like its"
    )
    for names in ([], ["other"]):
        with pytest.raises(WorkflowError, match=message):
            list(load_workflows(root, names))


def test_what_a_module_prints_is_kept_out_of_the_verbs_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_definition(tmp_path, "one", "print('loud')\n" + ONE.format(name="one"))
    list(load_workflows(str(tmp_path)))
    assert capsys.readouterr() == ("", "loud\n")


def test_a_definition_may_import_its_siblings(tmp_path: Path) -> None:
    write_definition(tmp_path, "_names", "NAME = 'one'")
    text = ONE.format(name="x").replace("'x'", "NAME")
    write_definition(tmp_path, "one", f"from definitions._names import NAME\n{text}")
    import sys

    before = list(sys.path)
    try:
        assert next(load_workflows(str(tmp_path))).name == "one"
    finally:
        for module in [name for name in sys.modules if name.split(".")[0] == "definitions"]:
            del sys.modules[module]
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not define make_workflow"),
        ("make_workflow = 3", "does not define make_workflow"),
        ("def make_workflow(): return {}", "returns dict; it must return a Workflow"),
    ],
)
def test_a_module_that_makes_no_workflow_says_so(tmp_path: Path, text: str, message: str) -> None:
    write_definition(tmp_path, "one", text)
    with pytest.raises(WorkflowError, match=rf"definitions/one\.py {message}|{message}"):
        list(load_workflows(str(tmp_path)))


def test_an_unknown_workflow_suggests_the_one_that_was_meant(tmp_path: Path) -> None:
    write_definition(tmp_path, "carnation", ONE.format(name="carnation"))
    with pytest.raises(
        WorkflowError, match="workflow 'carnatoin' not found.*Did you mean 'carnation'"
    ):
        list(load_workflows(str(tmp_path), ["carnatoin"]))


def test_a_dataclass_of_a_definition_may_have_annotations_as_text(tmp_path: Path) -> None:
    text = """
from __future__ import annotations
from dataclasses import dataclass
from carnation.states import Succeed
from carnation.workflow import Workflow

@dataclass
class Input:
    id: str

def make_workflow():
    return Workflow(name="one", version="1.0.0", states=Succeed("Done"), input=Input)
"""
    write_definition(tmp_path, "one", text)
    (workflow,) = load_workflows(str(tmp_path))
    assert workflow.declared["input"]["properties"] == {"id": {"type": "string"}}
    assert "_definition_one" not in sys.modules


def test_what_a_module_raises_comes_through(tmp_path: Path) -> None:
    write_definition(tmp_path, "one", "1 / 0")
    with pytest.raises(ZeroDivisionError):
        list(load_workflows(str(tmp_path)))


@pytest.mark.parametrize("functions", [["pay"], "pay"])
def test_functions_that_are_none_are_refused(functions: Any) -> None:
    with pytest.raises(WorkflowError, match=r"functions: expected a list of Function, got 'p"):
        Workflow(name="w", version="1.0.0", states=Succeed("S"), functions=functions)


def test_a_single_function_counts_as_one() -> None:
    pay = Function("pay", description="Pays")
    workflow = Workflow(name="w", version="1.0.0", states=Succeed("S"), functions=pay)  # type: ignore[arg-type]
    assert workflow.functions == (pay,)
