"""Two versions of one state, run side by side in the engine on the same samples.

The inputs of the state are those that it gets in a run of the old definition on sample data; of
each there is a twin with every value changed, so that what is equal by chance is not taken for
equal. What tasks answer is a sample, too, and the same for both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from carnation.asl import read_definition, walk_states
from carnation.engine import Event, Execution, Outcome, Succeeded, Task, compile_definition
from carnation.engine.ports import Started, Submitted
from carnation.errors import CarnationError
from carnation.estimates.inference import InferredData
from carnation.estimates.models import fill_known
from carnation.estimates.samples import TEXT, SampleData
from carnation.estimates.simulated_tasks import Endless, Plan, SimulatedTasks
from carnation.estimates.targets import Target, derive_facts
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_FIRST = "(variables of the sample)"
_MAX_SAMPLES = 4
_MAX_VALUE_LENGTH = 60


class _Sample(NamedTuple):
    """What a state gets: its input, and the variables in its scope."""

    given: Any
    variables: Mapping[str, Any]


class _Outcome(NamedTuple):
    """What a state did: its status, the way it took, its output, variables, and requests."""

    status: str
    next: str
    output: Any
    variables: Mapping[str, Any]
    requests: list[Any]


def compare_outputs(old: Target, new: Target, old_name: str, new_name: str) -> str:
    """Return whether a state gives the same in both definitions, for the samples."""
    try:
        return _compare(old, new, old_name, new_name)
    except (CarnationError, RecursionError, Endless) as error:
        cause = " ".join(str(error).split()) or type(error).__name__
        return f"the two could not be run on samples: {cause.rstrip('.')}"


def _compare(old: Target, new: Target, old_name: str, new_name: str) -> str:
    facts = derive_facts(old)
    one, two = (fill_known(side.definition, facts.substitutions) for side in (old, new))
    graph = read_definition(one)
    world = SampleData(InferredData(graph), 2, facts.given, facts.results, is_full=True)
    bodies = {place.name: place.body for place in graph.states}
    port = _SamplePort(SimulatedTasks(world, Plan(0, 0), bodies, {}))
    samples = [*_list_samples(one, old_name, distinguish(_make_plain(world.input)), port)]
    count = 0
    for sample in samples[:_MAX_SAMPLES]:
        before = _run(one, old_name, old_name, sample, port)
        if before.status != "SUCCEEDED":
            continue
        count += 1
        difference = _format_difference(before, _run(two, new_name, old_name, sample, port))
        if difference:
            return f"run on samples, the two differ: {difference}"
    if not count:
        return "no sample could be run through the old one, so their outputs were not compared"
    return f"run on {count} sample{'s' * (count > 1)}, both have the same output"


class _SamplePort:
    """A port whose answers are plain values, each text in them its own."""

    def __init__(self, tasks: SimulatedTasks) -> None:
        self._tasks = tasks
        self.requests: list[Any] = []

    def perform(self, task: Task) -> Outcome:
        """Note the request, and answer it."""
        self.requests.append(task.parameters)
        outcome = self._tasks.perform(task)
        if isinstance(outcome, (Started, Submitted)):
            outcome = outcome.outcome
        if not isinstance(outcome, Succeeded):
            return outcome
        answer = Succeeded(distinguish(_make_plain(outcome.output), "result"))
        if task.kind == "Activity":
            return Started(outcome=answer)
        return Submitted({}, answer) if task.is_callback or task.is_sync else answer


def _make_plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def distinguish(value: Any, name: str = "input") -> Any:
    """Return every text that was made up a value of its own: its place.

    >>> distinguish({"a": [TEXT, "known"], "b": TEXT})
    {'a': ['input.a.0', 'known'], 'b': 'input.b'}
    """
    if isinstance(value, dict):
        return {key: distinguish(item, f"{name}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [distinguish(item, f"{name}.{at}") for at, item in enumerate(value)]
    return name if value == TEXT else value


def vary(value: Any) -> Any:
    """Change every value, and keep its type.

    >>> vary({"a": [1, "x"], "b": True, "c": None})
    {'a': [2, "x'"], 'b': False, 'c': None}
    """
    if isinstance(value, dict):
        return {key: vary(item) for key, item in value.items()}
    if isinstance(value, list):
        return [vary(item) for item in value]
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return f"{value}'" if isinstance(value, str) else value


def _list_samples(
    definition: Mapping[str, Any], name: str, given: Any, port: _SamplePort
) -> Iterator[_Sample]:
    """Yield what a state gets in a run; the whole input of the machine where none reaches it."""
    found: list[_Sample] = []
    variables: dict[str, Any] = {}

    def see(event: Event) -> None:
        if event.type.endswith("StateEntered") and event.details.get("name") == name:
            found.append(_Sample(_make_plain(event.details["input"]), dict(variables)))
        variables.update(event.details.get("assignedVariables") or {})

    Execution(compile_definition(definition), given, port, observe=see).run()
    for sample in found or [_Sample(given, variables)]:
        yield sample
        yield _Sample(vary(sample.given), vary(sample.variables))


def _run(
    definition: Mapping[str, Any], name: str, known_as: str, sample: _Sample, port: _SamplePort
) -> _Outcome:
    """Run one state, under the name that it had, up to the state that it continues to."""
    state = next(place for place in walk_states(definition) if place.name == name)
    body = {"QueryLanguage": state.language, **state.body}
    states: dict[str, Any] = {known_as: body}
    for move in state.transitions:
        states.setdefault(move.target, {"Type": "Succeed"})
    start = known_as
    if sample.variables:
        assigned = {"Type": "Pass", "QueryLanguage": "JSONPath", "Assign": sample.variables}
        start, states[_FIRST] = _FIRST, {**assigned, "Next": known_as}
    visited: list[str] = []
    variables: dict[str, Any] = {}

    def see(event: Event) -> None:
        if event.type.endswith("StateEntered") and event.previous_id:
            visited.append(event.details["name"])
        if event.type.endswith("StateExited") and event.details.get("name") == known_as:
            variables.update(event.details.get("assignedVariables") or {})

    port.requests = []
    machine = {"StartAt": start, "States": states}
    run = Execution(compile_definition(machine), sample.given, port, observe=see)
    run.run()
    following = visited[-1] if visited and visited[-1] != known_as else ""
    return _Outcome(run.status, following, run.output, variables, port.requests)


def _format_difference(before: _Outcome, after: _Outcome) -> str:
    """Say in what two runs differ, the first thing that does; '' if in nothing."""
    if before.status != after.status:
        return f"the old one ends with {before.status}, the new one with {after.status}"
    if before.next != after.next:
        return f"the old one continues to {before.next or 'the end'}, the new one to {after.next}"
    for word, one, two in (
        ("request", _open_one(before.requests), _open_one(after.requests)),
        ("output", before.output, after.output),
        ("variables", before.variables, after.variables),
    ):
        found = _find_difference(one, two, "")
        if found:
            return f"{word}{found}"
    return ""


def _open_one(requests: list[Any]) -> Any:
    """Return the request of a task that makes one; a Map or a Parallel may make several."""
    return requests[0] if len(requests) == 1 else requests


def _find_difference(one: Any, two: Any, path: str) -> str:
    """Find the first place where two values differ, with what each has there."""
    if isinstance(one, dict) and isinstance(two, dict):
        places: list[tuple[Any, Any, str]] = [
            (one.get(key, _MISSING), two.get(key, _MISSING), f"{path}.{key}")
            for key in dict.fromkeys([*one, *two])
        ]
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        places = [(a, b, f"{path}[{at}]") for at, (a, b) in enumerate(zip(one, two, strict=True))]
    elif one == two and isinstance(one, bool) is isinstance(two, bool):
        return ""
    else:
        return f"{path} is {_format_value(two)} instead of {_format_value(one)}"
    return next(filter(None, (_find_difference(*place) for place in places)), "")


class _Missing:
    """Stands where a value is missing."""


_MISSING = _Missing()


def _format_value(value: Any) -> str:
    if value is _MISSING:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"
