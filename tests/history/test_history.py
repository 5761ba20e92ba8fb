"""A run, seen: its progress while it goes, and the page of what it did, in a browser too."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from carnation.cli import run
from carnation.engine import Execution, Failed, Outcome, Port, Succeeded, Task, compile_definition
from carnation.engine.history_export import export_event
from carnation.errors import CarnationError
from carnation.history import Progress, Recorded, record_run, render_page
from carnation.history.visits import read_visits
from tests.conftest import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_browser = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


class Script(Port):
    """Answers each task by its attempt: fails for the inputs that say so."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def perform(self, task: Task) -> Outcome:
        key = json.dumps(task.parameters)
        self.seen[key] = self.seen.get(key, 0) + 1
        fails = task.parameters.get("fails", 0) if isinstance(task.parameters, dict) else 0
        if self.seen[key] <= fails:
            return Failed("Broken", HOSTILE)
        return Succeeded({"done": HOSTILE} if len(self.seen) < 10 else {})


def make_definition(name: str = "Work") -> dict[str, Any]:
    retry = [{"ErrorEquals": ["Broken"], "MaxAttempts": 1, "IntervalSeconds": 2}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Sorry", "ResultPath": "$.error"}]
    work = {
        "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Retry": retry, "Catch": catch, "End": True,
    }  # fmt: skip
    inner = {"StartAt": name, "States": {name: work, "Sorry": {"Type": "Pass", "End": True}}}
    return {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "ItemProcessor": inner, "Next": "Done"},
                   "Done": {"Type": "Succeed"}, },
    }  # fmt: skip


def run_items(
    items: list[Any], name: str = "Work", *, mode: str = "INLINE"
) -> tuple[Recorded, Progress]:
    definition, progress = make_definition(name), Progress(keeps_children=True)
    if mode == "DISTRIBUTED":
        each = definition["States"]["Each"]
        each["ItemProcessor"]["ProcessorConfig"] = {"Mode": mode, "ExecutionType": "EXPRESS"}
    execution = Execution(
        compile_definition(definition), items, Script(), express=True,
        observe_child=progress.add_child,
    )  # fmt: skip
    while execution.step():
        pass
    history = [export_event(event) for event in execution.history]
    for event in history:
        progress.add(event)
    ended = SimpleNamespace(
        history=history, status=execution.status, error=execution.error, cause=execution.cause
    )
    return record_run(definition, ended, items, progress), progress


ITEMS = [{"n": 0}, {"n": 1, "fails": 1}, {"n": 2, "fails": 5}]


# while it goes


def test_progress_counts_items_failures_retries_and_the_rate() -> None:
    _, progress = run_items(ITEMS)
    assert (progress.done, progress.total, progress.failed, progress.retried) == (3, 3, 1, 2)
    assert re.match(r"3 of 3 items, 1 failed, 2 retried, [\d,.]+ items/s$", progress.format())


def test_without_a_map_progress_counts_events() -> None:
    progress = Progress(clock=iter([0.0, 0.05, 1.0, 1.01]).__next__)
    told = []
    for number in (1, 2, 3):
        progress.add({"id": number, "type": "PassStateEntered"})
        told.append(progress.is_due())
    assert told == [True, True, False]
    assert progress.format() == "3 events"


# the page


def visits_of(found: Recorded) -> Iterator[dict[str, Any]]:
    for row in found.rows:
        yield from [row["v"]] if "v" in row else row["w"]


def test_a_run_becomes_rows_of_states_and_items_with_what_went_wrong() -> None:
    found, _ = run_items(ITEMS)
    shown = [(row["d"], row["v"]["n"] if "v" in row else row["g"]) for row in found.rows]
    assert shown == [(0, "Each"), (1, "[0]"), (1, "[1]"), (1, "[2]"), (0, "Done")]
    states = [(visit["n"], visit["s"]) for visit in visits_of(found)]
    assert states[1:4] == [("Work", "ok"), ("Work", "retried"), ("Work", "failed")]
    retried = found.rows[2]["w"][0]
    assert (retried["r"], retried["e"]) == (2, [("Broken", HOSTILE)])
    assert 1.9 < retried["b"] - retried["a"] < 3  # what it waited on paper is time, too
    work, sorry = (
        "/States/Each/ItemProcessor/States/Work",
        "/States/Each/ItemProcessor/States/Sorry",
    )
    assert found.moves == {"/States/Each\n/States/Done": 1, f"{work}\n{sorry}": 1}


def test_the_page_holds_hostile_names_and_values_as_data_only() -> None:
    found, _ = run_items([{"n": HOSTILE}], name=HOSTILE[:80])
    page = render_page([found], HOSTILE)
    assert "<img" not in page
    assert "<script>document" not in page
    assert page.count("<script") == page.count("</script") == 2
    assert "default-src 'none'" in page
    assert not re.search(
        r" (src|href)=\"(?!#run)|url\(|@import|fetch\(|https?://(?!www\.w3\.org)", page
    )


def test_the_page_begins_with_the_runs_and_what_failed_first_of_all() -> None:
    items = [{"order_id": f"o-{n}", "fails": 9 * (n in (1, 3))} for n in range(5)]
    found, _ = run_items(items)
    failure = found.first_failure
    assert failure is not None
    told = (failure.state, failure.where, failure.error, failure.then)
    assert told == ("Work", "Each [1] (order_id o-1)", "Broken", "Sorry")
    assert [row.get("k") for row in found.rows[1:3]] == ["order_id o-0", "order_id o-1"]
    page = render_page([found, found], "t", ["all <of> them"])
    overview = page[page.index('class="overview"') : page.index('id="run1"')]
    for words in ("Of which waits", "Failed first in run 1", "o-1", "all &lt;of&gt; them"):
        assert words in overview
    assert page.count("<details><summary><h2>Run ") == 1  # the second is folded


def test_an_item_inside_a_batch_is_named_by_both_and_by_what_the_reporter_calls_it() -> None:
    each = make_definition()["States"]["Each"]
    outer = {"StartAt": "Each", "States": {"Each": {**each, "ItemsPath": "$.Items"}}}
    outer["States"]["Each"] = {**outer["States"]["Each"], "End": True}
    del outer["States"]["Each"]["Next"]
    whole = {"Type": "Map", "ItemsPath": "$", "ItemProcessor": outer, "End": True}
    definition = {"StartAt": "Batches", "States": {"Batches": whole}}
    batches = [{"Items": [{"n": 1}, {"n": 2, "fails": 9}]}]
    execution = Execution(compile_definition(definition), batches, Script(), express=True)
    execution.run()
    history = [export_event(event) for event in execution.history]
    ended = SimpleNamespace(history=history, status="SUCCEEDED", error=None, cause=None)
    found = record_run(
        definition, ended, batches, name_item=lambda one: f"no {one['n']}" if "n" in one else ""
    )
    assert found.first_failure is not None
    assert found.first_failure.where == "Batches [0] (a batch of 2), Each [1] (no 2)"


def test_a_run_without_a_history_is_one_clear_line() -> None:
    ended = SimpleNamespace(history=[], status="SUCCEEDED", error=None, cause=None)
    with pytest.raises(CarnationError, match=r"^run 2 has no history, from which"):
        record_run(make_definition(), ended, {}, number=2)


# the verb


def report(path: Path, *more: str) -> int:
    given = json.dumps({"start_seq": 1, "end_seq": 4})
    return run.main(["carnation", "--in-process", "--input", given, "--report", str(path), *more])


def test_run_writes_the_page_of_all_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    path = tmp_path / "report.html"
    assert report(path, "--fail", "2", "--runs", "2") == 0
    captured = capsys.readouterr()
    assert captured.out.endswith(f"report: {path}\n")
    assert captured.err == ""  # nobody watches
    page = path.read_text(encoding="utf-8")
    assert page.count("<section") == 3
    assert page.index("Where every item is") < page.index('id="run1"')
    assert "of ProcessEvents [1] (event 2)" in page
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_terminal_shows_how_far_a_run_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("carnation.console.is_terminal", lambda stream: True)
    monkeypatch.setattr("carnation.history.progress._EVERY", 0)
    given = json.dumps({"start_seq": 1, "end_seq": 4})
    assert run.main(["carnation", "--in-process", "--input", given, "--fail", "2"]) == 1
    lines = capsys.readouterr().err.split("\r\x1b[K")
    assert any(
        re.match(r"  run 1: 3 of 3 items, 1 failed, [\d.,]+ items/s$", line) for line in lines
    )


def test_a_report_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert report(tmp_path / "nowhere" / "report.html") == 2
    assert "--report: cannot write" in capsys.readouterr().err
    assert report(tmp_path) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not list(tmp_path.parent.glob("*.part"))


def test_the_children_of_a_distributed_map_are_counted_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("carnation.console.is_terminal", lambda stream: True)
    monkeypatch.setattr("carnation.history.progress._EVERY", 0)
    path, given = tmp_path / "report.html", json.dumps({"start_seq": 1, "end_seq": 121})
    words = ["--in-process", "--input", given, "--fail", "3", "--report", str(path)]
    assert run.main(["distributed", *words]) == 1
    assert "120 of 120 items, 1 failed" in capsys.readouterr().err
    page = path.read_text(encoding="utf-8")
    (data,) = json.loads(page.split('id="data">')[1].split("</script>")[0])
    counts = {name: (one["count"], one.get("failed", 0)) for name, one in data["states"].items()}
    assert counts["ProcessEvent"] == (120, 1)
    assert (counts["BatchDone"], counts["NoteFailed"]) == ((2, 0), (1, 0))
    owners = [f"{row['o']} {row['g']}" for row in data["rows"] if row["d"] == 1]
    assert owners == ["ProcessBatches [0]", "ProcessBatches [1]"]
    assert sum(row.get("o") == "ProcessEvents" for row in data["rows"]) == 120
    assert '<th scope="row">ProcessBatches<td>2<td><td><td>120<td>' in page


# in a browser


def browse(folder: Path, page: str, probe: str = "") -> dict[str, Any]:
    """Show the page; with its policy as it is, or with a probe added in its place."""
    assert CHROMIUM
    path = folder / "page.html"
    if probe:
        page = re.sub(r"<meta http-equiv[^>]*>", "", page)
        script = f"(async () => {{{probe}}})().then(found => {{document.body.dataset.found = "
        page += f"<script>{script}JSON.stringify(found)}})</script>"
    path.write_text(page, encoding="utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom",
        path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'data-found="([^"]*)"', done.stdout)
    value = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&")) if found else {}
    return {**value, "dom": done.stdout}


@in_browser
@pytest.mark.slow
def test_the_policy_lets_the_pages_own_script_run_and_no_other(tmp_path: Path) -> None:
    found, _ = run_items([{"n": HOSTILE}, {"n": 1, "fails": 5}], name=HOSTILE[:80])
    page = render_page([found], "t").replace(
        "</main>", "<script>document.title='in'</script></main>"
    )
    dom = browse(tmp_path, page)["dom"]
    assert "<title>carnation run: t</title>" in dom
    assert dom.count('class="row"') == 4
    assert "ran-failed" in dom


@in_browser
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_five_thousand_items_are_a_few_dozen_rows_of_html(tmp_path: Path, mode: str) -> None:
    found, _ = run_items([{"n": n, "fails": n % 10 // 9} for n in range(5000)], mode=mode)
    seen = browse(
        tmp_path,
        render_page([found], "many"),
        """
        const list = document.querySelector('.timeline'), times = [];
        for (let n = 0; n < 50; n += 1) {
          const begun = performance.now();
          list.scrollTop = n * 2400;
          list.dispatchEvent(new Event('scroll'));
          times.push(performance.now() - begun);
        }
        const rows = document.querySelectorAll('.row').length;
        const press = key => list.dispatchEvent(new KeyboardEvent('keydown', {key}));
        press('End'); press('ArrowUp'); press('Enter');
        const shown = document.querySelector('aside h3').textContent;
        document.querySelector('aside details').open = true;
        await new Promise(resolve => setTimeout(resolve, 50));
        const value = document.querySelector('aside details pre').textContent;
        document.querySelector('button[data-kind=retried]').click();
        const said = document.querySelector('[role=status]').textContent;
        document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}));
        const hidden = document.getElementById('detail').hidden;
        return {rows, shown, value, said, hidden};
        """,
    )
    assert seen["rows"] < 100
    assert seen["shown"] == "Each [4999]"
    assert json.loads(seen["value"]) == {"n": 4999, "fails": 1}
    assert seen["said"] == "500 of 5,002 rows"
    assert seen["hidden"] is True


@pytest.mark.parametrize("stamp", ["x\x1b]0;owned\x07", [1], 1e999, -1.0])
def test_a_timestamp_that_is_none_is_an_error_that_names_it(stamp: Any) -> None:
    with pytest.raises(CarnationError, match="which is no time"):
        read_visits([{"id": 1, "type": "ExecutionStarted", "timestamp": stamp}])
