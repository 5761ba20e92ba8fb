"""The promise, proved: every crash, every fault, overlapping runs; and a naive workflow caught.

`python -m pytest -m exhaustive -n 2 tests/testing/test_proofs.py` plays the exhaustive part.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from carnation.artifacts import Artifacts, make_artifacts
from carnation.errors import BrokenPromiseError, ProofError
from carnation.patterns.events.invariants import (
    all_invariants,
    applied_exactly_once,
    no_event_lost,
    no_value_lost,
    retries_before_dead_letter,
)
from carnation.patterns.events.records import find_numbers
from carnation.testing.proofs import KINDS, Environment, Fault, Interleaving, Scenario, play, prove
from carnation.testing.proofs.partial_batches import halve
from carnation.testing.proofs.scenarios import (
    AFTER,
    BEFORE,
    FUNCTION,
    HANDLER,
    STEP,
    TASK,
    FaultPoint,
)
from carnation.testing.proofs.scheduler import REPAIRED_AFTER
from carnation.workflow import load_workflows
from tests.conftest import ROOT
from tests.depth import every

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

# the longest first, so that the last to end does not end alone
WORKFLOWS = ["distributed", "carnation", "archive", "jsonata", "direct", "express"]
QUEUE_ONLY = {"start_seq": 0, "end_seq": 0}
ONE, TWO, THREE = ({"start_seq": 1, "end_seq": end} for end in (2, 3, 4))
FIFTY = {"start_seq": 1, "end_seq": 51}
FAILS: list[dict[int, int]] = [{1: 1, 2: 2, 3: 4}, {}]  # up to the dead letters, and none


def make_naive() -> Artifacts:
    root = str(Path(__file__).parents[1] / "naive")
    return make_artifacts(root, next(load_workflows(root)))


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """Open the world that a test asks for by one of the three marks below."""
    workflow = make_naive() if request.param == "naive" else request.param
    with Environment(workflow, str(ROOT)) as opened:
        yield opened


every_workflow = pytest.mark.parametrize("world", WORKFLOWS, indirect=True)
reference = pytest.mark.parametrize("world", ["carnation"], indirect=True)
naive = pytest.mark.parametrize("world", ["naive"], indirect=True)


# the cheap part


@every_workflow
@every(17)
def test_every_fault_at_every_point_leaves_the_promise_whole(
    world: Environment, stride: int
) -> None:
    proof = prove(world, all_invariants, [TWO], fails={2: 1}, then=QUEUE_ONLY, every=stride)
    assert proof.points > 40
    assert proof.scenarios > 2 * proof.points / stride
    missing = set(KINDS) - set(proof.kinds)
    # none of them makes a batch call; a child to lose has a Map of executions
    alone = world.artifacts.workflow not in ("express", "distributed")
    assert missing == ({"half", "lose-child"} if alone else {"half"})


@every_workflow
@pytest.mark.parametrize("fails", range(6))
def test_dead_letters_come_exactly_after_the_third_failed_retry(
    world: Environment, fails: int
) -> None:
    play(world, Scenario((THREE,), fails={2: fails}), all_invariants, QUEUE_ONLY)
    letters = [body["sequence_no"] for body in world.bodies("DeadLetterQueueUrl")]
    assert letters == ([2] if fails > 3 else [])
    failed = [one.payload["retry_attempt"] for one in world.attempts if one.error]
    assert sorted(set(failed)) == list(range(min(fails, 4)))
    # what a state itself writes is tried twice, whatever fails
    assert len(failed) == min(fails, 4) * (2 if world.artifacts.workflow == "direct" else 1)


@every_workflow
@every(8)
def test_two_runs_overlap_over_the_same_queue_and_no_event_is_applied_twice(
    world: Environment, stride: int
) -> None:
    proof = prove(
        world, all_invariants, [ONE, QUEUE_ONLY, QUEUE_ONLY], fails={1: 1}, then=QUEUE_ONLY,
        overlap=True, every=stride,
    )  # fmt: skip
    assert proof.scenarios > 20 / stride


HARM = (
    '{"sequence_no":8,"random_value":"\\ud800","generated_unix_time":1,"retry_attempt":1}',
    '{"sequence_no":NaN,"random_value":"x","generated_unix_time":1,"retry_attempt":1}',
    '{"sequence_no":7,"random_value":"a","generated_unix_time":1,"retry_attempt":9}',
    "[" * 5000, "no JSON", '"\\u0000"', "1e999",
)  # fmt: skip
INNOCENT = '{"sequence_no":9,"random_value":"ok","generated_unix_time":1,"retry_attempt":3}'
CONFLICT = INNOCENT.replace("ok", "other")


@reference
def test_messages_that_mean_harm_stop_no_event_beside_them(world: Environment) -> None:
    prove(world, all_invariants, [QUEUE_ONLY], queued=[HARM[0], INNOCENT], then=QUEUE_ONLY,
          kinds=["crash"])  # fmt: skip
    play(world, Scenario((ONE,), queued=(*HARM, INNOCENT)), all_invariants, QUEUE_ONLY)
    letters = {message.body for message in world.messages("DeadLetterQueueUrl")}
    assert letters >= set(HARM)
    assert INNOCENT not in letters


@every_workflow
def test_an_event_whose_messages_can_never_be_deleted_is_fifteen_dead_letters(
    world: Environment,
) -> None:
    runs = (ONE, *[QUEUE_ONLY] * 17)
    play(world, Scenario(runs, fails={1: 99}, refused=("DeleteMessage",)), no_event_lost)
    attempts = sorted(body["retry_attempt"] for body in world.bodies("DeadLetterQueueUrl"))
    # each message is sent again at two receives, and is a dead letter itself after ten
    assert attempts == [1, 2, 2, *[3] * (4 + 8)]
    assert world.bodies("QueueUrl") == []


def lose_nothing(world: Environment) -> Any:
    """What holds though calls fail for good: a message may be a dead letter before its retries."""
    return [*no_event_lost(world), *no_value_lost(world), *applied_exactly_once(world)]


@reference
@pytest.mark.exhaustive
def test_every_fault_beside_deletes_that_are_refused_for_good_loses_nothing(
    world: Environment,
) -> None:
    prove(world, lose_nothing, [ONE], fails={1: 2}, queued=[INNOCENT], then=QUEUE_ONLY,
          refused=["DeleteMessage"])  # fmt: skip


@reference
@every(3)
def test_a_dead_letter_that_was_redriven_beside_the_run_that_still_holds_it_is_written_once(
    world: Environment, stride: int
) -> None:
    prove(world, all_invariants, [QUEUE_ONLY], queued=[INNOCENT, INNOCENT], then=QUEUE_ONLY,
          kinds=["stop"], redrives=["last"], every=stride)  # fmt: skip
    (item,) = world.items()
    assert item["randomStringValue"] == "ok"


@reference
@every(5)
def test_two_events_under_one_key_are_both_kept(world: Environment, stride: int) -> None:
    prove(world, all_invariants, [QUEUE_ONLY], queued=[INNOCENT, CONFLICT], then=QUEUE_ONLY,
          every=stride)  # fmt: skip
    (item,) = world.items()
    (letter,) = world.bodies("DeadLetterQueueUrl")
    assert {item["randomStringValue"], letter["random_value"]} == {"ok", "other"}


@reference
def test_as_many_faults_in_a_row_as_a_call_has_retries_leave_the_promise_whole(
    world: Environment,
) -> None:
    prove(world, all_invariants, [ONE], fails={1: 1}, then=QUEUE_ONLY, times=3,
          kinds=["throttle", "lose"])  # fmt: skip


@reference
@every(3)
def test_several_crashes_of_one_story_leave_the_promise_whole(
    world: Environment, stride: int
) -> None:
    proof = prove(world, all_invariants, [ONE], fails={1: 1}, then=QUEUE_ONLY, kinds=["crash"],
                  together=2, every=stride)  # fmt: skip
    assert proof.kinds["crash"] > 2 * 20 / stride**2  # pairs, beyond the crashes that come alone


@reference
@every(31)
def test_a_crash_and_a_call_that_fails_for_good_lose_nothing_at_any_pair_of_points(
    world: Environment, stride: int
) -> None:
    proof = prove(world, lose_nothing, [ONE], fails={1: 1}, queued=[INNOCENT], then=QUEUE_ONLY,
                  kinds=["crash", "deny"], together=2, every=stride)  # fmt: skip
    assert set(proof.kinds) == {"crash", "deny"}


@pytest.mark.parametrize("world", WORKFLOWS[:1] + WORKFLOWS[2:], indirect=True)
@pytest.mark.exhaustive
def test_a_crash_and_a_call_that_fails_for_good_lose_nothing_in_the_other_workflows(
    world: Environment,
) -> None:
    prove(world, lose_nothing, [ONE], fails={1: 1}, queued=[INNOCENT], then=QUEUE_ONLY,
          kinds=["crash", "deny"], together=2, every=2)  # fmt: skip


@reference
def test_a_call_that_fails_for_good_does_so_in_each_run_until_it_is_repaired(
    world: Environment,
) -> None:
    points = play(world, Scenario((ONE,)), all_invariants, QUEUE_ONLY)
    receive = next(at for at, one in enumerate(points) if one.action == "ReceiveMessage")
    queued = Scenario((QUEUE_ONLY,), (Fault(receive, "deny"),), queued=(INNOCENT,))
    play(world, queued, lose_nothing, QUEUE_ONLY)
    denied = [line for line in world.log if "denied from here" in line]
    assert len(denied) > REPAIRED_AFTER  # and as often as an execution is redriven
    assert world.log.index("CollectEvents ReceiveMessage is allowed again") > 12
    assert [item["randomStringValue"] for item in world.items()] == ["ok"]


@reference
@pytest.mark.exhaustive
def test_three_crashes_and_lasting_failures_lose_nothing(world: Environment) -> None:
    prove(world, all_invariants, [QUEUE_ONLY], fails={9: 99}, queued=[INNOCENT],
          then=QUEUE_ONLY, kinds=["crash"], together=3)  # fmt: skip


@reference
@every(3)
def test_what_came_out_of_the_queue_is_safe_though_nobody_redrives(
    world: Environment, stride: int
) -> None:
    kinds, never = ["stop", "time-out", "crash"], ["never"]
    prove(world, all_invariants, [QUEUE_ONLY], queued=[INNOCENT, CONFLICT], then=QUEUE_ONLY,
          kinds=kinds, redrives=never, every=stride)  # fmt: skip
    # what a run alone held ends with it: the limit of docs/stacks.md
    with pytest.raises(BrokenPromiseError, match="event 1 is lost"):
        prove(world, all_invariants, [ONE], then=QUEUE_ONLY, kinds=kinds, redrives=never)


@reference
def test_the_other_run_really_takes_its_turn_in_the_middle(world: Environment) -> None:
    points = play(world, Scenario((ONE, TWO), switches=()), all_invariants)
    assert [point.run for point in points] == sorted(point.run for point in points)
    turn = Interleaving(next(at for at, point in enumerate(points) if point.place == HANDLER), 2)
    points = play(
        world, Scenario(({"start_seq": 5, "end_seq": 6}, TWO), switches=(turn,)), all_invariants
    )
    order = [point.run for point in points]
    assert order.index(2) < max(at for at, run in enumerate(order) if run == 1)


def scenarios_of(points: int, runs: tuple[Any, ...], numbers: range) -> st.SearchStrategy[Scenario]:
    faults = st.lists(
        st.builds(Fault, st.integers(0, points), st.sampled_from(list(KINDS)), st.just(1)),
        max_size=8,
    )
    switch = st.builds(Interleaving, st.integers(0, points), st.integers(1, 30), st.booleans())
    return st.builds(
        Scenario,
        st.just(runs),
        faults.map(tuple),
        st.none() | st.lists(switch, max_size=6).map(tuple),
        st.dictionaries(st.sampled_from(numbers), st.integers(1, 5), max_size=20),
        st.sampled_from(["first", "last"]),
    )


RANDOM = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "phases": [Phase.generate],  # a scenario is shortened by the proof itself
    "suppress_health_check": list(HealthCheck),
}


@reference
@settings(max_examples=2, **RANDOM)
@given(scenario=scenarios_of(400, (FIFTY, {"start_seq": 51, "end_seq": 61}), range(1, 61)))
def test_fifty_events_with_random_faults_and_turns_keep_the_promise(
    world: Environment, scenario: Scenario
) -> None:
    play(world, scenario, all_invariants, QUEUE_ONLY)


# the exhaustive part


@every_workflow
@pytest.mark.exhaustive
@pytest.mark.parametrize("fails", FAILS, ids=str)
def test_three_events_keep_the_promise_at_every_point(world: Environment, fails: Any) -> None:
    prove(world, all_invariants, [THREE], fails=fails, then=QUEUE_ONLY)


@every_workflow
@pytest.mark.exhaustive
def test_three_queued_events_survive_every_order_of_two_runs(world: Environment) -> None:
    prove(
        world, all_invariants, [THREE, QUEUE_ONLY, QUEUE_ONLY], fails={1: 1, 2: 2, 3: 4},
        then=QUEUE_ONLY, overlap=True,
    )  # fmt: skip


@reference
@pytest.mark.exhaustive
def test_two_runs_with_new_events_over_one_queue_survive_every_order(world: Environment) -> None:
    new = [{"start_seq": 6, "end_seq": 7}, {"start_seq": 4, "end_seq": 6}]
    prove(
        world, all_invariants, [THREE, *new], fails={1: 1, 2: 2, 3: 4}, then=QUEUE_ONLY,
        overlap=True,
    )  # fmt: skip


@every_workflow
@pytest.mark.exhaustive
@settings(max_examples=25, **RANDOM)
@given(scenario=scenarios_of(600, (FIFTY, {"start_seq": 51, "end_seq": 61}), range(1, 61)))
def test_fifty_events_keep_the_promise_in_many_more_scenarios(
    world: Environment, scenario: Scenario
) -> None:
    play(world, scenario, all_invariants, QUEUE_ONLY)


# the harness finds what is broken


def keep_promise_in_the_end(world: Environment) -> Any:
    return all_invariants(world) if world.is_settled else ()


def lines_of(error: pytest.ExceptionInfo[BrokenPromiseError]) -> list[str]:
    return [line.strip() for line in str(error.value).splitlines()]


@naive
def test_a_naive_workflow_works_when_nothing_goes_wrong(world: Environment) -> None:
    play(world, Scenario((TWO,), fails={1: 2, 2: 4}), keep_promise_in_the_end, QUEUE_ONLY)


@naive
def test_deleting_on_receipt_loses_an_event_in_a_short_scenario(world: Environment) -> None:
    with pytest.raises(BrokenPromiseError) as error:
        prove(world, no_event_lost, [ONE], fails={1: 1}, then=QUEUE_ONLY)
    assert lines_of(error) == [
        "event 1 is lost: it is neither in the store, in a queue, nor in an execution that runs or "
        "can be redriven.",
        "What happened:",
        'run 1 starts with {"start_seq": 1, "end_seq": 2}',
        "run 1  CollectEvents: sqs ReceiveMessage → nothing",
        "run 1  CollectEvents: naive-dev-collect-naively returns",
        "run 1  ProcessEvent: naive-dev-process-naively event 1 fails with Broken",
        "run 1  PutInQueue: sqs SendMessage event 1",
        "run 1  EventsFailed: the execution is FAILED EventsFailed",
        'run 2 starts with {"start_seq": 0, "end_seq": 0}',
        "run 2  CollectEvents: sqs ReceiveMessage → event 1",
        "run 2  CollectEvents: sqs DeleteMessage",
    ]


@naive
def test_a_crash_after_the_deletion_loses_it_for_good(world: Environment) -> None:
    with pytest.raises(BrokenPromiseError) as error:
        prove(
            world, keep_promise_in_the_end, [ONE], fails={1: 1}, then=QUEUE_ONLY, kinds=["crash"]
        )  # fmt: skip
    lines = lines_of(error)
    assert lines[0].startswith("event 1 is lost: it is neither in the store nor among the dead")
    at = next(at for at, line in enumerate(lines) if "✗" in line)
    assert lines[at - 1].endswith("sqs DeleteMessage")
    assert lines[at].endswith("the handler's process dies here, after DeleteMessage")
    assert len(lines) < 20


@naive
def test_an_unconditional_put_applies_an_event_twice(world: Environment) -> None:
    with pytest.raises(BrokenPromiseError) as error:
        prove(world, applied_exactly_once, [ONE], then=QUEUE_ONLY)
    lines = lines_of(error)
    assert "was written 2 times" in lines[0]
    assert sum("dynamodb PutItem event 1" in line for line in lines) == 2
    assert len(lines) < 13


@reference
def test_giving_up_too_early_is_found(world: Environment) -> None:
    def refuse(world: Environment) -> Any:
        letter = '{"sequence_no": 1, "retry_attempt": 2}'
        url = world.outputs["DeadLetterQueueUrl"]
        if not world.messages("DeadLetterQueueUrl"):
            world.emulator.client("sqs").send_message(QueueUrl=url, MessageBody=letter)
            world.look_again()
        return retries_before_dead_letter(world) if world.is_settled else ()

    with pytest.raises(BrokenPromiseError, match="event 1 is among the dead letters with retry_at"):
        play(world, Scenario((ONE,)), refuse)


# your own workflow, and bad input


@reference
def test_an_invariant_of_ones_own_may_give_one_sentence(world: Environment) -> None:
    def stay_small(world: Environment) -> str | None:
        return "there is a second row" if len(world.items()) > 1 else None

    assert prove(world, stay_small, [ONE], kinds=["throttle"]).scenarios == 5
    with pytest.raises(BrokenPromiseError, match="there is a second row") as error:
        prove(world, stay_small, [TWO], kinds=[])
    assert isinstance(error.value, AssertionError)


@reference
def test_an_invariant_that_raises_is_one_clear_line(world: Environment) -> None:
    def wrong(world: Environment) -> Any:
        return world.outputs["TabelName"]

    with pytest.raises(
        ProofError, match=r"the invariant 'wrong' raised KeyError: 'TabelName', "
    ) as error:
        prove(world, wrong, [ONE])
    assert not isinstance(error.value, BrokenPromiseError)
    assert "\n" not in str(error.value)


@reference
def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(world: Environment) -> None:
    with pytest.raises(ProofError, match="unknown fault 'trottle'. Kinds: stop, "):
        prove(world, all_invariants, [ONE], kinds=["trottle"])


@reference
def test_one_run_alone_overlaps_with_nothing(world: Environment) -> None:
    with pytest.raises(ProofError, match="pass at least two inputs"):
        prove(world, all_invariants, [ONE], overlap=True)


@naive
def test_a_scenario_is_shortened_to_what_breaks_the_invariant(world: Environment) -> None:
    double = Scenario((ONE, QUEUE_ONLY), (Fault(7, "lose"), Fault(20, "stop")), None, {1: 1, 2: 3})
    simpler = list(double.simplify())
    assert len(simpler) == 6
    assert next(Scenario((ONE, TWO), switches=()).simplify()).switches is None


@reference
def test_a_fault_that_cannot_happen_at_its_point_does_not(world: Environment) -> None:
    points = play(world, Scenario((ONE,)), all_invariants)
    steps = [at for at, point in enumerate(points) if point.phase == STEP]
    faults = tuple(Fault(at, kind) for at in steps for kind in ("crash", "half", "lose"))
    assert play(world, Scenario((ONE,), faults), all_invariants) == points
    assert not any("✗" in line for line in world.log)


def test_what_can_go_wrong_depends_on_the_point() -> None:
    def kinds(*point: str) -> list[str]:
        return list(FaultPoint(1, "S", *point).kinds)

    assert kinds(STEP, "state", "") == ["stop"]
    assert kinds(BEFORE, TASK, "SendMessage") == ["stop", "time-out", "throttle"]
    assert kinds(BEFORE, HANDLER, "SendMessageBatch")[-1] == "half"
    assert kinds(AFTER, HANDLER, "ReceiveMessage") == ["stop", "time-out", "crash", "duplicate"]
    assert kinds(AFTER, FUNCTION, "f") == ["stop", "time-out", "lose", "expire", "duplicate"]
    assert kinds(AFTER, TASK, "DeleteMessage") == ["stop", "time-out", "lose", "expire"]
    assert set(itertools.chain(*(kinds(BEFORE, HANDLER, "BatchWriteItem"), *()))) <= set(KINDS)


def test_half_a_batch_leaves_the_rest_for_the_answer() -> None:
    given, added = halve("SendMessageBatch", {"QueueUrl": "q", "Entries": [{"Id": "a"}]})
    assert given is None
    assert added == {"Failed": [{"Id": "a", "SenderFault": False, "Code": "InternalError"}]}
    requests = [{"PutRequest": {"Item": {}}}, {"DeleteRequest": {"Key": {}}}]
    given, added = halve("BatchWriteItem", {"RequestItems": {"t": requests}})
    assert given == {"RequestItems": {"t": requests[:1]}}
    assert added == {"UnprocessedItems": {"t": requests[1:]}}


@reference
def test_every_call_that_writes_is_counted_by_store_and_key(world: Environment) -> None:
    world.reset()
    table = world.outputs["TableName"]
    item = {"sequenceNo": {"N": "1"}, "generatedUnixTime": {"N": "2"}}
    put = {"PutRequest": {"Item": item}}
    undone = {"PutRequest": {"Item": {**item, "x": {"S": "y"}}}}
    world.note_write("PutItem", {"TableName": table, "Item": item}, {})
    world.note_write("UpdateItem", {"TableName": table, "Key": item}, {})
    answer = {"UnprocessedItems": {table: [undone]}}
    world.note_write("BatchWriteItem", {"RequestItems": {table: [put, undone]}}, answer)
    part = {"Put": {"TableName": table, "Item": item}}
    world.note_write("TransactWriteItems", {"TransactItems": [part]}, {})
    world.note_write("PutObject", {"Bucket": "b", "Key": "k"}, {})
    assert world.writes == {(table, "1/2"): 4, ("b", "k"): 1}
    assert list(applied_exactly_once(world)) == [f"key 1/2 of {table} was written 4 times"]
    world.inputs.append(ONE)
    world.emulator.client("sqs").send_message(
        QueueUrl=world.outputs["QueueUrl"], MessageBody="no event"
    )
    assert world.bodies("QueueUrl") == ["no event"]
    assert len(list(no_event_lost(world))) == 1


@reference
def test_a_broken_invariant_is_reported_in_the_shortest_scenario(world: Environment) -> None:
    def stay_empty(world: Environment) -> Any:
        return "there is a row" if world.items() else None

    double = Scenario((ONE, TWO), (Fault(2, "throttle"),), fails={2: 1})
    with pytest.raises(BrokenPromiseError, match="there is a row") as error:
        play(world, double, stay_empty)
    assert sum("starts with" in line for line in lines_of(error)) == 1
    assert "✗" not in str(error.value)


def test_numbers_are_found_in_whatever_an_event_lies_in() -> None:
    item = {"sequenceNo": {"N": "4"}}
    found = find_numbers(["{broken", b'{"sequence_no": 3}', {"Item": item}])
    assert list(found) == [3, 4]
