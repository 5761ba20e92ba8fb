"""The pytest plugin, as a user meets it: tests in a folder of their own, and what pytest prints."""

from __future__ import annotations

import gc
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

import carnation.linter.rules
import carnation.pytest_plugin
from carnation.errors import ArtifactError, EmulatorError, UsageError
from carnation.states import Succeed
from carnation.testing import Throw, TimeOut
from carnation.testing import emulator_reuse as kept
from carnation.testing.coverage import Coverage
from carnation.testing.state_machines import load_machine
from carnation.workflow import Workflow
from tests.conftest import ROOT
from tests.forked import run_pytest

pytestmark = pytest.mark.early

TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": "q", "MessageBody.$": "$"},
    "TimeoutSeconds": 5,
}
PAY: dict[str, Any] = {
    "StartAt": "Choose",
    "States": {
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.skip", "IsPresent": True, "Next": "Done"}],
            "Default": "Pay",
        },
        "Pay": {
            **TASK,
            "Retry": [{"ErrorEquals": ["SQS.ThrottlingException"], "MaxAttempts": 2}],
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}],
            "Next": "Done",
        },
        "Late": {"Type": "Fail", "Error": "Late", "Cause": "too late to pay"},
        "Done": {"Type": "Succeed"},
    },
}
FRONT = f"""
import pytest
from carnation.testing import *

PAY = {PAY!r}
"""


def run(pytester: pytest.Pytester, body: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(FRONT + body)
    # to look for plugins takes a quarter of a second; that ours is found has a test of its own
    alone = ("--disable-plugin-autoload", "-p", "carnation.pytest_plugin", "-p", "no:cacheprovider")
    # ours is loaded already, which pytest warns of with a path of this checkout
    calm = ("-W", "ignore:Module already imported so cannot be rewritten")
    return pytester.runpytest_inprocess(*alone, *calm, *options)


def message_of(pytester: pytest.Pytester, body: str) -> str:
    """What a test that fails says, in one piece."""
    lines = run(pytester, body).outlines
    return "\n".join(line[4:] for line in lines if line.startswith("E   "))


def wrong(pytester: pytest.Pytester, statement: str) -> str:
    """What a wrong statement on the machine `m` says: one line, and no frame of ours."""
    body = f"""
def test_it(load_definition):
    m = load_definition(PAY)
    {statement}
"""
    result = run(pytester, body)
    shown = [line[4:] for line in result.outlines if line.startswith("E   ")]
    assert len(shown) == 1, result.outlines
    assert not any("/carnation/" in line for line in result.outlines)
    return shown[0]


# the page


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    for name in ("definitions", "lambdas"):
        shutil.copytree(ROOT / name, pytester.path / name)
    return pytester.path


def test_the_example_of_the_page_passes(pytester: pytest.Pytester, project: Path) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    (project / "test_page.py").write_text(page.split("```python\n")[1].split("```")[0])
    # in process pytester would forget a part of moto between two tests
    assert "= 4 passed" in run_pytest(project, "-p", "no:xdist").stdout


# mocks


def test_faults_come_before_the_handler_and_cost_no_time(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(load_definition):
    m = load_definition(PAY)
    throttle = Throw("SQS.ThrottlingException")
    m.mock("Pay", throttle, Delay(2, throttle), Return({"MessageId": "1"}))
    r = m.run({"a": 1})
    r.assert_succeeded({"MessageId": "1"})
    r.assert_path("Choose", "Pay", "Done")
    r.assert_retries("Pay", 2)
    r.assert_visits("Pay", 1)
    r.assert_not_visited("Late")
    r.assert_waited(3)
    r.assert_waited((1, 5), "Pay")
    r.assert_input("Pay", {"a": 1})
    r.assert_output("Pay", {"MessageId": "1"})
    assert r.find_calls("Pay") == [{"QueueUrl": "q", "MessageBody": {"a": 1}}] * 3
    assert r.find_inputs("Done") == r.find_outputs("Pay") == [{"MessageId": "1"}]
    assert repr(r) == "<run SUCCEEDED>"

def test_late(load_definition):
    m = load_definition(PAY)
    m.mock("Pay", TimeOut())
    r = m.run({})
    r.assert_failed("Late", "too late")
    r.assert_path("Choose", "Pay", "Late")
    assert repr(r) == "<run FAILED Late>"

def test_an_answer_is_for_the_inputs_it_names_and_counts_over_the_execution(load_definition):
    inner = {"StartAt": "Pay", "States": {"Pay": {**PAY["States"]["Pay"], "Next": "Done"},
             "Late": {"Type": "Pass", "End": True}, "Done": {"Type": "Pass", "End": True}}}
    m = load_definition({"StartAt": "All", "States": {"All": {
        "Type": "Map", "ItemProcessor": inner, "End": True}}})
    m.mock("Pay", Malformed(1), Malformed(2), per="execution")
    m.mock("Pay", TimeOut(), when=lambda given: given["MessageBody"] == "b")
    r = m.run(["a", "b", "c", "d"])
    assert r.output[0] == 1 and r.output[2] == 2 and r.output[3] == 2
    paths = [["Pay", "Done"], ["Pay", "Late"], ["Pay", "Done"], ["Pay", "Done"]]
    assert r.find_paths("All") == paths
    r.assert_path("Pay", "Late", inside="All", index=1)
""",
    )
    result.assert_outcomes(passed=3)


def test_handlers_run_here(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
INVOKE = {"StartAt": "A", "States": {"A": {"Type": "Task", "End": True,
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "OutputPath": "$.Payload"}}}
DIRECT = {"StartAt": "A", "States": {"A": {"Type": "Task", "End": True,
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}}}

def handle(event, context):
    assert context.function_name == "A" and context.get_remaining_time_in_millis()
    if event.get("bad"):
        raise LookupError("no")
    return {"n": event["n"] + 1}

@pytest.mark.parametrize("definition", [INVOKE, DIRECT])
def test_it(load_definition, definition):
    m = load_definition(definition, handlers={"A": handle})
    m.run({"n": 1}).assert_succeeded({"n": 2})
    m.run({"bad": True}).assert_failed("LookupError", '"errorMessage": "no"')
    m.mock("A", ReturnPayload({"n": 0}), when=lambda given: given.get("n") != 5)
    m.mock("A", REAL, when=lambda given: "FunctionName" in given and given["Payload"]["n"] == 7)
    m.run({"n": 1}).assert_succeeded({"n": 0})
    m.mock("A", Throw("AnyName"))
    m.mock("A", Invoke(lambda event, context: {"n": 9}), per="execution")
    m.run({"n": 1}).assert_succeeded({"n": 9})
""",
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            'm.mock("Pya", TimeOut())',
            "state 'Pya' not found in the definition. Did you mean 'Pay'?",
        ),
        ('m.mock("zzz", TimeOut())', "States: Choose, Pay, Late, Done."),
        ('m.mock("Done", TimeOut())', "state 'Done' is a Succeed, and only Tasks can be mocked"),
        ('m.mock("Pay")', "the mock of state 'Pay' has no answer"),
        ('m.mock("Pay", 1)', "invalid mock for state 'Pay'"),
        ('m.mock("Pay", TimeOut(), per="run")', "per is 'run'; answers are counted per 'visit'"),
        (
            'm.mock("Pay", ReturnPayload(1))',
            "calls sqs:sendMessage, which is not a function",
        ),
        (
            'm.mock("Pay", Throw("SQS.ThrotlingException"))',
            "which sqs:sendMessage never raises. Did you mean 'SQS.ThrottlingException'?",
        ),
        ('m.mock("Pay", Throw("DynamoDB.Throttled"))', "which sqs:sendMessage never raises."),
        ('m.mock("Pay", Throw("States.TimeOut"))', "Did you mean 'States.Timeout'?"),
        ('m.mock("Pay", Throw("OwnError"))', "See carnation.services.find_errors."),
        ('m.mock("Pay", Delay(1, Return({"MesageId": ""})))', "Did you mean 'MessageId'?"),
        (
            'm.mock("Pay", Return({"MessageId": 1}))',
            "the result.MessageId is 1, and it is a string.",
        ),
        ('m.mock("Pay", Return([]))', "the result is [], and it is a structure."),
        ("m.run({})", "state 'Pay' calls sqs:sendMessage, and nothing answers it. Mock it"),
        ('load_definition(PAY, handlers={"P": 1})', "state 'P' not found in the definition."),
        ('load_definition(PAY, substitutions={"T": 1})', "the definition has no ${T} to fill in."),
        ('load_definition({"StartAt": "A", "States": {}})', "AWS would reject 'A'."),
        ('load_definition("no.asl.json")', "no.asl.json"),
        ('m.run({"skip": 1}).find_visits("Dne")', "Did you mean 'Done'?"),
        ('m.run({"skip": 1}).assert_path("Dne")', "Did you mean 'Done'?"),
        ('m.run({"skip": 1}).assert_output("Done", {1})', "the expected value is not valid JSON"),
    ],
)
def test_what_cannot_be_is_one_line(
    pytester: pytest.Pytester, statement: str, sentence: str
) -> None:
    assert sentence in wrong(pytester, statement)


def test_a_task_without_a_limit_does_not_time_out(pytester: pytest.Pytester) -> None:
    statement = """m = load_definition({"StartAt": "A", "States": {"A": {
        "Type": "Task", "End": True, "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": "q",
        "MessageBody": ""}}}}); m.mock("A", TimeOut())"""
    assert "the state has no TimeoutSeconds" in wrong(pytester, statement)


def test_a_result_is_checked_through_lists_and_maps(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def make(action, **parameters):
    return {"StartAt": "A", "States": {"A": {"Type": "Task", "End": True,
        "Resource": f"arn:aws:states:::aws-sdk:{action}", "Parameters": parameters}}}

def test_it(load_definition):
    m = load_definition(make("dynamodb:query", TableName="t"))
    m.mock("A", Return({"Items": [{"id": {"S": "1"}, "on": {"Bool": True}}], "Count": 1}))
    m.mock("A", Throw("DynamoDb.ThrottlingException"))
    for value, problem in [
        ({"Items": [{"id": {"S": 1}}]}, r"Items\\[0\\].id.S is 1"),
        ({"Items": [{"id": {"Bool": 1}}]}, "a boolean"),
        ({"Count": True}, "Count is True"),
    ]:
        with pytest.raises(Exception, match=problem):
            m.mock("A", Return(value))
    with pytest.raises(Exception, match="Did you mean 'DynamoDb.Thrott"):
        m.mock("A", Throw("DynamoDB.ThrottlingException"))
    m = load_definition(make("dynamodb:describeTable", TableName="t"))
    with pytest.raises(Exception, match="Did you mean 'ACTIVE'"):
        m.mock("A", Return({"Table": {"TableStatus": "ACTIV"}}))
""",
    )
    result.assert_outcomes(passed=1)


def test_who_waits_for_a_callback_is_reported(pytester: pytest.Pytester) -> None:
    statement = """m = load_definition({"StartAt": "A", "States": {"A": {
        "Type": "Task", "End": True,
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
        "QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}}}})
    from carnation.engine import Pending
    m._call = lambda task: Pending(); m.run({})"""
    assert "no task token callback for A" in wrong(pytester, statement)


# what a failed assertion says


def test_another_path_is_shown_with_its_difference_and_as_a_tree(
    pytester: pytest.Pytester,
) -> None:
    shown = message_of(
        pytester,
        """
def test_it(load_definition):
    m = load_definition(PAY)
    m.mock("Pay", Throw("SQS.ThrottlingException"), TimeOut())
    m.run({}).assert_path("Choose", "Pay", "Done")
""",
    )
    assert dedent(shown).strip().splitlines() == [
        "AssertionError: the execution took another path.",
        "    Choose",
        "    Pay",
        "  - Done   expected",
        "  + Late   taken",
        "",
        'It ended as FAILED with Late: "too late to pay". The path:',
        "  Choose",
        "  Pay  (failed: SQS.ThrottlingException, States.Timeout; retried 1×; waited 1 s)",
        "  Late",
    ]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("r.assert_succeeded()", "the execution did not succeed."),
        ("r.assert_failed('Later')", "the execution failed with another error than 'Later'."),
        ("r.assert_failed(cause='early')", "the cause of the failure does not contain 'early'."),
        ("ok.assert_failed()", "the execution did not fail."),
        ("ok.assert_succeeded({'skip': 2})", "$.skip: expected 2, got 1"),
        ("ok.assert_input('Done', {'skip': 1, 'b': 0})", "$.b: expected 0, got nothing"),
        ("ok.assert_input('Done', {})", "$.skip: expected nothing, got 1"),
        ("ok.assert_output('Pay', {})", "state 'Pay' was entered never."),
        ("r.assert_visits('Pay', 2)", "state 'Pay' was entered once; expected: twice."),
        ("r.assert_retries('Pay', 3)", "state 'Pay' was retried never; expected: 3 times."),
        ("r.assert_waited(7)", "the execution waited 0 s, and 7 s were expected."),
        ("r.assert_waited((2, 4), 'Pay')", "state 'Pay' waited 0 s, and 2 to 4 s were expected."),
        ("r.assert_path('Pay', inside='Pay')", "no state was entered inside 'Pay'."),
        ("r.assert_path('Pay', inside='Pay', index=0)", "'Pay' has no iteration [0]; it has 0."),
    ],
)
def test_an_assertion_says_what_is_not_so(
    pytester: pytest.Pytester, statement: str, sentence: str
) -> None:
    shown = message_of(
        pytester,
        f"""
def test_it(load_definition):
    m = load_definition(PAY)
    m.mock("Pay", TimeOut())
    r, ok = m.run({{}}), m.run({{"skip": 1}})
    {statement}
""",
    )
    assert sentence in shown
    assert "The path:" in shown


def test_iterations_that_went_alike_are_drawn_once(pytester: pytest.Pytester) -> None:
    shown = message_of(
        pytester,
        """
def test_it(load_definition):
    inner = {"StartAt": "Pay", "States": {"Pay": {**PAY["States"]["Pay"], "Next": "Done"},
             "Late": {"Type": "Wait", "Seconds": 3, "End": True},
             "Done": {"Type": "Pass", "End": True}}}
    both = {"Type": "Parallel", "End": True, "Branches": [
        {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}},
        {"StartAt": "C", "States": {"C": {"Type": "Pass", "End": True}}}]}
    m = load_definition({"StartAt": "All", "States": {"All": {
        "Type": "Map", "ItemProcessor": inner, "Next": "Both"}, "Both": both}})
    m.mock("Pay", Malformed({}))
    m.mock("Pay", TimeOut(), when=lambda given: given["MessageBody"] > 9)
    m.run(list(range(11))).assert_failed()
""",
    )
    lines = [line.strip() for line in shown.splitlines()]
    assert lines[lines.index("All") :] == [
        "All", "[10]", "Pay  (failed: States.Timeout)", "Late  (waited 3 s)",
        "[0] [1] [2] [3] [4] [5] [6] [7] …, 10 alike", "Pay", "Done",
        "Both", "[0]", "B", "[1]", "C",
    ]  # fmt: skip


# the local emulator


def test_stores_are_put_back_and_handlers_are_the_sources(
    pytester: pytest.Pytester, project: Path
) -> None:
    pytester.makepyfile(
        FRONT
        + """
import os, pathlib

def test_first(deploy_workflow):
    m = deploy_workflow("carnation")
    m.run({"start_seq": 1, "end_seq": 3}).assert_succeeded()
    assert len(m.emulator.items(m.outputs["TableName"])) == 2

def test_second(deploy_workflow):
    m = deploy_workflow("carnation")
    assert m.emulator.items(m.outputs["TableName"]) == []
    source = os.path.abspath("lambdas/process_event/handler.py")
    assert m.load_handler("process_event").__file__ == source
    with pytest.raises(Exception, match="no function 'proces_event'. Did you mean 'process_event'"):
        m.load_handler("proces_event")
    m.emulator.client("sqs").create_queue(QueueName="another")

def test_third(deploy_workflow):
    m = deploy_workflow("carnation")
    assert len(m.emulator.client("sqs").list_queues()["QueueUrls"]) == 3
    assert os.environ["AWS_ACCESS_KEY_ID"].startswith("AKIAEXAMPLE")

def test_without():
    from carnation.testing import emulator_reuse as kept
    assert not kept._kept
    assert "AWS_ACCESS_KEY_ID" not in os.environ

def test_own_workflow(deploy_workflow):
    with pytest.raises(Exception, match="expects the name of a workflow"):
        deploy_workflow({})
    with pytest.raises(Exception, match="workflow 'carnaton' not found"):
        deploy_workflow("carnaton")
    with pytest.raises(Exception, match="has no root stack template"):
        from carnation import Workflow
        from carnation.states import Succeed
        tiny = Workflow(name="tiny", version="1.0.0", states=Succeed("Done"), stacks="none")
        deploy_workflow(tiny)

def test_a_graph_alone(deploy_workflow):
    from carnation import Workflow
    from carnation.states import Pass
    machine = deploy_workflow(Workflow(name="tiny", version="1.0.0", states=Pass("Done")))
    machine.run({"a": 1}).assert_succeeded({"a": 1})
""",
    )
    assert "= 6 passed" in run_pytest(project, "-p", "no:xdist").stdout


def test_the_deployed_machine_is_kept_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    coverage = Coverage()
    try:
        first = kept.deploy_machine("carnation", ROOT, coverage)
        first.mock("ProcessEvent", Throw("Boom"), when=lambda given: given["Payload"])
        first.run({"start_seq": 1, "end_seq": 3}).assert_failed("EventsFailed")
        handler = first.load_handler("process_event")
        assert handler.__file__ == str(ROOT / "lambdas" / "process_event" / "handler.py")
        with pytest.raises(UsageError, match="Did you mean 'process_event'"):
            first.load_handler("proces_event")
        with pytest.raises(EmulatorError, match="function 'nobody' not found"):
            first.emulator.load_handler("nobody")
        kept.end_test()
        second = kept.deploy_machine("carnation", ROOT, coverage)
        assert second.emulator is first.emulator
        assert second.emulator.messages(second.outputs["QueueUrl"]) == []
        second.run({"start_seq": 1, "end_seq": 3}).assert_succeeded()
        second.emulator.client("sqs").create_queue(QueueName="another")
        third = kept.deploy_machine("carnation", ROOT, coverage)
        assert third.emulator is not first.emulator
        assert kept.deploy_machine("carnation", ROOT, coverage, fresh=True).emulator is not (
            third.emulator
        )
        with pytest.raises(UsageError, match="expects the name of a workflow"):
            kept.deploy_machine({}, ROOT, coverage)  # type: ignore[arg-type]
        tiny = Workflow(name="tiny", version="1.0.0", states=Succeed("Done"), stacks="none")
        with pytest.raises(ArtifactError, match="has no root stack template"):
            kept.deploy_machine(tiny, ROOT, coverage)
        assert not kept._kept
    finally:
        kept.close_kept()
    covered = coverage.machines["carnation"]
    assert ("catchers", "ProcessEvent", "1", "States.ALL") in covered.taken


def test_coverage_of_another_process_is_added() -> None:
    one, other = Coverage(), Coverage()
    for coverage, value in ((one, {"skip": 1}), (other, {})):
        machine = load_machine(PAY, coverage, {}, {})
        machine.mock("Pay", TimeOut())
        machine.run(value)
    before = one.percent
    one.merge(other.export())
    assert one.percent > before
    assert Coverage().percent == 100


def test_coverage_names_a_definition_once_whatever_its_substitutions() -> None:
    coverage = Coverage()
    for table, value in (("a", {"skip": 1}), ("b", {})):
        definition = {**PAY, "Comment": table}
        machine = load_machine(definition, coverage, {}, {})
        machine.mock("Pay", TimeOut())
        machine.run(value)
    other = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    load_machine(other, coverage, {}, {}).run({})
    assert len(coverage.machines) == 2


def test_a_real_account_is_out_of_reach(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    result = run(
        pytester,
        """
import os, socket

def test_it(load_definition):
    assert "AWS_PROFILE" not in os.environ
    for host in ("sqs.eu-west-1.amazonaws.com", b"169.254.169.254"):
        with pytest.raises(Exception, match="a test tried to reach "):
            socket.getaddrinfo(host, 443)
    assert socket.getaddrinfo("127.0.0.1", 80)

def test_elsewhere():
    assert os.environ["AWS_PROFILE"] == "production"
""",
    )
    result.assert_outcomes(passed=2)


# coverage

COVERED = """
def test_it(load_definition):
    m = load_definition(PAY)
    m.mock("Pay", Throw("SQS.ThrottlingException"), Return({"MessageId": "1"}))
    m.run({}).assert_succeeded()
"""


def test_coverage_reports_what_was_never_taken(pytester: pytest.Pytester) -> None:
    result = run(pytester, COVERED, "--carnation-cov")
    result.stdout.fnmatch_lines(
        [
            "*coverage of definitions*",
            "state machine  states  transitions  catchers  retriers",
            "Choose            3/4          2/4       0/1       1/1  60 %",
            "Choose: never",
            "  transition Choose → Done (choice)",
            "  transition Pay → Late (catch)",
            "  catcher Pay Catch[[]0] States.Timeout",
            "  state Late",
        ]
    )
    assert result.ret == 0


@pytest.mark.parametrize(("least", "status"), [("60", 0), ("61", 1)])
def test_a_threshold_decides_the_status(pytester: pytest.Pytester, least: str, status: int) -> None:
    result = run(pytester, COVERED, "--carnation-cov-fail-under", least)
    assert result.ret == status
    word = "not reached" if status else "reached"
    result.stdout.fnmatch_lines([f"60.0 % covered; {least} % required: {word}"])


def test_everything_taken_is_a_hundred(pytester: pytest.Pytester) -> None:
    body = (
        COVERED
        + """
    m.run({"skip": 1})
    m.mock("Pay", TimeOut())
    m.run({})
"""
    )
    result = run(pytester, body, "--carnation-cov-fail-under", "100")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*never*")


def test_coverage_is_drawn(pytester: pytest.Pytester) -> None:
    result = run(pytester, COVERED, "--carnation-cov-picture", "pictures")
    result.stdout.fnmatch_lines(["drawn: pictures/Choose.svg"])
    picture = (pytester.path / "pictures" / "Choose.svg").read_text(encoding="utf-8")
    marks = dict(re.findall(r'class="state \w+ (\w+)" id="state\.States\.(\w+)"', picture))
    assert re.findall(r'class="state \w+ (\w+)" id="state\.States\.(\w+)"', picture)
    assert marks.get("removed") == "Late"


def test_a_picture_that_cannot_be_written_is_one_line(pytester: pytest.Pytester) -> None:
    (pytester.path / "file").write_text("")
    result = run(pytester, COVERED, "--carnation-cov-picture", "file")
    shown = "\n".join([*result.outlines, *result.errlines])
    assert "file cannot be written" in shown


def test_coverage_without_runs_says_so(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(): pass", "--carnation-cov")
    result.stdout.fnmatch_lines(["no state machine was run: *"])


def test_coverage_comes_together_from_all_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        FRONT
        + COVERED
        + """
def test_other(load_definition):
    load_definition(PAY).run({"skip": 1})
    load_definition({"StartAt": "Choose", "States": {"Choose": {"Type": "Succeed"}}}).run()
"""
    )
    words = "--disable-plugin-autoload -p carnation.pytest_plugin -p xdist -p no:cacheprovider -n 2"
    result = pytester.runpytest_subprocess(*words.split(), "--carnation-cov-fail-under", "72")
    assert result.ret == 0  # 8 of 11, and neither worker has seen them all
    result.stdout.fnmatch_lines(
        [
            "Choose * 3/4 * 3/4 * 0/1 * 1/1 * 70 %",
            "Choose (2) * 1/1 * 0/0 * 0/0 * 0/0 * 100 %",
        ]
    )


# what the plugin costs who does not use it


def test_the_plugin_loads_nothing_before_a_fixture_is_asked_for() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import carnation.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["carnation", "carnation.lazy", "carnation.pytest_plugin"]


def test_pytest_finds_the_plugin_by_itself(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["load_definition*", "deploy_workflow*"])


# replay


def record(folder: Path, status: str = "FAILED") -> Path:
    """A history as the AWS CLI prints it, of the definition PAY."""
    from carnation.engine import Failed, Succeeded, Task, export_event, run_definition

    class Port:
        def perform(self, task: Task) -> Any:
            if status == "FAILED":
                return Failed("SQS.SomethingElse", "it broke")
            if task.attempt == 0:
                return Failed("SQS.ThrottlingException", "slow")
            return Succeeded({"MessageId": "9"})

    execution = run_definition(PAY, {"n": 1}, port=Port())
    assert execution.status == status
    events = [export_event(event) for event in execution.events]
    path = folder / "night.json"
    path.write_text(json.dumps({"events": events}, default=lambda moment: moment.isoformat()))
    (folder / "pay.asl.json").write_text(json.dumps(PAY))
    return path


def replay(*arguments: str) -> int:
    from carnation.cli.replay import main

    return main(arguments)


def test_a_failed_history_becomes_a_test_that_fails_alike(pytester: pytest.Pytester) -> None:
    record(pytester.path)
    assert replay("night.json", "--definition", "pay.asl.json", "--out", "test_night.py") == 0
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*It ended as FAILED with SQS.SomethingElse: it broke.*".replace(": it broke", "*"),
            "*Pay  (failed: SQS.SomethingElse; not left)",
        ]
    )


def test_the_test_passes_when_the_definition_is_fixed(pytester: pytest.Pytester) -> None:
    record(pytester.path)
    assert replay("night.json", "--definition", "pay.asl.json", "--out", "test_night.py") == 0
    mended = json.loads(json.dumps(PAY))
    mended["States"]["Pay"]["Catch"].append({"ErrorEquals": ["States.ALL"], "Next": "Done"})
    (pytester.path / "pay.asl.json").write_text(json.dumps(mended))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(passed=1)


def test_a_history_that_succeeded_succeeds_still(pytester: pytest.Pytester) -> None:
    record(pytester.path, "SUCCEEDED")
    build = pytester.path / "build" / "pay" / "code" / "state-machine"
    build.mkdir(parents=True)
    (pytester.path / "pay.asl.json").rename(build / "pay.asl.json")
    (pytester.path / "build" / "other").mkdir()
    assert replay("night.json", "--out", "test_night.py") == 0
    text = (pytester.path / "test_night.py").read_text()
    assert "run.assert_succeeded({'MessageId': '9'})" in text
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(passed=1)


def test_more_calls_than_recorded_fail_by_name(pytester: pytest.Pytester) -> None:
    record(pytester.path, "SUCCEEDED")
    shown = message_of(
        pytester,
        """
def test_it(load_definition):
    m = load_definition("pay.asl.json")
    m.mock_recorded("night.json")
    m.run({"n": 2}).assert_succeeded()
    m.run({"n": 2}).assert_succeeded()
""",
    )
    assert "the recorded execution called 'Pay' fewer times than this one does" in shown


def test_without_out_the_test_is_printed(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    record(pytester.path)
    assert replay("night.json", "--definition", "pay.asl.json") == 0
    out = capsys.readouterr().out
    assert "def test_night_succeeds(load_definition: Any) -> None:" in out
    compile(out, "test_night.py", "exec")


def test_a_state_that_the_definition_has_not_is_reported(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    record(pytester.path)
    text = (pytester.path / "pay.asl.json").read_text().replace('"Pay"', '"Pays"')
    (pytester.path / "pay.asl.json").write_text(text)
    assert replay("night.json", "--definition", "pay.asl.json") == 0
    assert "enters 'Pay', and pay.asl.json has no such state. Did you mean 'Pays'?" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{}", "Expected the output of `aws stepfunctions get-execution-history`"),
        ('[{"id": 2, "type": "PassStateEntered"}]', "this is a part of a history."),
        ('[{"id": 1, "type": "ExecutionStarted"}]', "the history has no inputs and outputs."),
        (
            '[{"id": 1, "type": "ExecutionStarted", "timestamp": 1.5, '
            '"executionStartedEventDetails": {"input": "{}"}}]',
            "the execution has not ended.",
        ),
    ],
)
def test_what_is_no_history_is_one_line(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], content: str, sentence: str
) -> None:
    (pytester.path / "h.json").write_text(content)
    assert replay("h.json") == 2
    assert sentence in capsys.readouterr().err


def test_nothing_is_written_over_and_no_definition_is_guessed(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    record(pytester.path)
    assert replay("night.json") == 2
    assert "no definition in build/ has the states" in capsys.readouterr().err
    assert replay("night.json", "--definition", "pay.asl.json", "--out", "night.json") == 2
    assert "night.json already exists" in capsys.readouterr().err
    assert replay("night.json", "--definition", "pay.asl.json", "--out", "no/t.py") == 2
    assert "no/t.py cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(("inside", "times"), [(True, 0), (False, 1)])
def test_garbage_is_looked_for_once_when_all_tests_are_over(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config, inside: bool, times: int
) -> None:
    done: list[str] = []
    for name in ("collect", "freeze"):
        monkeypatch.setattr(gc, name, lambda name=name: done.append(name))
    monkeypatch.setitem(sys.modules, "carnation.emulator.emulator", ModuleType("loaded"))
    if not inside:
        monkeypatch.delenv("PYTEST_CURRENT_TEST")
    carnation.pytest_plugin.pytest_unconfigure(pytestconfig)
    assert done == ["collect", "freeze"] * times
