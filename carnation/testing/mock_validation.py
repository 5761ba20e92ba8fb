"""Whether a mock could be true, or one line that says why not, with what was probably meant.

Its state exists, its result has the service's shape, its fault is one that the service raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from carnation.errors import UsageError, suggest_name
from carnation.services import STATES_ERRORS, Shape, find_errors, find_task_result
from carnation.services.task_calls import read_resource
from carnation.testing.mock_results import (
    Answer,
    Delay,
    Invoke,
    Malformed,
    Real,
    Return,
    ReturnPayload,
    Throw,
    TimeOut,
)

_TEXTS = ("string", "timestamp", "blob")
_NUMBERS = ("integer", "long", "double", "timestamp")
_FUNCTIONS = ("lambda:invoke",)


def check_state(name: str, states: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return a state; raises `UsageError` for one that is not there."""
    if name not in states:
        near = suggest_name(name, states) or f" States: {', '.join(states)}."
        raise UsageError(f"state '{name}' not found in the definition.{near}")
    return states[name]


def check_task(name: str, states: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the call of a Task, the end of its Resource; raises `UsageError` for another state."""
    state = check_state(name, states)
    if state.get("Type") != "Task":
        tasks = [key for key, body in states.items() if body.get("Type") == "Task"]
        raise UsageError(
            f"state '{name}' is a {state.get('Type')}, and only Tasks can be mocked. Tasks: "
            f"{', '.join(tasks) or 'none'}."
        )
    return read_resource(state.get("Resource")).full_call or str(state.get("Resource"))


def check_answer(name: str, call: str, answer: object) -> None:
    """Raise `UsageError` for an answer that the state's service never gives."""
    if isinstance(answer, Delay):
        if answer.then is not None:
            check_answer(name, call, answer.then)
    elif isinstance(answer, Throw):
        _check_error(name, call, answer.error)
    elif isinstance(answer, Return):
        shape = find_task_result(call)
        for problem in _compare(answer.value, shape, "the result") if shape else ():
            raise UsageError(
                f"the mock of state '{name}' returns a result that {call} never returns: "
                f"{problem} Fix it, or use Malformed(…) to test that."
            )
    elif isinstance(answer, (ReturnPayload, Invoke)) and not _is_function(call):
        raise UsageError(
            f"state '{name}' calls {call}, which is not a function. Mock it with Return(…)."
        )
    elif not isinstance(answer, (ReturnPayload, Invoke, Malformed, TimeOut, Real)):
        known = ", ".join(kind.__name__ for kind in Answer.__args__ if kind is not Real)
        raise UsageError(
            f"invalid mock for state '{name}': expected {known} or REAL of "
            f"carnation.testing, got {answer!r}."
        )


def _is_function(call: str) -> bool:
    return call.partition(".")[0] in _FUNCTIONS or ":lambda:" in call or call.startswith("${")


def _check_error(name: str, call: str, error: str) -> None:
    service, dot, _ = error.partition(".")
    if not dot and _is_function(call):
        return  # the class of an exception of the handler's own
    known: Iterable[str] = STATES_ERRORS
    if service != "States":
        action = call.partition(".")[0]
        if _is_function(call):
            action = "lambda:invoke"
        found = find_errors(action.rpartition(":")[0])
        if found is None or call.endswith((".sync", ".sync:2", ".waitForTaskToken")):
            return  # nothing is known of it, or somebody else says how it fails
        known = (*found, *STATES_ERRORS)
    if error not in known:
        raise UsageError(
            f"the mock of state '{name}' fails with '{error}', which {call} never raises."
            f"{suggest_name(error, known) or ' See carnation.services.find_errors.'}"
        )


def _compare(value: Any, shape: Shape, where: str) -> Iterator[str]:
    """Yield where a value is not of a shape; a member that is left out is fine."""
    if value is None or shape.kind == "document":
        return
    if shape.kind == "structure" and isinstance(value, Mapping):
        for key, item in value.items():
            if key in shape.members:
                yield from _compare(item, shape.members[key], f"{where}.{key}")
            else:
                near = suggest_name(key, shape.members) or (
                    f" It has {', '.join(shape.members) or 'no members'}."
                )
                yield f"{where} has no '{key}'.{near}"
    elif shape.kind == "map" and isinstance(value, Mapping) and shape.item:
        for key, item in value.items():
            yield from _compare(item, shape.item, f"{where}.{key}")
    elif shape.kind == "list" and isinstance(value, list) and shape.item:
        for at, item in enumerate(value):
            yield from _compare(item, shape.item, f"{where}[{at}]")
    elif not _is_scalar(value, shape.kind):
        yield f"{where} is {value!r}, and it is a {shape.kind}."
    elif shape.enum and value not in shape.enum:
        yield f"{where} is {value!r}.{suggest_name(value, shape.enum)}"


def _is_scalar(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return (isinstance(value, str) and kind in _TEXTS) or (
        isinstance(value, (int, float)) and kind in _NUMBERS
    )
