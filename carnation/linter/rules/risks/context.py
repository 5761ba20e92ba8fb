"""Risks of the context object and `$states`: fields that they do not have, or not here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl.fields import ATA
from carnation.asl.graph import Node, Problem, State
from carnation.asl.kinds import is_placeholder
from carnation.document.values import Json
from carnation.linter.expression_sites import ExpressionSite, list_expressions
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.expressions import list_jsonata
from carnation.linter.rules.risks.variables import paths_in
from carnation.services.task_calls import FUNCTION, INTEGRATION, read_resource

_Fields = Mapping[str, Json]
_ANY: _Fields = {}
_CONTEXT: _Fields = {
    "Execution": {"Id": None, "Input": _ANY, "Name": None, "RoleArn": None, "StartTime": None,
                  "RedriveCount": None, "RedriveTime": None},
    "State": {"EnteredTime": None, "Name": None, "RetryCount": None},
    "StateMachine": {"Id": None, "Name": None},
    "Task": {"Token": None},
    "Map": {"Item": {"Index": None, "Value": _ANY, "Key": None, "Source": None}},
}  # fmt: skip
_STATES = ("input", "result", "errorOutput", "context")


@risk("unknown-context-field", WARNING)
def find_unknown_fields(machine: Machine) -> Iterator[Problem]:
    """A path asks the context object, or `$states`, for a field that is not there.

    Problem: `$$` has Execution, State, StateMachine, Map (in a Map and in its iterations) and Task
    (in a Task that waits for a token, or an activity); `$states` has input, result, errorOutput and
    context. Any other name fails the state when it runs.
    Solution: correct the name, or read the value where it exists and hand it on.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
    """
    for use, root, names in _list_lookups(machine):
        if root == "$states." and names[0] not in _STATES:
            near = machine.suggest(names[0], _STATES)
            yield use.part.problem(f"'$states' has no '{names[0]}'.{near}", use.inner)
        elif root != "$states.":
            message = _look_up(machine, names, root) or _find_misplaced(use.part, names, root)
            if message:
                yield use.part.problem(message, use.inner)


def _list_lookups(machine: Machine) -> Iterator[tuple[ExpressionSite, str, tuple[str, ...]]]:
    """Yield each lookup: where, the root as it is written, and the names behind it."""
    for use in list_expressions(machine):
        value = use.value
        if use.part.language != ATA and isinstance(value, str) and "$$." in value:
            for path in paths_in(value) if not is_placeholder(value) else ():
                if path.is_context:
                    yield use, "$$.", _names_of(path)
    for use, expression in list_jsonata(machine):
        for found in dict.fromkeys(one.path for one in expression.uses.states if one.path):
            if found[0] == "context":
                yield use, "$states.context.", found[1:]
            else:
                yield use, "$states.", found


def _names_of(path: Json) -> tuple[str, ...]:
    names = []
    for step in path.steps:
        if step.kind != "field":
            break
        names.append(str(step.value))
    return tuple(names)


def _look_up(machine: Machine, names: tuple[str, ...], root: str) -> str:
    known: _Fields | None = _CONTEXT
    for index, name in enumerate(names):
        if not known:
            return "" if known is _ANY else f"'{root}{'.'.join(names[:index])}' has no fields"
        if name not in known:
            where = f"{root}{'.'.join(names[:index])}".rstrip(".")
            return f"'{where}' has no '{name[:60]}'.{machine.suggest(name, known)}"
        known = known[name]
    return ""


def _find_misplaced(part: Node, names: tuple[str, ...], root: str) -> str:
    state = part.state
    if state is None or not names:
        return ""
    if names[0] == "Task" and not _may_have_token(state):
        return f"'{root}Task.Token' exists only in a Task that waits for a token"
    if names[0] == "Map" and not _is_in_map(state):
        return f"'{root}Map' exists only in a Map and in its iterations"
    return ""


def _may_have_token(state: State) -> bool:
    """Return whether a state may have a token: it waits for one, or nobody can tell."""
    if state.place != "Task":
        return False
    resource = read_resource(state.body.get("Resource"))
    if resource.kind == INTEGRATION:
        return resource.pattern != ""  # those that wait for a job are seen to have one, too
    return resource.kind != FUNCTION


def _is_in_map(state: State) -> bool:
    inner: State | None = state
    while inner is not None:
        if inner.place == "Map":
            return True
        inner = inner.scope.owner
    return False
