"""What cfn-lint and checkov say of the built templates, and that their exceptions are explained."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.stacks.test_roles import LOG_DELIVERY, list_role_grants
from tests.stacks.test_stacks import NAMES, WITH_FILES, build, list_resources, read_templates

Exceptions = set[tuple[str, str, str]]
# what cloudformation-validate says of a value that a condition keeps from being used
MISUNDERSTOOD = {
    ("W1001", "KeyArn"),
    ("W1030", "KeyArn"),
    ("W1030", "QueueSchedule"),
    ("W1030", "StateMachine"),
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay the templates of the workflows out as files."""
    folder = tmp_path_factory.mktemp("templates")
    for name in NAMES:
        for path, text in build(name).files.items():
            if path.startswith("cft/"):
                (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / name / path).write_text(text, encoding="utf-8")
    return folder


def lint(paths: list[Path]) -> list[str]:
    """Lint templates with one runner, so that the rules are loaded once."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    runner = Runner(ConfigMixIn([], templates=[str(path) for path in paths]))
    return [f"{match.filename}: {match.rule.id} {match.message}" for match in runner.run()]


def list_exceptions(name: str) -> Exceptions:
    """List `(type of resource, rule, reason)` for each check that a resource's metadata skips."""
    found: Exceptions = set()
    for resource in list_resources(name).values():
        metadata = resource.get("Metadata", {})
        for row in metadata.get("checkov", {}).get("skip", ()):
            found.add((resource["Type"], row["id"], row["comment"]))
        for rule in metadata.get("cfn-lint", {}).get("config", {}).get("ignore_checks", ()):
            found.add((resource["Type"], rule, metadata["cfn-lint"]["reason"]))
    return found


def list_documented() -> Exceptions:
    """List what docs/stacks.md says of the same: the rows of its table of exceptions."""
    text = (ROOT / "docs" / "stacks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(AWS::[^`]+)` \| `([^`]+)` \| (.+) \|$", text, re.MULTILINE)
    return {(kind, rule, reason) for kind, rule, reason in rows}


@pytest.mark.early
@pytest.mark.parametrize(
    "of", ["each kind", pytest.param("each workflow", marks=pytest.mark.exhaustive)]
)
def test_cfn_lint_finds_nothing_in_any_template(templates: Path, of: str) -> None:
    paths = sorted(templates.rglob("*.yaml"))
    assert len(paths) == 7 * len(NAMES) + len(WITH_FILES)
    # workflows share nested stacks to the byte: each text is read once
    different = sorted({path.read_text("utf-8"): path for path in paths}.values())
    if of == "each kind":  # a root stack is one of its own
        different = sorted({path.name: path for path in different}.values())
        assert len(different) >= len(NAMES) + 7
    assert lint(different) == []


def test_cfn_lint_would_find_a_misspelled_property_or_parameter(
    templates: Path, tmp_path: Path
) -> None:
    text = (templates / "carnation/cft/nested-stacks/sqs-stack.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        text.replace("VisibilityTimeout", "VisibleTimeout").replace("!Ref KeyArn", "!Ref Key", 1),
        encoding="utf-8",
    )
    assert {re.sub(r".*: (\w+) .*", r"\1", found) for found in lint([broken])} == {"E1020", "E3002"}


def validate(paths: list[Path]) -> set[tuple[str, str, str]]:
    """Validate templates with AWS's own engine: `(file, rule, entity)` from warnings on."""
    validator = pytest.importorskip(
        "cloudformation_validate", reason="cloudformation-validate is not installed"
    )
    engine = validator.CompositeEngine()
    config = validator.ValidateConfig(severity_level=validator.Severity.WARN)
    return {
        (path.name, found.rule_id, found.entity.logical_id)
        for path in paths
        for found in engine.validate_template(str(path), config).diagnostics
    }


def test_cloudformation_validate_finds_nothing_but_what_it_misunderstands(templates: Path) -> None:
    found = validate(sorted(templates.rglob("*.yaml")))
    assert {name for name, _, _ in found} == {f"{name}-root-stack.yaml" for name in NAMES}
    assert {row[1:] for row in found} == MISUNDERSTOOD
    text = (ROOT / "docs" / "stacks.md").read_text(encoding="utf-8")
    assert all(f"`{rule}`" in text for rule, _ in MISUNDERSTOOD)


def test_cloudformation_validate_would_find_a_property_that_is_none(
    templates: Path, tmp_path: Path
) -> None:
    text = (templates / "carnation/cft/nested-stacks/sqs-stack.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("VisibilityTimeout", "VisibleTimeout"), encoding="utf-8")
    assert ("broken.yaml", "F3002", "Queue") in validate([broken])


def test_no_settings_of_the_project_ignore_a_check_for_all_templates() -> None:
    names = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml", ".checkov.yaml", ".checkov.yml")
    assert [name for name in names if (ROOT / name).exists()] == []
    for workflow in NAMES:
        for template in read_templates(workflow).values():
            assert "cfn-lint" not in template.get("Metadata", {})


def test_every_exception_has_a_reason_and_stands_in_the_documentation() -> None:
    written = {row for name in NAMES for row in list_exceptions(name)}
    assert all(len(reason.split()) > 6 for _, _, reason in written)
    assert written == list_documented()


def test_the_documentation_names_every_parameter_alarm_and_action() -> None:
    text = (ROOT / "docs" / "stacks.md").read_text(encoding="utf-8")
    names = set(read_templates("carnation")["root"]["Parameters"])
    for workflow in NAMES:
        for role in list_resources(workflow, "AWS::IAM::Role").values():
            for action, *_ in list_role_grants(role["Properties"]):
                if not (action.startswith("logs:") and action.partition(":")[2] in LOG_DELIVERY):
                    names.add(action.partition(":")[2])
        for alarm in list_resources(workflow, "AWS::CloudWatch::Alarm").values():
            names.add("-" + alarm["Properties"]["AlarmName"]["Fn::Sub"].rpartition("-")[2])
    assert {name for name in names if f"`{name}`" not in text and f"{name}`" not in text} == set()


def find_checkov() -> str | None:
    """Find checkov: named by CHECKOV, or on PATH. It is large, so no test needs it."""
    return os.environ.get("CHECKOV") or shutil.which("checkov")


def run_checkov(program: str, folder: Path) -> dict[str, Any]:
    options = ["--framework", "cloudformation", "--output", "json", "--skip-download"]
    done = subprocess.run(
        [program, "--directory", str(folder), *options],
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9"},  # nothing leaves this machine
        capture_output=True,
        text=True,
        timeout=300,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.slow
def test_checkov_fails_nothing_and_skips_only_what_is_excepted(templates: Path) -> None:
    program = find_checkov()
    if program is None:
        pytest.skip("checkov is not installed; name it by CHECKOV, or put it on PATH")
    report = run_checkov(program, templates)
    assert report["results"]["failed_checks"] == []
    assert report["summary"]["passed"] > 100
    skipped = {
        (
            check["resource"].rpartition(".")[0],
            check["check_id"],
            check["check_result"]["suppress_comment"],
        )
        for check in report["results"]["skipped_checks"]
    }
    assert skipped == {row for name in NAMES for row in list_exceptions(name)}
