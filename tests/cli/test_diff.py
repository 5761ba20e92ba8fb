"""The verb diff: targets, formats, the verdict, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from carnation.changes import KINDS, Change
from carnation.changes.formats.html import render_page
from carnation.changes.formats.json import make_report
from carnation.changes.formats.markdown import MARK, MAX_COMMENT_LENGTH, escape, render_markdown
from carnation.changes.formats.marks import find_state, mark_changes
from carnation.changes.formats.pictures import draw_changed
from carnation.changes.formats.spans import code, format_change
from carnation.changes.formats.text import render_text
from carnation.changes.reviews import Review, VersionBump, check_version_bump, sort_changes
from carnation.changes.reviews.code import find_package
from carnation.cli.diff import main
from carnation.document import dump_json
from tests.changes.test_definitions import BASE, GONE, edit
from tests.changes.test_templates import BASE as TEMPLATE
from tests.changes.test_templates import R

ROOT = Path(__file__).parents[2]
WAIT = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "End": True}}}
LONGER = edit(WAIT, "/States/A/Seconds", 2)


def run_git(*arguments: str) -> str:
    names = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    made = subprocess.run(["git", *names, *arguments], capture_output=True, text=True, check=True)
    return made.stdout


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def repository(folder: Path) -> Path:
    """A repository whose one commit holds a definition that waits, and one that does not."""
    run_git("init", "-q")
    write("a.asl.json", WAIT)
    write("b.asl.json", BASE)
    run_git("add", ".")
    run_git("commit", "-qm", "one")
    return folder


def write(path: str, value: Any) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    text = value if isinstance(value, str) else dump_json(value)
    Path(path).write_text(text, encoding="utf-8")
    return path


def build(folder: str, definition: Any, template: Any, version: str, package: str = "1") -> None:
    """Write a built workflow, as far as diff looks at it."""
    name = folder.rpartition("/")[2]
    write(f"{folder}/code/state-machine/{name}.asl.json", definition)
    write(f"{folder}/cft/{name}-root-stack.json", template)
    artifacts = {"code/python/f.zip": {"sha256": package}}
    write(f"{folder}/manifest.json",
          {"workflow": name, "version": version, "artifacts": artifacts})  # fmt: skip


def read_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main([*arguments, "--format", "json"])
    return json.loads(capsys.readouterr().out)


def list_kinds(report: Any) -> set[str]:
    return {change["kind"] for review in report["reviews"] for change in review["changes"]}


# targets


def test_two_files_are_compared_whatever_they_are_called(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write("old.json", WAIT), write("new.asl.json", LONGER)]) == 0
    assert "Seconds: 1 to 2" in capsys.readouterr().out


def test_without_words_head_is_compared_with_the_working_tree(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == "nothing changed\n"
    write("a.asl.json", LONGER)
    main([])
    assert "A  waits longer; Seconds: 1 to 2" in capsys.readouterr().out


def test_a_file_alone_is_compared_with_head(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a.asl.json", LONGER)
    write("b.asl.json", WAIT)
    report = read_json(capsys, "a.asl.json")
    assert [review["name"] for review in report["reviews"]] == ["a.asl.json"]


def test_a_folder_alone_is_compared_with_head(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("in/c.asl.json", WAIT)
    assert list_kinds(read_json(capsys, "in")) == {"workflow-added"}


def test_two_revisions_are_compared_and_so_are_a_revision_and_a_file(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a.asl.json", LONGER)
    run_git("commit", "-qam", "two")
    assert list_kinds(read_json(capsys, "HEAD~1", "HEAD")) == {"wait-changed"}
    assert list_kinds(read_json(capsys, "HEAD~1")) == {"wait-changed"}
    assert list_kinds(read_json(capsys, "HEAD~1", "a.asl.json")) == {"wait-changed"}
    assert list_kinds(read_json(capsys, "a.asl.json", "HEAD~1")) == {"wait-changed"}


def test_files_that_come_and_go_are_reported_in_one_record(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.remove("a.asl.json")
    write("new/c.asl.json", WAIT)
    write("new/t.json", TEMPLATE)
    write("notes.json", {"Resources": 5})
    report = read_json(capsys)
    found = {(c["kind"], r["name"]) for r in report["reviews"] for c in r["changes"]}
    assert found == {
        ("workflow-removed", "a.asl.json"), ("workflow-added", "new/c.asl.json"),
        ("workflow-added", "new/t.json"),
    }  # fmt: skip


def test_git_is_only_read(repository: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    main(["HEAD"])
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before


def test_links_are_not_followed_out_of_a_revision(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.symlink("/etc/passwd", "c.asl.json")
    run_git("add", ".")
    run_git("commit", "-qm", "link")
    os.remove("c.asl.json")
    assert main([]) == 0


# built workflows and templates


def test_built_workflows_are_compared_with_templates_packages_and_versions(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = edit(BASE, "/States/Put/Credentials", GONE)  # so the call is made with the machine's role
    send = edit(own, "/States/Put/TimeoutSeconds", 60)
    poor = edit(TEMPLATE, f"{R}/Role/Properties/Policies/0/PolicyDocument/Statement/0/Action",
                "sqs:DeleteMessage")  # fmt: skip
    build("old/build/w", own, TEMPLATE, "1.0.0")
    build("new/build/w", send, poor, "1.0.0", package="2")
    write("new/stray.asl.json", WAIT)
    report = read_json(capsys, "old", "new")
    (review,) = report["reviews"]
    assert list_kinds(report) == {
        "timeout-raised", "permission-narrowed", "action-lost", "code-unversioned"
    }  # fmt: skip
    assert review["changes"][0]["kind"] == "action-lost"
    assert review["bump"] == {"wanted": "major", "made": "none", "enough": False}
    assert report["impact"] == review["impact"] == "dangerous"
    assert review["changes"][0]["document"] == "build/w/cft/w-root-stack.json"


def test_a_call_under_the_role_of_its_credentials_loses_nothing_with_the_machines_role(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poor = edit(TEMPLATE, f"{R}/Role/Properties/Policies/0/PolicyDocument/Statement/0/Action",
                "sqs:DeleteMessage")  # fmt: skip
    build("old/build/w", BASE, TEMPLATE, "1.0.0")
    build("new/build/w", BASE, poor, "1.1.0")
    assert list_kinds(read_json(capsys, "old", "new")) == {"permission-narrowed"}


def test_a_built_workflow_that_replaces_a_different_one_is_no_renamed_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build("old/build/hello", WAIT, TEMPLATE, "1.0.0")
    build("new/build/restock", BASE, TEMPLATE, "1.0.0")
    report = read_json(capsys, "old", "new")
    found = {(review["name"], change["kind"]) for review in report["reviews"]
             for change in review["changes"]}  # fmt: skip
    assert found == {("hello", "workflow-removed"), ("restock", "workflow-added")}


def test_a_renamed_workflow_is_found_among_others_by_its_states(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build("old/build/hello", WAIT, TEMPLATE, "1.0.0")
    build("old/build/orders", BASE, TEMPLATE, "1.0.0")
    build("new/build/shop", edit(BASE, "/States/Put/TimeoutSeconds", 60), TEMPLATE, "2.0.0")
    report = read_json(capsys, "old", "new")
    kinds = {r["name"]: {change["kind"] for change in r["changes"]} for r in report["reviews"]}
    assert kinds.keys() == {"hello", "shop"}
    assert kinds["shop"] == {"workflow-renamed", "timeout-raised"}
    assert main(["old", "new"]) == 0
    told = capsys.readouterr().out
    assert "shop  was renamed from 'orders'" in told
    assert "they need its new ARN" in told


def test_two_built_folders_that_were_named_are_compared_whatever_they_are_called(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build("build/hello", WAIT, TEMPLATE, "1.0.0")
    build("build/longer", LONGER, TEMPLATE, "1.0.0")
    assert "wait-changed" in list_kinds(read_json(capsys, "build/hello", "build/longer"))


def test_what_the_manifests_declare_is_compared(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, needed in (("old", []), ("new", ["id"])):
        build(f"{side}/build/w", BASE, TEMPLATE, "1.0.0")
        path = Path(f"{side}/build/w/manifest.json")
        shape = {"type": "object", "required": needed}
        path.write_text(dump_json({**json.loads(path.read_text()), "declared": {"input": shape}}))
    (review,) = read_json(capsys, "old", "new")["reviews"]
    (change,) = review["changes"]
    assert (change["kind"], change["document"], change["pointer"], change["sentence"]) == (
        "declared-input-narrowed", "build/w/manifest.json",
        "/declared/input/properties/id", "has to have id",
    )  # fmt: skip
    assert main(["old", "new", "--format", "html"]) == 0
    assert "has to have id" in capsys.readouterr().out


def test_a_workflow_without_templates_still_names_its_packages(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, package in (("old", "1"), ("new", "2")):
        build(f"{side}/build/w", BASE, TEMPLATE, "1.0.0", package)
    assert list_kinds(read_json(capsys, "old", "new")) == {"code-unversioned"}
    build("new/build/w", BASE, TEMPLATE, "1.1.0", "2")
    assert list_kinds(read_json(capsys, "old", "new")) == set()


def test_a_definition_inside_a_template_is_compared_where_it_stands(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": WAIT}}
    old = {"Resources": {"M": machine}}
    new = edit(old, f"{R}/M/Properties/Definition/States/A/Seconds", 2)
    report = read_json(capsys, write("a.json", old), write("b.json", new))
    (change,) = report["reviews"][0]["changes"]
    assert change["pointer"] == "/Resources/M/Properties/Definition/States/A/Seconds"
    gone = edit(old, f"{R}/M", {"Type": "AWS::SNS::Topic"})
    assert "state-removed" in list_kinds(read_json(capsys, "a.json", write("c.json", gone)))
    back = read_json(capsys, "c.json", "a.json", "--format", "html")
    assert back is not None


def test_a_text_that_is_no_definition_is_compared_as_a_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = {"Type": "AWS::StepFunctions::StateMachine",
               "Properties": {"DefinitionString": "{", "RoleArn": "r"}}  # fmt: skip
    old = {"Resources": {"M": machine}}
    new = edit(old, f"{R}/M/Properties/DefinitionString", json.dumps(WAIT))
    text = edit(old, f"{R}/M/Properties/DefinitionString", json.dumps(LONGER))
    first = read_json(capsys, write("a.json", old), write("b.json", new))
    assert list_kinds(first) == {"property-changed"}
    second = read_json(capsys, "b.json", write("c.json", text))
    assert list_kinds(second) == {"wait-changed"}


def test_what_nests_deeper_than_anybody_writes_is_compared_or_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for depth in (300, 3000, 30_000):
        for number in (1, 2):
            result = "[" * depth + str(number) + "]" * depth
            state = f'{{"A": {{"Type": "Pass", "Result": {result}}}}}'
            write(f"{number}.asl.json", f'{{"StartAt": "A", "States": {state}}}')
        for form in ("text", "json", "html"):  # how deep a reader goes depends on Python
            status = main(["1.asl.json", "2.asl.json", "--format", form])
            assert status == 0 or depth > 1000
            assert capsys.readouterr().err.count("\n") == status // 2


def test_yaml_is_read_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: {}\n"
    old, new = write("a.yaml", text.format("!Sub a")), write("b.yaml", text.format("!Sub b"))
    assert list_kinds(read_json(capsys, old, new)) == {"data-replaced"}


def test_white_space_is_one_cosmetic_change(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = write("flat.asl.json", json.dumps(WAIT))
    assert list_kinds(read_json(capsys, write("a.asl.json", WAIT), flat)) == {"layout-changed"}
    main(["a.asl.json", flat])
    assert "and 1 cosmetic change: layout-changed" in capsys.readouterr().out


# the verdict


@pytest.mark.parametrize(
    ("level", "status"),
    [("cosmetic", 1), ("behavioral", 1), ("breaking", 0), ("dangerous", 0), ("never", 0)],
)
def test_the_status_says_whether_a_change_reaches_the_level(
    folder: Path, level: str, status: int
) -> None:
    old, new = write("a.asl.json", WAIT), write("b.asl.json", LONGER)
    assert main([old, new, "--fail-on", level]) == status


def test_an_accepted_change_is_reported_with_its_reason_and_counts_no_more(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = write("a.asl.json", WAIT), write("b.asl.json", LONGER)
    fingerprint = read_json(capsys, old, new)["reviews"][0]["changes"][0]["fingerprint"]
    write("accepted-changes.json",
          {"accepted": [{"fingerprint": fingerprint, "reason": "it may take longer"}]})  # fmt: skip
    assert main([old, new, "--fail-on", "cosmetic"]) == 0
    assert "it may take longer" in capsys.readouterr().out
    report = read_json(capsys, old, new)
    assert report["impact"] is None
    assert report["reviews"][0]["accepted"][0]["accepted"] == "it may take longer"
    main([old, new, "--format", "markdown"])
    assert "every change is accepted" in capsys.readouterr().out
    main([old, new, "--format", "html"])
    assert "it may take longer" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", '{"accepted": [5]}', '{"accepted": [{"fingerprint": "a"}]}',
     '{"accepted": [{"fingerprint": "a", "reason": " "}]}'],
)  # fmt: skip
def test_who_accepts_says_why(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    old = write("a.asl.json", WAIT)
    assert main([old, old, "--accepted", write("fine.json", text)]) == 2
    assert "fine.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "impact", "bump"),
    [
        ("1.2.3", "1.2.3", "behavioral", VersionBump("minor", "none")),
        ("1.2.3", "1.2.4", "cosmetic", VersionBump("none", "patch")),
        ("1.2.3", "1.3.0", "behavioral", VersionBump("minor", "minor")),
        ("1.2.3", "2.0.0", "dangerous", VersionBump("major", "major")),
        ("1.2.3", "1.1.0", "breaking", VersionBump("major", "none")),
        ("0.2.3", "0.3.0", "breaking", VersionBump("minor", "minor")),
        ("0.2.3", "0.2.4", "behavioral", VersionBump("patch", "patch")),
        ("1.0", "1.1", "breaking", None),
    ],
)
def test_the_version_is_asked_for_by_the_worst_change(
    old: str, new: str, impact: str, bump: VersionBump | None
) -> None:
    assert check_version_bump(old, new, impact) == bump


def test_permissions_come_first_then_the_worst_then_data() -> None:
    kinds = ["comment-changed", "state-removed", "cycle-added", "catch-loses-input",
             "permission-narrowed", "data-orphaned"]  # fmt: skip
    ordered = [c.kind for c in sort_changes(Change(kind, "", "", "") for kind in kinds)]
    assert ordered == ["permission-narrowed", "catch-loses-input", "data-orphaned",
                       "cycle-added", "state-removed", "comment-changed"]  # fmt: skip


# formats


def make_review(count: int = 1, name: str = "w", subject: str = "A") -> Review:
    changes = [Change("state-removed", f"/States/{n}", subject, f"was removed {n}", old=True)
               for n in range(count)]  # fmt: skip
    return Review(name, "1.0.0", "1.1.0", changes, [], [])


def test_every_line_fits_the_terminal() -> None:
    review = make_review(3, subject="A state with a rather long name, as people give them")
    for width in (20, 40, 71, 72, 100, 200):
        lines = list(render_text([review, review], width, color=False))
        assert max(map(len, lines[1:3])) <= max(width, 40)
        assert all(len(line) <= max(width, 40) for line in lines)


def test_color_is_laid_around_words_and_changes_none() -> None:
    review = make_review()
    plain = "\n".join(render_text([review], 80, color=False))
    colored = "\n".join(render_text([review], 80, color=True))
    assert "\x1b[31mbreaking" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_control_codes_of_a_foreign_document_reach_no_terminal() -> None:
    text = "\n".join(render_text([make_review(subject="a\x1b]0;x\x07")], 80, color=False))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_comment_is_found_again_and_fits() -> None:
    reviews = [make_review(3000, name=f"w{n}") for n in range(3)]
    text = render_markdown(reviews)
    assert text.startswith(MARK)
    assert MAX_COMMENT_LENGTH - 1000 < len(text) < 65_000
    assert re.search(r"… and \d+ more changes\.", text)
    assert "… and 2 more changes that are not shown." in text


def test_a_comment_without_changes_says_so() -> None:
    assert "no changes" in render_markdown([])


def test_names_are_text_in_a_comment_and_nothing_else() -> None:
    name = "<script>|@somebody `x` [l](http://e) *b*"
    assert escape(name) == ("&lt;script&gt;\\|&#64;somebody \\`x\\` \\[l\\](http:&#47;/e) \\*b\\*")
    text = render_markdown([make_review(subject=name)])
    assert code(name) in text
    assert name not in text
    assert not {"<script", "`x`", "|@"} & set(re.findall(r"<script|`x`|\|@", text))


def test_a_comment_begins_with_a_verdict_and_says_why_and_for_whom() -> None:
    changes = [
        Change("permission-narrowed", "", "Role", "lost sqs:SendMessage"),
        Change("state-removed", "/States/Charge", "Charge", "was removed", old=True),
    ]
    text = render_markdown([Review("w", "0.9.0", "0.9.0", sort_changes(changes), [], [])], "a to b")
    verdict = text.splitlines()[5]
    assert verdict.startswith("**Breaking**: ")
    assert "Needs version 0.10.0; the version is unchanged (0.9.0)." in verdict
    assert "1 more change: 1 breaking." in verdict
    rows = [line for line in text.splitlines() if line.startswith("| 🟠")]
    assert ["`Role`" in rows[0], "`Charge`" in rows[1]] == [True, True]
    assert all(
        KINDS[c.kind].reason in row for c, row in zip(sort_changes(changes), rows, strict=True)
    )
    assert "compared: a to b" in text


def test_a_value_that_a_sentence_cuts_is_whole_and_folded_in_a_comment(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "$.a" + ".part" * 50
    new = edit(WAIT, "/States/A/InputPath", long)
    main([write("a.asl.json", WAIT), write("b.asl.json", new), "--format", "markdown"])
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 🟡")]
    assert f'<details><summary>after, in full</summary>after: `"{long}"`</details>' in row


def test_names_arns_and_actions_are_code_in_a_comment() -> None:
    words = "may now sqs:* and s3:GetObject on arn:aws:sqs:eu-west-1:1:q, not 'A b', at 10:30"
    told = format_change(Change("permission-wildcard", "", "Role", words))
    assert re.findall("`([^`]+)`", told) == [
        "sqs:*", "s3:GetObject", "arn:aws:sqs:eu-west-1:1:q", "A b"
    ]  # fmt: skip


def test_text_and_page_tell_the_reason_the_whole_value_and_both_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "$.a" + ".part" * 50
    old, new = write("a.asl.json", WAIT), write("b.asl.json", edit(WAIT, "/States/A/X", long))
    for form in ("text", "html", "markdown"):
        main([old, new, "--format", form])
        told = capsys.readouterr().out
        assert KINDS["field-changed"].reason in " ".join(told.split())
        assert long in re.sub(r"\s", "", told)
        assert "a.asl.json to b.asl.json" in told


def test_shared_code_is_reported_once_with_its_lines_and_its_workflows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, package in (("old", "1"), ("new", "2")):
        for name in ("w", "v"):
            build(f"{side}/build/{name}", BASE, TEMPLATE, "1.0.0", package)
            path = Path(f"{side}/build/{name}/manifest.json")
            path.write_text(dump_json({**json.loads(path.read_text()), "workflow": name}))
        write(f"{side}/lambdas/f/handler.py", f"a\n{package}\nb\n")
        write(f"{side}/lambdas/f/same.py", "a")
    for form in ("markdown", "text", "html"):
        main(["old", "new", "--format", form])
        told = " ".join(capsys.readouterr().out.split())
        assert told.count("lambdas/f/handler.py line 2") == 1
        assert "2 workflows use it: v, w" in told
        assert "code that it shares changed, too: f (see v)" in told.replace("\\", "")
        assert "same.py" not in told
    write("new/lambdas/f/more.py", "a")
    os.remove("old/lambdas/f/handler.py")
    main(["old", "new"])
    told = " ".join(capsys.readouterr().out.split())
    assert "lambdas/f/handler.py (new); lambdas/f/more.py (new)" in told


def test_the_lines_of_code_are_read_from_a_revision_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_git("init", "-q")
    build("build/w", BASE, TEMPLATE, "1.0.0", "1")
    write("lambdas/f/handler.py", "a\nb\nc\n")
    run_git("add", ".")
    run_git("commit", "-qm", "one")
    build("build/w", BASE, TEMPLATE, "1.0.0", "2")
    write("lambdas/f/handler.py", "a\nc\nd\ne\n")
    main([])
    told = " ".join(capsys.readouterr().out.split())
    assert "lambdas/f/handler.py after line 1, lines 3-4" in told


def test_a_package_that_has_no_name_of_a_folder_reads_none() -> None:
    change = Change("code-unversioned", "", "..", "", part="build/w/manifest.json")
    assert find_package(change) == ""
    assert find_package(change._replace(subject="f")) == "f"
    keyed = Change("code-changed", "", "F", "", "w/code/python/f.0123456789abcdef.zip", 1)
    assert find_package(keyed) == "f"
    assert find_package(keyed._replace(before="w/...0123456789abcdef.zip")) == ""


def test_the_picture_of_a_comment_shows_what_changed_and_its_neighbors_only() -> None:
    names = [f"S{n}" for n in range(9)]
    states: dict[str, Any] = {
        name: {"Type": "Pass", "Next": after} for name, after in pairwise(names)
    }
    definition = {"StartAt": "S0", "States": {**states, "S8": {"Type": "Succeed"}}}
    drawn = draw_changed(definition, {"/States/S4": "changed"})
    assert set(re.findall(r"S\d", drawn)) == {"S3", "S4", "S5"}
    assert "missing" not in drawn
    assert "class S4 changed" in drawn
    assert draw_changed(definition, {}) == ""


def test_the_picture_of_a_comment_keeps_the_place_of_a_branch() -> None:
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    both = {"Type": "Parallel", "Branches": [json.loads(json.dumps(inner)), inner], "End": True}
    definition = {"StartAt": "P", "States": {"P": both}}
    drawn = draw_changed(definition, {"/States/P/Branches/1/States/B": "added"})
    assert drawn.count('B["B"]') + drawn.count('B_2["B"]') == 1
    assert re.search(r"class B\w* added", drawn)


def test_the_schema_of_the_json_report_is_the_documented_one() -> None:
    text = (ROOT / "docs" / "changes.md").read_text(encoding="utf-8")
    report = make_report([make_review()])
    review = report["reviews"][0]
    for name in (*report, *review, *review["changes"][0], "before", "after"):
        assert f"`{name}`" in text, name


def test_the_policy_in_the_documentation_is_the_one_that_decides() -> None:
    text = (ROOT / "docs" / "changes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| ([a-z ]+) \| (.*) \|$", text, re.MULTILINE)
    assert rows == [(k.slug, k.impact, k.concerns, k.reason) for k in KINDS.values()]


# the page


def test_the_page_is_one_file_that_asks_nothing_of_anybody(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = json.loads(json.dumps(LONGER).replace('"A"', '"<img src=x onerror=alert(1)>"'))
    main([write("a.asl.json", BASE), write("b.asl.json", hostile), "--format", "html"])
    page = capsys.readouterr().out
    assert "default-src 'none'" in page
    assert "<img" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert page.count("<figure>") == 2
    main(["a.asl.json", "a.asl.json", "--format", "html"])
    assert "Nothing changed." in capsys.readouterr().out


def test_a_change_on_the_page_leads_to_its_state(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = edit(edit(BASE, "/States/Put/TimeoutSeconds", 10), "/States/Hold", GONE)
    main([write("a.asl.json", BASE), write("b.asl.json", new), "--format", "html"])
    page = capsys.readouterr().out
    targets = set(re.findall(r'<a href="#([^"]+)"', page))
    assert targets
    assert targets <= set(re.findall(r'id="([^"]+)"', page))


def test_the_policy_of_the_page_names_its_script() -> None:
    from base64 import b64encode
    from hashlib import sha256

    page = render_page([make_review()], "a to b")
    script = page.partition("<script>")[2].partition("</script>")[0]
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in page


def test_states_and_transitions_are_marked_in_both_pictures() -> None:
    changes = [
        Change("state-added", "/States/N", "N", ""),
        Change("state-removed", "/States/G", "G", "", old=True),
        Change("state-renamed", "/States/C", "C", "", "B", "C"),
        Change("transition-retargeted", "/States/A/Next", "A", "", "B", "N"),
        Change("comment-changed", "/States/Z/Comment", "Z", ""),
        Change("timeout-removed", "/States/A/TimeoutSeconds", "A", "", 1, old=True),
    ]
    before, after = mark_changes(changes, {"States": {"A": {}, "B": {}, "G": {}}})
    assert before == {"/States/G": "removed", "/States/B": "changed", "/States/A": "changed",
                      "/States/A→B": "removed"}  # fmt: skip
    assert after == {"/States/N": "added", "/States/C": "changed", "/States/A": "changed",
                     "/States/A→N": "added"}  # fmt: skip
    assert mark_changes([], 5) == ({}, {})
    assert find_state("/Resources/M/x#/States/A/Next") == "/States/A"
    assert find_state("/StartAt") == ""


# what cannot be


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "'nosuch' not found: no such file, folder, or Git revision"),
        (["a.asl.jso"], "Did you mean 'a.asl.json'?"),
        (["HEAD~7", "HEAD"], "'HEAD~7'"),
        (["--", "--output=x", "HEAD"], "'--output=x'"),
        (["HEAD", "HEAD\n"], "Git revision"),
        (["broken.asl.json"], "broken.asl.json"),
        (["broken.asl.json", "a.asl.json"], "broken.asl.json:1:"),
        (["latin.asl.json", "a.asl.json"], "latin.asl.json:1:1: the file is not UTF-8"),
        (["note.json", "note.json"], "it has neither StartAt nor States"),
        (["empty", "empty"], "no definition or template found"),
        (["empty", "a.asl.json"], "are a folder and a file"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_line_and_status_2(
    repository: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("broken.asl.json", '{"StartAt": ')
    Path("latin.asl.json").write_bytes(b"\xe4")
    write("note.json", {"a": 1})
    os.mkdir("empty")
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert words in output.err
    assert output.err.count("\n") == 1
    assert output.out == ""


def test_outside_of_a_repository_there_is_no_revision(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 2
    assert "is not in a Git repository" in capsys.readouterr().err


def test_without_git_paths_can_still_be_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    old = write("a.asl.json", WAIT)
    assert main([old, old]) == 0
    assert main(["HEAD"]) == 2
    assert "git is not installed" in capsys.readouterr().err


def test_a_file_that_a_revision_does_not_have_is_named(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write("new.asl.json", WAIT)]) == 2
    assert "file 'new.asl.json' not found in 'HEAD'" in capsys.readouterr().err


def test_an_unreadable_file_that_need_not_be_a_template_is_passed_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side in "ab":
        write(f"{side}/x.yaml", f"Resources: {{{{ helm {side} }}}}: [")
        write(f"{side}/d.asl.json", WAIT)
    assert main(["a", "b"]) == 0
    assert capsys.readouterr().out == "nothing changed\n"


def test_a_manifest_of_somebody_else_is_no_workflow(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, value in (("a", WAIT), ("b", LONGER)):
        write(f"{side}/manifest.json", {"artifacts": 5, "workflow": "w"})
        write(f"{side}/in/manifest.json", {"name": "an app"})
        write(f"{side}/d.asl.json", value)
    (review,) = read_json(capsys, "a", "b")["reviews"]
    assert (review["name"], review["bump"]) == ("d.asl.json", None)


def test_a_commit_whose_content_is_not_there_is_one_line(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = run_git("rev-parse", "HEAD:a.asl.json").strip()
    lost = repository / ".git" / "objects" / name[:2] / name[2:]
    lost.chmod(0o600)
    lost.unlink()
    assert main([]) == 2
    assert "git has no content for a.asl.json" in capsys.readouterr().err
    tree = run_git("rev-parse", "HEAD^{tree}").strip()
    lost = repository / ".git" / "objects" / tree[:2] / tree[2:]
    lost.chmod(0o600)
    lost.unlink()
    assert main([]) == 2
    assert "git cannot list 'HEAD'" in capsys.readouterr().err


def test_a_file_that_vanishes_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkdir("a")
    os.symlink("nowhere", "a/d.asl.json")
    assert main(["a", "a"]) == 2
    assert "d.asl.json: the file cannot be read" in capsys.readouterr().err


def test_help_gives_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])
    assert leaving.value.code == 0
    assert "example: carnation diff" in capsys.readouterr().out


def test_comparing_definitions_loads_no_yaml_and_no_subprocess(folder: Path) -> None:
    old, new = write("a.asl.json", WAIT), write("b.asl.json", LONGER)
    code = (
        "import sys; from carnation.cli.diff import main; main(sys.argv[1:]); "
        "print(sorted({'yaml', 'subprocess', 'html', 'difflib'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, old, new], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert run.stdout.splitlines()[-1] == "[]"


def test_an_arn_that_is_too_long_for_its_line_is_cut_behind_a_colon() -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:parse-telemetry"
    review = make_review()._replace(changes=[Change("state-removed", "/States/A", "A", arn)])
    lines = list(render_text([review], 72, color=False))
    assert any(line.endswith(":function:") for line in lines)
    assert any(line.strip().startswith("parse-telemetry") for line in lines)
