"""The pages of docs/ do what they say: their examples are built and run."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from carnation.__main__ import main
from carnation.artifacts import read_artifacts
from carnation.cli import adopt
from carnation.emulator import Emulator
from tests.conftest import ROOT
from tests.forked import run_pytest
from tests.pages import list_paragraphs

# the vendors' warnings are not ours
pytestmark = [pytest.mark.early, pytest.mark.filterwarnings("default")]


def read_examples(page: str) -> list[str]:
    """Return a page's Python examples, from top to bottom."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def test_no_paragraph_of_a_page_is_longer_than_90_words() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    long = [
        (page.name, text[:60])
        for page in pages
        for text in list_paragraphs(page.read_text("utf-8"))
        if len(text.split()) > 90
    ]
    assert long == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out the workflow of `your-own.md`, from the page alone."""
    definition, handler, *_ = read_examples("your-own.md")
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "charge_order.py").write_text(definition)
    (tmp_path / "lambdas" / "charge_order").mkdir(parents=True)
    (tmp_path / "lambdas" / "charge_order" / "handler.py").write_text(handler)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("amount", "status"), [(20, 0), (200, 1)])
def test_a_workflow_of_your_own_is_built_and_run_as_the_page_says(
    project: Path, capsys: pytest.CaptureFixture[str], amount: int, status: int
) -> None:
    assert main(["build", "charge-order"]) == 0
    given = json.dumps({"order": 7, "amount": amount})
    assert main(["run", "charge-order", "--input", given, "--in-process"]) == status
    out = capsys.readouterr().out
    assert ("The card was declined" in out) is bool(status)
    assert ('{"order": 7, "charged": true}' in out) is not bool(status)


def test_the_order_workflow_of_the_resources_page_is_built_run_and_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    definition, handler, test, grants, setting, setting_handler, watched = read_examples(
        "resources.md"
    )
    test += read_examples("testing.md")[1]
    for path, text in (
        ("definitions/shop.py", definition),
        ("lambdas/check_order/handler.py", handler),
        ("tests/test_shop.py", test),
        ("definitions/prices.py", setting),
        ("lambdas/price_order/handler.py", setting_handler),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 0
    assert main(["lint"]) == 0
    detail = {"id": "o1", "items": [{"sku": "a", "price": 3, "count": 2}]}
    event = {"source": "web", "detail-type": "OrderPlaced", "detail": detail}
    Path("placed.json").write_text(json.dumps(event))
    assert main(["run", "shop", "--event", "placed.json", "--show", "orders", "--in-process"]) == 0
    out = capsys.readouterr().out
    assert "SUCCEEDED" in out
    assert '{"id": "o1", "total": 6}' in out
    done = run_pytest(tmp_path, "-q", "tests")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    for example in (grants, watched):
        exec(compile(example, "docs/resources.md", "exec"), {})
    template = (tmp_path / "build/prices/cft/prices-root-stack.yaml").read_text()
    assert "LOG_LEVEL: !Ref LogLevel" in template


def test_the_proof_of_the_tour_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "tour.md").read_text()
    (definition,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    ((command, output),) = re.findall(r"```console\n\$ carnation (.*?)\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("pay.asl.json").write_text(definition)
    assert main(command.split()) == 1
    assert capsys.readouterr().out == output


def test_a_graph_of_the_plain_sdk_is_built_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carnation.states.sdk import sdk

    # the SDK's own front needs sagemaker; its classes are these
    monkeypatch.setitem(sys.modules, "stepfunctions.steps", sdk)
    monkeypatch.setitem(sys.modules, "stepfunctions", sdk)
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "plain.py").write_text(read_examples("your-own.md")[2])
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 0
    path = tmp_path / "build" / "plain" / "code" / "state-machine" / "plain.asl.json"
    assert list(json.loads(path.read_text())["States"]) == ["Note", "Done"]


def test_the_tree_is_uploaded_by_hand_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("build", "definitions", "lambdas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    with Emulator() as emulator:
        emulator.client("s3").create_bucket(Bucket="my-artifacts")
        exec(compile(read_examples("your-own.md")[-1], "docs/your-own.md", "exec"), {})
        artifacts = read_artifacts(str(ROOT), "carnation")
        assert emulator.objects("my-artifacts") == artifacts.list_uploads()
    assert capsys.readouterr().out.strip() == artifacts.find_key("-root-stack.yaml")


def test_the_example_of_the_emulators_page_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = read_examples("emulator.md")
    exec(compile(example, "docs/emulator.md", "exec"), {})
    assert "FAILED EventsFailed [Message(" in capsys.readouterr().out


def test_the_definition_of_the_adopting_page_is_adopted_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "adopt.md").read_text()
    (definition,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("orders.asl.yaml").write_text(definition)
    assert adopt.main(["orders.asl.yaml"]) == 0
    assert [capsys.readouterr().out] == read_examples("adopt.md")


def test_the_examples_of_the_permissions_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    for example in read_examples("permissions.md"):
        exec(compile(example, "docs/permissions.md", "exec"), {})
    first, second, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("('glue:BatchStopJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', ")
    assert second == "  Load glue:StartJobRun - calls glue:startJobRun"
    assert last == "SendMessage True"


def test_the_proof_of_an_own_workflow_goes_as_the_page_says(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", "charge-order"]) == 0
    capsys.readouterr()
    (example,) = read_examples("proof.md")
    exec(compile(example, "docs/proof.md", "exec"), {})
    holds, broken, *scenario = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"holds in \d+ scenarios", holds)
    assert broken == "order 7 was charged 2 times."
    assert any("✗" in line for line in scenario)


def test_the_example_of_the_estimates_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = read_examples("estimate.md")
    exec(compile(example, "docs/estimate.md", "exec"), {})
    counts, breaks = capsys.readouterr().out.splitlines()
    assert counts == "4006 1002 9011"
    assert breaks == "6249"  # 4 for each item, 6 for the run; the event numbered 25,000 ends it


@pytest.mark.parametrize("example", read_examples("language.md"))
def test_the_examples_of_the_language_run(example: str) -> None:
    exec(compile(example, "docs/language.md", "exec"), {"__name__": "example"})


def test_the_proof_of_a_variant_goes_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = read_examples("variants.md")
    exec(compile(example, "docs/variants.md", "exec"), {})
