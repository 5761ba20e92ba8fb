"""The proof reaches child executions: of Distributed Maps, and those that a state starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from carnation.errors import BrokenPromiseError
from carnation.patterns.events.invariants import all_invariants, applied_exactly_once, no_event_lost
from carnation.testing.proofs import Environment, Fault, Scenario, play, prove
from carnation.testing.proofs.scenarios import (
    AFTER,
    BEFORE,
    FUNCTION,
    HANDLER,
    MAP,
    STEP,
    TASK,
    FaultPoint,
)
from tests.depth import every
from tests.small_workflows import make_parent, make_small

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

QUEUE_ONLY = {"start_seq": 0, "end_seq": 0}
TWO, THREE = ({"start_seq": 1, "end_seq": end} for end in (3, 4))
SYNC, FORGET = "states:startExecution.sync:2", "states:startExecution"
EXPRESS = "aws-sdk:sfn:startSyncExecution"


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """Open the world of the small workflow that a test names."""
    with Environment(request.param) as opened:
        yield opened


def small(*arguments: Any, **options: Any) -> Any:
    made = make_small(*arguments, **options)
    return pytest.mark.parametrize("world", [made], indirect=True, ids=["small"])


shapes = pytest.mark.parametrize(
    "world",
    [make_small(), make_parent(SYNC), make_parent(FORGET)],
    indirect=True,
    ids=["direct", "sync", "forget"],
)
batches = pytest.mark.parametrize(
    "world",
    [make_small("STANDARD"), make_small("EXPRESS")],
    indirect=True,
    ids=["standard", "express"],
)


@shapes
@every(13)
def test_calls_of_states_and_children_go_wrong_and_the_promise_stays_whole(
    world: Environment, stride: int
) -> None:
    proof = prove(world, all_invariants, [TWO], fails={2: 1}, then=QUEUE_ONLY, every=stride)
    assert proof.scenarios > 2 * proof.points / stride


@pytest.mark.exhaustive
@batches
def test_events_in_batches_keep_the_promise_at_every_point(world: Environment) -> None:
    prove(world, all_invariants, [TWO], fails={1: 4}, then=QUEUE_ONLY)


@small("STANDARD")
def test_a_dead_letter_needs_four_failed_calls_of_a_state(world: Environment) -> None:
    play(world, Scenario((THREE,), fails={2: 4}), all_invariants, QUEUE_ONLY)
    assert [body["sequence_no"] for body in world.bodies("DeadLetterQueueUrl")] == [2]
    failed = [one for one in world.attempts if one.error]
    assert [one.payload for one in failed] == [
        {"sequence_no": 2, "retry_attempt": attempt} for attempt in range(4)
    ]
    assert {one.function for one in failed} == {"dynamodb:putItem"}


@small("STANDARD")
def test_what_a_map_reads_and_writes_in_s3_are_points(world: Environment) -> None:
    points = play(world, Scenario((TWO,)), all_invariants)
    calls = [(point.place, point.action) for point in points if point.phase == BEFORE]
    assert calls[:3] == [(TASK, "ReceiveMessage"), (TASK, "PutObject"), (MAP, "GetObject")]
    assert calls[-2:] == [(MAP, "PutObject")] * 2


def find_steps(points: list[FaultPoint], *, child: str) -> list[int]:
    return [at for at, each in enumerate(points) if each.phase == STEP and each.child == child]


@small("STANDARD")
def test_the_parent_is_aborted_and_redriving_it_resumes_the_unfinished_children(
    world: Environment,
) -> None:
    points = play(world, Scenario((THREE,)), all_invariants)
    puts = [at for at, point in enumerate(points) if point.action == "PutItem"]
    last = puts[-1]  # behind the third event's put: its child stands in the middle
    play(world, Scenario((THREE,), (Fault(last, "stop"),)), all_invariants)
    told = [line.rpartition("PutItem ")[2] for line in world.log if "PutItem event" in line]
    assert told[:3] == ["event 1", "event 2", "event 3"]
    (again,) = told[3:]  # the state that was entered, and not left; no other
    assert again == "event 3 → ConditionalCheckFailedException"
    assert any("redriven" in line for line in world.log)
    assert sum("GetObject" in line for line in world.log) == 1  # nor was the file read again


@small("EXPRESS")
def test_a_redriven_express_child_begins_anew(world: Environment) -> None:
    points = play(world, Scenario((TWO,)), all_invariants)
    last = [at for at, point in enumerate(points) if point.action == "PutItem"][-1]
    play(world, Scenario((TWO,), (Fault(last, "stop"),)), all_invariants)
    told = [line.rpartition("PutItem ")[2] for line in world.log if "PutItem event" in line]
    assert told[:2] == ["event 1", "event 2"]
    assert told[2].startswith("event 1 → ConditionalCheckFailedException")


@small("EXPRESS")
def test_an_express_child_runs_twice_in_the_middle_of_itself(world: Environment) -> None:
    points = play(world, Scenario((TWO,)), all_invariants)
    at = find_steps(points, child="EXPRESS")[1]
    play(world, Scenario((TWO,), (Fault(at, "duplicate"),)), all_invariants)
    again = [line for line in world.log if ", child 1 again" in line]
    assert [line.rpartition(": ")[2] for line in again] == [
        "dynamodb PutItem event 1 → ConditionalCheckFailedException",
        "dynamodb PutItem event 2",
    ]
    (told,) = (line for line in world.log if "✗" in line)
    assert told == "run 1, child 1  WasQueued: ✗ it runs a second time here"


@batches
def test_a_child_that_is_lost_fails_its_map_run_and_comes_back_with_the_redrive(
    world: Environment,
) -> None:
    points = play(world, Scenario((THREE,)), all_invariants)
    children = [at for at, point in enumerate(points) if point.child]
    for at in children[:8]:
        play(world, Scenario((THREE,), (Fault(at, "lose-child"),)), all_invariants)
        assert [line for line in world.log if "ends here" in line]
        assert len(world.items()) == 3
    assert any("States.ExceedToleratedFailureThreshold" in line for line in world.log)


@pytest.mark.parametrize("world", [make_parent(SYNC)], indirect=True, ids=["sync"])
def test_a_started_execution_is_stopped_alone_or_with_the_one_that_waits(
    world: Environment,
) -> None:
    points = play(world, Scenario((TWO,)), all_invariants)
    at = next(at for at, point in enumerate(points) if point.action == "PutItem")
    assert points[at].run == 2
    play(world, Scenario((TWO,), (Fault(at, "lose-child"),)), all_invariants)
    assert "run 1  Start: the execution is FAILED States.TaskFailed" in world.log
    play(world, Scenario((TWO,), (Fault(at, "stop"),)), all_invariants)
    assert sum("the execution is ABORTED" in line for line in world.log) == 2


# naive in the new ways


def find_first(world: Environment, invariant: Any, fails: Any = None) -> list[str]:
    with pytest.raises(BrokenPromiseError) as error:
        prove(world, invariant, [TWO], fails=fails, then=QUEUE_ONLY)
    return [line.strip() for line in str(error.value).splitlines()]


@small(condition=False)
def test_a_direct_put_without_a_condition_applies_an_event_twice(world: Environment) -> None:
    lines = find_first(world, applied_exactly_once)
    assert "key 1/1 of" in lines[0]
    assert lines[-4:] == [
        "run 1  Put: ✗ the execution is aborted here, after PutItem",
        "run 1  Put: the execution is ABORTED",
        "run 1  Put: is redriven",
        "run 1  Put: dynamodb PutItem event 1",
    ]


@small("EXPRESS", condition=False)
def test_an_express_child_that_may_not_run_twice_is_found(world: Environment) -> None:
    lines = find_first(world, applied_exactly_once)
    assert lines[-4:] == [
        "run 1, child 1  Batch: ✗ it runs a second time here",
        "run 1, child 1 again  Put: dynamodb PutItem event 1",
        "run 1, child 1 again  Put: dynamodb PutItem event 2",
        "run 1, child 1  Put: dynamodb PutItem event 1",
    ]


@small("STANDARD", puts_away=False)
def test_children_that_fail_and_are_tolerated_and_forgotten_lose_events(world: Environment) -> None:
    lines = find_first(world, no_event_lost, {1: 1})
    assert lines[0].startswith("event 1 is lost")
    assert lines[-1] == "run 1  Done: the execution is SUCCEEDED"
    assert any("FAILED_0.json" in line for line in lines)


@small(puts_away=False, deletes_first=True)
def test_variables_of_an_execution_that_ended_in_fail_hold_nothing(world: Environment) -> None:
    lines = find_first(world, no_event_lost, {1: 1})
    assert lines[0].startswith("event 1 is lost")
    assert lines[-1] == "run 1  SomeFailed: the execution is FAILED SomeFailed"
    (ended,) = world.executions
    assert "items" in ended.root.variables
    assert world.held == []


@small(puts_away=False, deletes_first=True)
def test_variables_of_a_running_execution_do_hold(world: Environment) -> None:
    seen = []

    def look(world: Environment) -> Any:
        if world.executions[0].root.state.name == "SomeFailed" and not world.is_settled:
            seen.append(list(no_event_lost(world)))

    play(world, Scenario((TWO,), fails={1: 1}), look)
    assert seen
    assert not any(seen)


@pytest.mark.parametrize("world", [make_parent(FORGET, "EXPRESS")], indirect=True, ids=["x"])
def test_an_express_execution_that_nobody_waits_for_loses_events(world: Environment) -> None:
    lines = find_first(world, no_event_lost)
    assert lines[0].startswith("event 1 is lost")
    assert "run 1  Done: the execution is SUCCEEDED" in lines
    assert lines[-1] == "run 2  Receive: the execution is TIMED_OUT"


@pytest.mark.parametrize("world", [make_parent(EXPRESS, "EXPRESS")], indirect=True, ids=["x"])
def test_a_parent_that_never_looks_how_its_express_child_ended_loses_events(
    world: Environment,
) -> None:
    lines = find_first(world, no_event_lost)
    assert lines[0].startswith("event 1 is lost")
    assert lines[-1] == "run 2  Receive: the execution is TIMED_OUT"


def test_what_can_go_wrong_inside_a_child() -> None:
    def kinds(*point: str) -> list[str]:
        return list(FaultPoint(1, "S", *point).kinds)

    assert kinds(STEP, "state", "", "STANDARD") == ["stop", "lose-child"]
    assert kinds(STEP, "state", "", "EXPRESS") == ["stop", "lose-child", "duplicate"]
    assert kinds(AFTER, HANDLER, "PutItem", "EXPRESS")[:2] == ["stop", "lose-child"]
    assert kinds(AFTER, FUNCTION, "f", "EXPRESS")[-1] == "duplicate"
    assert kinds(BEFORE, MAP, "GetObject") == ["stop", "time-out", "throttle"]
    assert kinds(AFTER, MAP, "GetObject") == ["stop", "time-out", "lose"]
    assert kinds(AFTER, TASK, "StartExecution")[-1] == "duplicate"
