from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from typing import Any

import pytest

from carnation.errors import DefinitionError
from carnation.states import (
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    ExecutionInput,
    Fail,
    Map,
    Parallel,
    Pass,
    Retry,
    Succeed,
    Task,
    Wait,
    integration_arn,
    make_definition,
)
from carnation.states.sdk import sdk


def test_a_graph_becomes_todays_language_in_a_fixed_order_of_fields() -> None:
    each = Chain([Pass("Shape", parameters={"a.$": "$.b"}), Succeed("Done", output_path=None)])
    work = Map(
        "Work",
        max_concurrency=5,
        item_processor=each,
        items_path="$.items",
        catch=Catch(next_step="Broken", error_equals=["States.ALL"], result_path="$.error"),
        retry=[Retry(max_attempts=1, error_equals=["E"], max_delay_seconds=9)],
        comment="each",
    )
    rule = ChoiceRule.Or(
        [ChoiceRule.IsPresent("$.x", True), ChoiceRule.Not(ChoiceRule.StringEquals("$.y", "z"))]
    )
    decide = Choice("Decide", choices=[(rule, Fail("Broken", error="E", cause="C"))])
    definition = make_definition(Chain([work, decide, Succeed("Fine")]), timeout_seconds=60)
    assert list(definition) == ["TimeoutSeconds", "StartAt", "States"]
    assert list(definition["States"]) == ["Work", "Decide", "Broken", "Fine"]
    assert definition["States"]["Work"] == {
        "Comment": "each",
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 5,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Shape",
            "States": {
                "Shape": {"Type": "Pass", "Parameters": {"a.$": "$.b"}, "Next": "Done"},
                "Done": {"Type": "Succeed", "OutputPath": None},
            },
        },
        "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1, "MaxDelaySeconds": 9}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Broken"}],
        "Next": "Decide",
    }
    assert list(definition["States"]["Work"])[:3] == ["Comment", "Type", "ItemsPath"]
    assert list(definition["States"]["Work"])[-3:] == ["Retry", "Catch", "Next"]
    assert definition["States"]["Decide"] == {
        "Type": "Choice",
        "Choices": [
            {
                "Or": [
                    {"Variable": "$.x", "IsPresent": True},
                    {"Not": {"Variable": "$.y", "StringEquals": "z"}},
                ],
                "Next": "Broken",
            }
        ],
        "Default": "Fine",
    }


def test_a_graph_of_the_plain_sdk_is_accepted_and_written_in_todays_words() -> None:
    each = sdk.Task(
        "Each", resource="arn:x", parameters={"n": ExecutionInput(schema={"n": int})["n"]}
    )
    work = sdk.Map("Work", parameters={"i.$": "$$.Map.Item.Index"}, max_concurrency=0)
    work.attach_iterator(sdk.Chain([each, sdk.Pass("Nothing", result=None)]))
    both = sdk.Parallel("Both")
    both.add_branch(sdk.Wait("Rest", seconds=3))
    graph = sdk.Graph(sdk.Chain([work, both]), comment="old", timeout_seconds=9)
    assert make_definition(graph) == {
        "Comment": "old",
        "TimeoutSeconds": 9,
        "StartAt": "Work",
        "States": {
            "Work": {
                "Type": "Map",
                "ItemSelector": {"i.$": "$$.Map.Item.Index"},
                "MaxConcurrency": 0,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Each",
                    "States": {
                        "Each": {
                            "Type": "Task",
                            "Resource": "arn:x",
                            "Parameters": {"n.$": "$$.Execution.Input['n']"},
                            "Next": "Nothing",
                        },
                        "Nothing": {"Type": "Pass", "Result": None, "End": True},
                    },
                },
                "Next": "Both",
            },
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": "Rest",
                        "States": {"Rest": {"Type": "Wait", "Seconds": 3, "End": True}},
                    }
                ],
                "End": True,
            },
        },
    }


def test_a_placeholder_may_stand_for_a_whole_payload_or_a_path() -> None:
    given = ExecutionInput(schema={"x": dict})
    state = Pass("P", parameters=given["x"], input_path=given["x"])
    assert make_definition(state)["States"]["P"] == {
        "Type": "Pass",
        "InputPath": "$$.Execution.Input['x']",
        "Parameters.$": "$$.Execution.Input['x']",
        "End": True,
    }


def test_a_placeholder_inside_a_list_is_written_as_a_call() -> None:
    given = ExecutionInput(schema={"x": int})
    state = Pass("P", parameters={"a": [1, given["x"]], "b": [{"c": given["x"]}]})
    assert make_definition(state)["States"]["P"]["Parameters"] == {
        "a.$": "States.Array(1, $$.Execution.Input['x'])",
        "b": [{"c.$": "$$.Execution.Input['x']"}],
    }


def test_a_loop_is_written_once() -> None:
    again, wait = Choice("Again"), Wait("Rest", seconds=1)
    again.add_choice(ChoiceRule.IsPresent("$.more", True), wait)
    wait.next(again)
    again.next(Succeed("Done"))
    definition = make_definition(Chain([Pass("Begin"), again]))
    assert list(definition["States"]) == ["Begin", "Again", "Rest", "Done"]
    assert definition["States"]["Rest"]["Next"] == "Again"


def test_a_long_chain_and_a_deep_nesting_meet_no_recursion_limit() -> None:
    chain = Chain([Pass(f"S{number}") for number in range(4000)])
    assert len(make_definition(chain)["States"]) == 4000
    inner: Any = Pass("Leaf")
    for depth in range(300):
        inner = Map(f"M{depth}", item_processor=inner)
    assert make_definition(inner)["StartAt"] == "M299"


def test_a_state_used_in_two_graphs_names_both() -> None:
    shared = Pass("Shared")
    both = Parallel("Both", branches=[Chain([Pass("A"), shared]), Chain([Pass("B"), shared])])
    with pytest.raises(
        DefinitionError, match=r"'Shared' .*branch 1 of Parallel 'Both' and in branch 2"
    ):
        make_definition(both)


def test_a_state_used_inside_a_map_and_outside_names_both() -> None:
    shared = Pass("Shared")
    work = Map("Work", item_processor=shared)
    with pytest.raises(DefinitionError, match=r"in the top level and in Map 'Work'"):
        make_definition(Chain([work, shared]))


def test_a_name_used_twice_anywhere_names_both_places_and_lines() -> None:
    work = Map("Work", item_processor=Pass("Same"))
    with pytest.raises(
        DefinitionError, match=r"'Same' \(.*test_states\.py:\d+\) in the top level"
    ) as e:
        make_definition(Chain([work, Pass("Same")]))
    assert "in Map 'Work'" in str(e.value)


def test_a_second_chain_through_a_state_is_refused() -> None:
    first, second = Pass("First"), Pass("Second")
    Chain([first, second])
    with pytest.raises(
        DefinitionError, match=r"'First' .*already moves to 'Second' and cannot also"
    ):
        Chain([first, Pass("Third")])
    plain = sdk.Pass("Plain")
    Chain([plain, second])
    with pytest.raises(DefinitionError, match="'Plain' already moves to 'Second'"):
        Chain([plain, Pass("Other")])


def test_a_choice_accepts_one_default() -> None:
    choice = Choice(
        "C", choices=[(ChoiceRule.IsPresent("$.a", True), Pass("A"))], default=Pass("B")
    )
    with pytest.raises(DefinitionError, match="already moves to 'B'"):
        Chain([choice, Pass("D")])


def test_a_state_twice_in_one_chain_is_refused() -> None:
    state = Pass("A")
    with pytest.raises(
        DefinitionError, match=r"'A' \(.*:\d+\) appears twice in one chain \(.*test_states.py:\d+\)"
    ):
        Chain([state, Pass("B"), state])


def test_a_transition_to_nowhere_suggests_the_name_that_was_meant() -> None:
    pay = Task("Pay", resource="r", catch=Catch(error_equals=["E"], next_step="Refnd"))
    with pytest.raises(
        DefinitionError, match=r"moves to 'Refnd', which does not exist\. Did you mean 'Refund'"
    ):
        make_definition(Chain([pay, Pass("Refund")]))


def test_a_transition_by_name_into_another_graph_is_refused() -> None:
    inner = Task("Inner", resource="r", catch=Catch(error_equals=["E"], next_step="Outer"))
    with pytest.raises(
        DefinitionError, match=r"'Inner' .*in Map 'M' moves to 'Outer', which is in the top"
    ):
        make_definition(Chain([Map("M", item_processor=inner), Pass("Outer")]))


def test_a_transition_by_name_is_kept() -> None:
    first = Pass("A")
    assert first.next("B") == "B"
    choice = Choice("C", choices=[(ChoiceRule.IsPresent("$.a", True), "A")], default="B")
    second = Pass("B")
    second.next(choice)
    with pytest.raises(DefinitionError, match="moves to 'A', which does not exist"):
        make_definition(second)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Choice("C"), "has no choices"),
        (lambda: Parallel("P"), "has no branches"),
        (lambda: Map("M"), "has no item processor"),
        (lambda: Chain([]), "a chain has no states"),
        (lambda: 3, "is used as a state"),
    ],
)
def test_an_unfinished_graph_says_what_is_missing(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make_definition(make())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Task("T", resource="r", timeout_seconds=-1),
            r"state 'T' \(tests/states/test_states.py:\d+\): TimeoutSeconds is -1",
        ),
        (lambda: Task("T", resource="r", retry={}), r"state 'T' \(.*\): {} is not a Retry"),
        (lambda: Task("T", resource="r", catch=["x"]), r"state 'T' \(.*\): 'x' is not a Catch"),
        (lambda: Choice("C", choices=[Pass]), r"state 'C' \(.*\): expected pairs"),
        (lambda: Choice("C", choices=[("A", "B")]), r"state 'C' \(.*\): expected pairs"),
        (lambda: Chain([Succeed, Pass("A")]), r"expected states.*Did you mean Succeed\(\.\.\.\)"),
        (lambda: Chain(["A"]), r"a chain \(.*test_states.py:\d+\) expected states, got 'A'"),
        (lambda: Wait("W"), "exactly one of seconds"),
        (
            lambda: Wait("W", seconds=1, timestamp="2026-01-31T12:00:00Z"),
            "Seconds and Timestamp exclude",
        ),
        (lambda: Fail("F", error="a", error_path="$.a"), "Error and ErrorPath exclude"),
        (lambda: Pass("x" * 81), "1 to 80 characters"),
        (lambda: Pass(""), "1 to 80 characters"),
        (lambda: Retry(error_equals=["E"], jitter_strategy="full"), "JitterStrategy is 'full'"),
        (lambda: Catch(error_equals=[], next_step="A"), "ErrorEquals is"),
        (lambda: integration_arn("sqs:sendMessage", ".synch"), "not an integration pattern"),
    ],
)
def test_a_bad_value_is_an_error_when_the_state_is_made(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make()


def test_a_misspelled_field_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="timeout_secnds"):
        Task("T", resource="r", timeout_secnds=3)  # type: ignore[call-arg]


def test_a_misspelled_attribute_is_an_error_and_not_none() -> None:
    state = Task("T", resource="r")
    assert state.timeout_seconds is None
    with pytest.raises(AttributeError, match="no 'timeout_secnds'. Did you mean 'timeout_seconds'"):
        _ = state.timeout_secnds


def test_a_field_cannot_be_set_behind_the_constructors_back() -> None:
    state = Task("T", resource="r")
    with pytest.raises(AttributeError, match="'timeout_seconds' is a field of a Task: give it"):
        state.timeout_seconds = 5


def test_a_state_can_be_copied() -> None:
    assert copy.deepcopy(Pass("A", result={"x": 1})).fields["result"] == {"x": 1}


def test_building_changes_nothing_in_the_graph() -> None:
    payload = {"a": {"b": [1, 2]}}
    chain = Chain([Pass("A", parameters=payload), Succeed("B")])
    first = make_definition(chain)
    first["States"]["A"]["Parameters"]["a"]["b"].append(3)
    assert payload == {"a": {"b": [1, 2]}}
    assert make_definition(chain)["States"]["A"]["Parameters"] == payload


LEAN = """
import logging, sys
level = logging.getLogger().level
import carnation.states
heavy = {"sagemaker", "boto3", "pkg_resources", "numpy", "pandas", "yaml"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert "stepfunctions" not in sys.modules and "stepfunctions.steps" not in sys.modules
assert logging.getLogger().level == level
"""

FULL_FIRST = """
import sys, types
{before}
import carnation.states
from stepfunctions.steps.states import Task
assert issubclass(carnation.states.Task, Task)
assert sys.modules["stepfunctions"].front == "full"
"""


def run_python(code: str, *path: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys; sys.path[:0] = {list(path)!r}\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_door_to_the_sdk_is_lean_and_leaves_nothing_behind() -> None:
    run_python(LEAN)


def test_the_sdks_log_waits_for_logging_and_then_is_the_usual_one() -> None:
    run_python("""
from carnation.states.sdk import sdk
assert "logging" not in sys.modules
import logging
assert logging.Logger
records = []
handler = logging.Handler()
handler.emit = records.append
logging.getLogger("stepfunctions").addHandler(handler)
sdk.logger.warning("told %s", "late")
(record,) = records
assert (record.name, record.getMessage()) == ("stepfunctions.states", "told late")
""")


@pytest.fixture
def full_sdk(tmp_path: Any) -> str:
    """Lay the SDK's own modules under fronts that can be imported without sagemaker."""
    from importlib.util import find_spec

    spec = find_spec("stepfunctions")
    assert spec is not None
    assert spec.submodule_search_locations
    origin = next(iter(spec.submodule_search_locations))
    shutil.copytree(origin, tmp_path / "stepfunctions")
    for package in ("stepfunctions", "stepfunctions/steps"):
        (tmp_path / package / "__init__.py").write_text("front = 'full'\n")
    return str(tmp_path)


def test_the_classes_are_shared_where_the_full_sdk_came_first(full_sdk: str) -> None:
    run_python(FULL_FIRST.format(before="import stepfunctions.steps.states"), full_sdk)


def test_the_full_sdk_can_be_imported_afterwards(full_sdk: str) -> None:
    run_python(FULL_FIRST.format(before="import carnation.states, stepfunctions.steps"), full_sdk)


def test_two_distributions_of_the_sdk_are_rejected(tmp_path: Any) -> None:
    from carnation.errors import CarnationError
    from carnation.states.sdk import _reject_two_distributions

    (tmp_path / "stepfunctions-2.3.0.dist-info").mkdir()
    _reject_two_distributions(str(tmp_path))
    (tmp_path / "stepfunctions_without_sagemaker-3.0.0.dist-info").mkdir()
    with pytest.raises(CarnationError, match="Keep one: pip uninstall"):
        _reject_two_distributions(str(tmp_path))


def test_without_the_sdk_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from carnation.errors import CarnationError
    from carnation.states import sdk as door

    monkeypatch.setattr(door, "find_spec", lambda name: None)
    with pytest.raises(CarnationError, match=r"pip install 'carnation\[sdk\]'"):
        door._locate_sdk()
