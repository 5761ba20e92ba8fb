"""The command that compares the tables with what AWS has today; nothing here asks AWS."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from carnation.services import INTEGRATIONS
from carnation.services.shapes import to_member_name

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_facts  # type: ignore[import-not-found]  # noqa: E402  a script, not a module


def write_wheel(path: Path, *calls: str) -> Path:
    """Write what is read of a wheel of aws-cdk-lib: one task class that makes calls."""
    text = ";".join(f'(0,x.integrationResourceArn)("{one}","{two}",p)' for one, two in
                    (call.split(":") for call in calls)).encode()  # fmt: skip
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as package:
        entry = tarfile.TarInfo("package/aws-stepfunctions-tasks/lib/task.js")
        entry.size = len(text)
        package.addfile(entry, io.BytesIO(text))
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("aws_cdk/_jsii/aws-cdk-lib@9.9.9.jsii.tgz", inner.getvalue())
    return path


def write_guide(folder: Path, service: str, call: str) -> Path:
    arn = "arn:aws:states:::"
    (folder / "supported-services-awssdk.md").write_text(f"| S3 | `{arn}aws-sdk:{service}:[x]` |")
    (folder / "integrate-optimized.md").write_text(f"[One](connect-one.md) `{arn}sqs:sendMessage`")
    (folder / "connect-one.md").write_text(f"`{arn}{call}.sync` `{arn}aws-sdk:s3:getObject`")
    return folder


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for botocore: reading all its models takes seconds."""
    monkeypatch.setattr(check_facts, "read_botocore", lambda: [("sqs", ["sendMessage"])])


def test_what_the_tables_hold_is_not_newer(tmp_path: Path, capsys: Any) -> None:
    wheel = write_wheel(tmp_path / "cdk.whl", "sqs:sendMessage", "http:invoke")
    write_guide(tmp_path, "s3", "glue:startJobRun")
    assert check_facts.main(["--cdk", str(wheel), "--pages", str(tmp_path)]) == 0
    assert "0 newer names in aws-cdk-lib, developer guide, botocore" in capsys.readouterr().out


def test_every_source_may_hold_a_newer_name(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = [("sqs", ["sendMessage", "sendFax"]), ("tomorrow", ["invoke"])]
    monkeypatch.setattr(check_facts, "read_botocore", lambda: newer)
    wheel = write_wheel(tmp_path / "cdk.whl", "sqs:sendFax")
    write_guide(tmp_path, "nextweek", "fax:send")
    assert check_facts.main(["--cdk", str(wheel), "--pages", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    for line in (
        "aws-cdk-lib: sqs:sendFax",
        "developer guide: aws-sdk:nextweek",
        "developer guide: fax:send",
        "botocore: aws-sdk:sqs:sendFax",
        "botocore: aws-sdk:tomorrow",
    ):
        assert f"{line} is not in" in told


def test_what_was_not_compared_is_named(capsys: Any) -> None:
    assert check_facts.main([]) == 0
    told = capsys.readouterr().out
    assert "not compared: aws-cdk-lib" in told
    assert "not compared: developer guide" in told


@pytest.mark.parametrize("options", [["--cdk", "README.md"], ["--pages", "nowhere"]])
def test_a_source_that_cannot_be_read_is_an_error(options: list[str], capsys: Any) -> None:
    assert check_facts.main(options) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_botocore_is_read_as_the_sdk_names_it() -> None:
    code = "import check_facts; print(*next(iter(check_facts.read_botocore()))[1])"
    env = {"PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert all(name[0].islower() for name in done.stdout.split()), done.stderr
    assert done.stdout.strip()


def test_the_harness_of_june_2026_is_known_and_java_renames_are_followed() -> None:
    assert INTEGRATIONS["bedrockagentcore:invokeHarness"].patterns == ("",)
    assert [to_member_name(name) for name in ("NULL", "Equals", "equals")] == [
        "Nul", "EqualsValue", "EqualsValue",
    ]  # fmt: skip


def test_a_workflow_runs_the_comparison_on_a_schedule() -> None:
    text = (ROOT / ".github" / "workflows" / "facts.yml").read_text(encoding="utf-8")
    assert "schedule:" in text
    assert "scripts/check_facts.py" in text
