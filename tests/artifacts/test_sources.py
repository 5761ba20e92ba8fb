"""Messages about resources name the lines of Python that the resources come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from carnation.artifacts.sources import place_resources, placing_resources
from carnation.errors import EmulatorError

MODULE = """
from carnation.resources import Queue, Schedule
from carnation.states import Pass
from carnation.workflow import Workflow

JOBS = Queue("jobs", unused_because="a test")
JOBS_LATER = Queue("jobs_later", unused_because="a test")


def make_workflow():
    return Workflow(
        name="placed", version="1.0.0", states=Pass("A"), resources=[JOBS, JOBS_LATER],
        triggers=[Schedule("nightly", "rate(1 day)")],
    )
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("placed")
    (folder / "definitions").mkdir()
    (folder / "definitions" / "placed.py").write_text(MODULE)
    return str(folder)


@pytest.mark.parametrize(
    ("name", "line"),
    [("JobsQueue", 6), ("JobsDeadLetters", 6), ("JobsLaterQueue", 7), ("NightlySchedule", 13)],
)
def test_a_resource_and_what_is_made_beside_it_have_a_line(root: str, name: str, line: int) -> None:
    text = f"stack 's': resource '{name}' (AWS::Any::Thing) at /Resources: no."
    assert f"AWS::Any::Thing, {root}/definitions/placed.py:{line}) at" in place_resources(
        root, "placed", text
    )


def test_what_is_nobodys_stays_as_it_is(root: str) -> None:
    for text in ("resource 'Other' (AWS::SQS::Queue) no", "no resource at all"):
        assert place_resources(root, "placed", text) == text
    text = "resource 'JobsQueue' (AWS::SQS::Queue)"
    assert place_resources("", "placed", text) == place_resources(root, "else", text) == text


def test_an_error_is_placed_and_stays_what_it_is(root: str) -> None:
    with (
        pytest.raises(EmulatorError, match=r"placed\.py:6\)"),
        placing_resources(root, "placed"),
    ):
        raise EmulatorError("resource 'JobsQueue' (AWS::SQS::Queue): no")
