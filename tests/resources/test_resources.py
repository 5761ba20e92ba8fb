"""Nouns, references, steps and grants; the order workflow built, linted and refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.errors import CarnationError, DefinitionError, UsageError
from carnation.resources import (
    EventRule,
    Function,
    Grant,
    Number,
    Queue,
    Table,
    Topic,
)
from carnation.resources.calls import __file__ as calls_path
from carnation.states import Chain, make_definition
from carnation.workflow import Workflow
from tests.conftest import ROOT

STOCK = Table("stock", key="orderId", sort_key=Number("at"))
JOBS = Queue("jobs", receives=3)
TOLD = Topic("told")


def make(states: Any, **given: Any) -> Any:
    workflow = Workflow(
        name="shop", version="1.0.0", states=states, query_language="JSONata", timeout_seconds=60,
        **given,
    )  # fmt: skip
    return make_artifacts(str(ROOT), workflow)


def look() -> Any:
    return STOCK.get_item("Look", Key={"orderId": {"S": "1"}, "at": {"N": "1"}})


def test_a_reference_is_text_and_nouns_are_compared_by_value() -> None:
    assert f"{STOCK.name} {JOBS.url}" == "${StockName} ${JobsUrl}"
    assert Table("stock", key="orderId", sort_key=Number("at")) == STOCK
    assert Table("stock") != Table("stock", key="orderId")
    assert STOCK.name.value == {"Ref": "StockTable"}
    assert STOCK.name.stands_for == "${ProjectName}-${Environment}-stock"


def test_a_step_is_written_in_the_language_of_its_state_machine() -> None:
    function = Function("pack")
    ata = make_definition(Chain([look(), function.invoke("Pack")]), query_language="JSONata")
    path = make_definition(Chain([look(), function.invoke("Pack")]))
    assert ata["States"]["Look"]["Arguments"] == path["States"]["Look"]["Parameters"]
    assert ata["States"]["Pack"]["Arguments"]["Payload"] == "{% $states.input %}"
    assert path["States"]["Pack"]["Parameters"]["Payload.$"] == "$"
    assert path["States"]["Pack"]["TimeoutSeconds"] == 40


def test_a_function_is_given_what_it_uses_and_may_do_just_that() -> None:
    function = Function(
        "validate_order", uses=[JOBS.grants.receive()], environment={"TABLE": STOCK.name}
    )
    made = make(Chain([look(), function.invoke("Greet")]), resources=[STOCK, JOBS, function])
    template = made.files["cft/shop-root-stack.yaml"]
    assert "JOBS_URL: !Ref JobsQueue" in template
    assert "TABLE: !Ref StockTable" in template
    assert "Resource: !GetAtt JobsQueue.Arn" in template


def test_a_queue_that_deletes_a_message_before_it_is_a_dead_letter_is_rejected() -> None:
    Queue("jobs", days=1, receives=23, visibility_seconds=3600)
    with pytest.raises(
        CarnationError, match=r"Queue 'jobs' .* receives is 24; expected at most 23"
    ):
        Queue("jobs", days=1, receives=24, visibility_seconds=3600)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"resources": [JOBS]}, r"state 'Look' \(.*\) uses \$\{StockName\}, which no resource of "
         r"'shop' provides. Table\('stock'\) \(.*\) provides it"),
        ({"resources": [STOCK, TOLD]}, r"Topic\('told'\) \(.*\) of 'shop' is used by no state"),
        ({"resources": [STOCK, Queue("stock")]}, r"Table\('stock'\) .* Queue\('stock'\) .* one id"),
        ({"resources": [STOCK, Function("validate_order", uses=[JOBS.grants.send()])]},
         r"uses Queue\('jobs'\) \(.*\), which is not listed"),
        ({"resources": [STOCK], "type": "EXPRES"}, r"type is 'EXPRES'; expected STANDARD or EXP"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_that_names_both_places(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(CarnationError, match=message):
        make(look(), **given)


def test_a_resource_that_is_worked_out_is_refused_unless_a_grant_names_it() -> None:
    from carnation.states import integrate

    def put() -> Any:
        arguments = {"QueueUrl": "{% $states.input.url %}", "MessageBody": "x"}
        return integrate("Put", "aws-sdk:sqs:sendMessage", arguments=arguments)

    with pytest.raises(DefinitionError, match=r"'Put' .* worked out while it runs.*uses=\[Grant"):
        make(Chain([look(), put()]), resources=[STOCK])
    arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:theirs"
    grant = Grant(("sqs:SendMessage",), (arn,), "the caller names one of theirs")
    made = make(Chain([look(), put()]), resources=[STOCK], uses=[grant])
    assert f"Resource: !Sub {arn}" in made.files["cft/shop-root-stack.yaml"]


def test_a_wide_grant_and_a_misspelled_property_are_refused() -> None:
    with pytest.raises(UsageError, match="without a reason"):
        Grant(("s3:GetObject",), ("*",))
    wrong = Table("stock", key="orderId", properties={"TabelClass": "STANDARD"})
    with pytest.raises(UsageError, match=r"TabelClass.*Did you mean 'TableClass'"):
        make(wrong.get_item("Look", Key={"orderId": {"S": "1"}}), resources=[wrong])


def test_express_holds_no_token_and_no_long_timeout() -> None:
    rule = EventRule("placed", source="shop")
    made = make(look(), resources=[STOCK], triggers=[rule], type="EXPRESS")
    assert "StateMachineType: EXPRESS" in made.files["cft/shop-root-stack.yaml"]
    with pytest.raises(UsageError, match="expected a pattern, or source="):
        EventRule("placed")


def test_the_typed_keywords_are_those_of_the_services_data() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import write_calls  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    assert Path(calls_path).read_text(encoding="utf-8") == write_calls.make_module()


def test_a_noun_loads_no_troposphere() -> None:
    code = (
        "import sys\nfrom carnation.resources import Table, EventRule, Function\n"
        "Table('a'), Function('b'), EventRule('c', source='d')\n"
        "print('troposphere' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\n", done.stderr
