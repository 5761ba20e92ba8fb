"""Reporters: which a workflow may name, and which are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carnation.errors import WorkflowError
from carnation.patterns.events.reporter import EVENTS
from carnation.states import Succeed
from carnation.workflow import Workflow
from carnation.workflow.reporters import load_reporter

OWN = """
from carnation.patterns.events.reporter import EventsReporter

class Orders(EventsReporter):
    entry_point = "definitions.orders:ORDERS"

ORDERS = Orders()
NOTHING = 1
"""


def load(root: Path, point: str) -> Any:
    return load_reporter(str(root), {"reporter": {"entry_point": point, "outputs": []}})


def test_a_manifest_notes_entry_point_and_outputs() -> None:
    workflow = Workflow(name="a", version="1.0.0", states=Succeed("Done"), reporter=EVENTS)
    assert workflow.reporter["entry_point"] == "carnation.patterns.events.reporter:EVENTS"
    assert workflow.reporter["outputs"] == list(EVENTS.outputs)


def test_what_is_not_a_reporter_is_refused_by_the_workflow() -> None:
    reporter: Any = object()
    with pytest.raises(WorkflowError, match=r"is not a reporter: it has no method"):
        Workflow(name="a", version="1.0.0", states=Succeed("Done"), reporter=reporter)


def test_reporters_of_carnation_and_of_definitions_are_loaded(tmp_path: Path) -> None:
    assert load_reporter(str(tmp_path), {}) is None
    assert load(tmp_path, EVENTS.entry_point) is EVENTS
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "orders.py").write_text(OWN)
    assert type(load(tmp_path, "definitions.orders:ORDERS")).__name__ == "Orders"
    with pytest.raises(WorkflowError, match="is not a reporter"):
        load(tmp_path, "definitions.orders:NOTHING")


@pytest.mark.parametrize(
    "point",
    [
        "evil:REPORTER", "os:system", "carnation.cli.deploy:main", "definitions:ORDERS",
        "../definitions.orders:ORDERS", "evil", "definitions.orders:ORDERS.pop",
    ],
)  # fmt: skip
def test_a_manifest_names_no_other_code_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(WorkflowError, match="is not loaded"):
        load(tmp_path, point)


def test_a_reporter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match=r"definitions/gone.py does not exist"):
        load(tmp_path, "definitions.gone:ORDERS")
