"""What goes wrong at a user's desk: each mistake says where, what, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.errors import DefinitionError
from carnation.states import (
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    Condition,
    Fail,
    ItemBatcher,
    ItemProcessor,
    Map,
    Parallel,
    Pass,
    ProcessorConfig,
    Raw,
    Succeed,
    Task,
    integrate,
    make_definition,
    path,
    variable,
)
from carnation.workflow import Workflow

CALL = "arn:aws:states:::lambda:invoke"
HERE = r"\(\S*test_mistakes\.py:\d+\)"
ANY: Any = None


def write(state: Any, **head: Any) -> Any:
    return make_definition(state, **head)


def point_nowhere() -> Any:
    first = Pass("Start")
    first.next("Strat")
    return make_definition(first)


def task(**given: Any) -> Task:
    return Task("A", resource=CALL, **given)


def choice(**given: Any) -> Choice:
    return Choice("C", **given)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: task(timeout_seconds="ten"),
         f"state 'A' {HERE}: TimeoutSeconds is 'ten'; expected an integer from 1"),
        (lambda: task(timeout_seconds=3, timeout_seconds_path="$.t"),
         f"state 'A' {HERE}: TimeoutSeconds and TimeoutSecondsPath exclude each other"),
        (lambda: write(Pass("A", output="{% 1 %}")),
         f"state 'A' {HERE}: Output belongs to JSONata.*query_language='JSONata'"),
        (point_nowhere, "moves to 'Strat', which does not exist. Did you mean 'Start'"),
        (lambda: write(Chain([Pass("A"), Pass("A")])), "two states are named 'A'"),
        (lambda: write(Map("M")), f"state 'M' {HERE} has no item processor"),
        (lambda: Map("M", item_processor=Pass("x"), tolerated_failure_percentage=120),
         f"state 'M' {HERE}: ToleratedFailurePercentage is 120; expected a number from 0 to 100"),
        (lambda: write(Parallel("P")), f"state 'P' {HERE} has no branches; add at least one"),
        (lambda: write(Choice("C")), f"state 'C' {HERE} has no choices"),
        (lambda: Chain([Succeed("S"), Pass("A")]),
         f"state 'S' {HERE} is a terminal state and cannot have a Next {HERE}. Place it last"),
        (lambda: Fail("F").next("A"), f"state 'F' {HERE} is a terminal state"),
        (lambda: Pass("A").next(ANY), f"state 'A' {HERE} moves to None; expected a state"),
        (lambda: Catch(error_equals=["E"], next_step=ANY), f"a catcher {HERE} moves to None"),
        (lambda: choice(choices=[(ChoiceRule.IsNull("$.a", True), 3)]),
         f"state 'C': a choice {HERE} moves to 3"),
        (lambda: choice(default=Pass), f"state 'C' {HERE} moves to <class"),
        (lambda: task(credentials="arn:x"),
         f"state 'A' {HERE}: its Credentials is 'arn:x'; expected Credentials"),
        (lambda: Map("M", item_processor=Pass("x"), max_concurrency=-1),
         "expected an integer from 0 to 9223372036854775807"),
        (lambda: write(Pass("A", result=float("nan"))), f"A. {HERE}: Result: nan is not JSON"),
        (lambda: write(Pass("A", result={"a": [{1}]})), r"Result.a\[0\]: \{1\} is not JSON"),
        (lambda: write(Pass("A", parameters={1: 2})), "Parameters has the key 1; .* Quote it"),
        (lambda: write(Pass("A"), query_language="JSONAta"),
         "the state machine's QueryLanguage is 'JSONAta'; expected 'JSONPath' or 'JSONata'"),
        (lambda: Parallel("P", branches=ANY), f"state 'P' {HERE}: expected a list of graphs"),
        (lambda: Chain(Pass("A")), rf"Chain {HERE}: expected a list of states, got .* Use \["),  # type: ignore[arg-type]
        (lambda: Chain("AB"), f"Chain {HERE}: expected a list of states"),
        (lambda: Pass("A", parameters={"x": f"of {path('$.x')}"}),
         rf"\$.x {HERE} is an expression, and a string cannot contain one. .*format_text"),
        (lambda: path("a.b"), f"'a.b' {HERE} is not a path"),
        (lambda: variable("1x"), f"'1x' {HERE} cannot name a variable"),
        (lambda: Condition("$x > 1"), rf"the rule Condition {HERE}: Condition is "),
        (lambda: ItemBatcher(max_items_per_batch=0), f"an ItemBatcher {HERE}: MaxItems"),
        (lambda: integrate("A", "s3:copyObject"), f"state 'A' {HERE}.*'aws-sdk:s3:copyObject'"),
        (lambda: Raw("A", {"Type": "task"}), "unknown state type 'task'. Did you mean 'Task'"),
        (lambda: write(Pass("A"), timeout_seconds=0), "the state machine's TimeoutSeconds is 0"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_where_it_is_made(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make()


def test_a_rule_that_is_none_says_which_was_meant() -> None:
    rules: Any = ChoiceRule
    with pytest.raises(AttributeError, match="no rule 'StringEqual'. Did you mean 'StringEquals'"):
        _ = rules.StringEqual


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pass("A", input_path="$.a["), "column 5: .* To fix it: start with"),
        (lambda: Pass("A", parameters={"a.$": "States.Frmat('x')"}),
         "Did you mean 'States.Format'\\? To fix it"),
        (lambda: Task("A", resource="lambda:invoke"), "is not an ARN. To fix it: write the"),
        (lambda: Pass("A", assign={"states": 1}), "'states' cannot name a variable. To fix it"),
        (lambda: Map("A", item_processor=Pass("x"), label="a b"), "cannot have the character ' '"),
        (lambda: Map("A", item_processor=ItemProcessor(Pass("x"), processor_config=ProcessorConfig(
            mode="INLINE", execution_type="EXPRESS"))), "an INLINE Map has no 'ExecutionType'"),
    ],
)  # fmt: skip
def test_what_only_the_whole_shows_is_reported_when_it_is_built(
    tmp_path: Path, make: Callable[[], Any], message: str
) -> None:
    workflow = Workflow(name="w", version="1.0.0", states=make())
    with pytest.raises(DefinitionError, match=rf"'w'. state 'A' {HERE}: .*{message}"):
        make_artifacts(str(tmp_path), workflow)
