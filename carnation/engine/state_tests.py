"""TestState: one state on its own, with mocks, and a look at each step of its processing.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.asl import walk_states
from carnation.document.values import Json
from carnation.engine.compiler import CompiledMachine, compile_definition
from carnation.engine.distributed import THRESHOLD, DistributedMap
from carnation.engine.execution import NO_INPUT, Execution
from carnation.engine.failures import StateError
from carnation.engine.fibers import Flow, State, Steps
from carnation.engine.maps import MapState
from carnation.engine.parallel import Parallel
from carnation.engine.ports import Port
from carnation.engine.retry_catch import RetryableState
from carnation.errors import UsageError

_ROLE = "arn:aws:iam::123456789012:role/role"
_ARN = "arn:aws:states:us-east-1:123456789012:express:machine:test"


def test_state(
    definition: Mapping[str, Json],
    value: Json = NO_INPUT,
    *,
    state_name: str | None = None,
    inspection_level: str = "INFO",
    variables: Mapping[str, Json] | None = None,
    context: Mapping[str, Json] | None = None,
    mock: Mapping[str, Json] | None = None,
    configuration: Mapping[str, Json] | None = None,
    port: Port | None = None,
    arn: str = _ARN,
    machine_arn: str = "",
    role_arn: str = _ROLE,
) -> dict[str, Json]:
    """Run one state, and say what came of it as the TestState API does.

    `definition` is a state, or a machine in which `state_name` names one. Raises `UsageError` for
    what cannot be tested.

    >>> test_state({"Type": "Pass", "Next": "B"}, {"n": 1})
    {'status': 'SUCCEEDED', 'output': {'n': 1}, 'nextState': 'B'}
    """
    body, language, machine = _find_state(definition, state_name)
    state = _isolate(state_name or "StateName", body, language)
    settings = dict(configuration or {})
    identity = (arn, machine_arn, role_arn)
    tested = _Test(machine, state, value, port, dict(mock or {}), settings, identity)
    if context is not None:
        tested.execution.given_context = dict(context)
    tested.fiber.variables = dict(variables or {})
    return tested.run(inspection_level)


test_state.__test__ = False  # type: ignore[attr-defined]  # it is no test of ours


def _find_state(
    definition: Mapping[str, Json], name: str | None
) -> tuple[Mapping[str, Json], str, Mapping[str, Json]]:
    if "States" not in definition:
        return definition, definition.get("QueryLanguage", "JSONPath"), definition
    if name is None:
        raise UsageError("the definition is a state machine: name the state to test.")
    for place in walk_states(definition):
        if place.name == name:
            language = definition.get("QueryLanguage", "JSONPath")
            return place.body, language, definition
    raise UsageError(f"the definition has no state '{name}' to test.")


def _isolate(name: str, body: Mapping[str, Json], language: str) -> State:
    """Compile a state without what comes after it."""
    targets = {name: {**body}}
    probe = {"StartAt": name, "QueryLanguage": language, "States": targets}
    wanted = [body.get("Next"), body.get("Default")]
    wanted += [entry.get("Next") for entry in body.get("Choices") or () if isinstance(entry, dict)]
    wanted += [entry.get("Next") for entry in body.get("Catch") or () if isinstance(entry, dict)]
    for target in wanted:
        if isinstance(target, str):
            targets.setdefault(target, {"Type": "Succeed"})
    return compile_definition(probe).flow.states[name]


class _Test:
    """One state on a fiber of its own."""

    def __init__(
        self,
        definition: Mapping[str, Json],
        state: State,
        value: Json,
        port: Port | None,
        mock: dict[str, Json],
        settings: dict[str, Json],
        identity: tuple[str, str, str],
    ) -> None:
        self.state, self.mock, self.settings = state, mock, settings
        flow = Flow("the state")
        flow.states, flow.start = {state.name: state}, state
        self.execution = Execution(
            CompiledMachine({}, flow),
            value,
            port,
            arn=identity[0],
            machine_arn=identity[1],
            role_arn=identity[2],
            express=True,
        )
        self.execution.context["Execution"].pop("RedriveCount")
        self.fiber = self.execution.root
        self.fiber.trace = {"input": self.execution.input}

    def run(self, level: str) -> dict[str, Json]:
        """Run it to the end of the state."""
        fiber = self.fiber
        fiber.entered_at, fiber.entered_id = self.execution.clock.now, 2
        following: str | None = None
        answer: dict[str, Json]
        try:
            following = self._perform()
            answer = {"status": "SUCCEEDED", "output": fiber.output}
        except StateError as failure:
            answer = self._check_failure(failure)
            following = answer.pop("next", None)
        if following is not None:
            answer["nextState"] = following
        answer = {key: item for key, item in answer.items() if key == "output" or item is not None}
        if level in ("DEBUG", "TRACE"):
            answer["inspectionData"] = dict(fiber.trace or {})
            if fiber.variables:
                answer["inspectionData"]["variables"] = fiber.variables
        return answer

    def _perform(self) -> str | None:
        fiber, state = self.fiber, self.state
        if isinstance(state, RetryableState):
            return self._perform_retryable(state)
        steps = state.run(fiber)
        if not state.waits:
            return steps if isinstance(steps, str) else None
        return _exhaust(steps)  # type: ignore[no-any-return]

    def _perform_retryable(self, state: RetryableState) -> str | None:
        fiber = self.fiber
        fiber.attempt = self.settings.get("retrierRetryCount", 0)
        value = None if isinstance(state, Parallel) else state.data_flow.select_input(fiber)
        if isinstance(state, (MapState, Parallel)):
            result = self._mock_group(state, value)
        else:
            result = self._run_task(state, value)
        if not isinstance(state, (MapState, Parallel)):
            self.fiber.trace["result"] = result  # type: ignore[index]
        state.data_flow.finish(fiber, result, result)
        return state.next

    def _run_task(self, state: RetryableState, value: Json) -> Json:
        if not self.mock:
            return _exhaust(state.attempt(self.fiber, value))
        self.execution.tokens.seed(0)
        state.make_task(self.fiber, value)  # type: ignore[attr-defined]
        return self._mocked_result()

    def _mock_group(self, state: RetryableState, value: Json) -> Json:
        if not self.mock:
            raise UsageError(f"a {state.type} is tested with a mock. Set its result or error.")
        if isinstance(state, MapState):
            self._look_at_map(state, value)
        return self._mocked_result()

    def _look_at_map(self, state: MapState, value: Json) -> None:
        fiber, trace = self.fiber, self.fiber.trace or {}
        items = self._find_items(state, value)
        self._look_at_items(state, value, items, trace)
        failed = self.settings.get("mapIterationFailureCount", 0)
        if failed > len(items):
            raise UsageError(
                "Map iteration failure count must be less than or equal to the number of Map "
                "iterations"
            )
        trace["maxConcurrency"] = state.find_concurrency(fiber, value)
        if not isinstance(state, DistributedMap):
            return
        count, percentage = state.find_tolerance(fiber, value)
        if count is not None:
            trace["toleratedFailureCount"] = count
        if percentage is not None:
            trace["toleratedFailurePercentage"] = float(percentage)
        exceeds = (count is not None and failed > count) or (
            percentage is not None and 100 * failed > percentage * len(items)
        )
        if failed and exceeds:
            raise StateError(THRESHOLD, "The specified tolerated failure threshold was exceeded")

    def _find_items(self, state: MapState, value: Json) -> list[Json]:
        reader = state.reader if isinstance(state, DistributedMap) else None
        if reader is None:
            return state.find_items(self.fiber, value)
        data = self.settings.get("mapItemReaderData", "[]")
        items = reader.read_sample(self.fiber, value, data)
        if "ItemsPointer" in reader.config and self.fiber.trace is not None:
            self.fiber.trace["afterItemsPointer"] = items
        return items

    def _look_at_items(
        self, state: MapState, value: Json, items: list[Json], trace: dict[str, Json]
    ) -> None:
        if "ItemSelector" in state.body:
            items = [state.select(self.fiber, value, item, at) for at, item in enumerate(items)]
            trace["afterItemSelector"] = items
        if isinstance(state, DistributedMap) and state.batcher is not None:
            batches = state.batcher.make_batches(self.fiber, value, items)
            trace["afterItemBatcher"] = [batch for batch, _ in batches]

    def _mocked_result(self) -> Json:
        if "errorOutput" in self.mock:
            error = self.mock["errorOutput"]
            raise StateError(error.get("error"), error.get("cause"))
        return self.mock.get("result")

    def _check_failure(self, failure: StateError) -> dict[str, Json]:
        """Return whether a retrier or a catcher takes a failure."""
        state, fiber = self.state, self.fiber
        found = {"error": failure.error, "cause": failure.cause}
        if not isinstance(state, RetryableState):
            return {"status": "FAILED", **found}
        details: dict[str, Json] = {}
        at = state.find_retrier(failure)
        count = self.settings.get("retrierRetryCount", 0)
        if at is not None:
            details["retryIndex"] = at
            if count < state.retriers[at].attempts:
                details["retryBackoffIntervalSeconds"] = int(state.retriers[at].delay(count))
                self._keep_error(details)
                return {"status": "RETRIABLE", **found}
        place = state.find_catcher(failure)
        if place is not None:
            details["catchIndex"] = place
            self._keep_error(details)
            exited = state.catchers[place].handle(fiber, failure)
            following = state.catchers[place].next
            return {
                "status": "CAUGHT_ERROR",
                "output": exited["output"],
                **found,
                "next": following,
            }
        self._keep_error(details)
        return {"status": "FAILED", **found}

    def _keep_error(self, details: dict[str, Json]) -> None:
        if details and self.fiber.trace is not None:
            self.fiber.trace["errorDetails"] = details


def _exhaust(steps: Steps) -> Json:
    """Run a state that waits to its end; nothing else is there to wait for."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value
