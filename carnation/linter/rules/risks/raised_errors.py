"""Risks of error names: those that nothing in a state's reach reports.

A Task that calls a service reports errors with the service's prefix, and those of Step Functions;
a function, an activity, a callback may report any name; a Map and a Parallel report what the states
inside them do, and the names of their Fail states.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterator

from carnation import services  # its files are read when they are asked
from carnation.asl.graph import Node, Problem, State
from carnation.asl.kinds import is_placeholder
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.errors import names_of
from carnation.linter.rules.risks.errors import find_meant_name
from carnation.records import NamedTuple
from carnation.services.task_calls import find_integration

_MAY_REPORT_ANY = frozenset({"lambda", "states", "http", "apigateway", "eks"})
_ALIKE = 0.9
_ITEMS = ("ItemReader", "ItemBatcher", "ResultWriter")
_HTTP = "States.Http."
_HEARTBEATS = ("HeartbeatSeconds", "HeartbeatSecondsPath")
_OWN = {
    "Parallel": ("States.BranchFailed",),
    "Map": ("States.ExceedToleratedFailureThreshold", "States.ItemReaderFailed",
            "States.ResultWriterFailed"),
    "Choice": ("States.NoChoiceMatched",),
}  # fmt: skip
"""The names of Step Functions that only one type of state reports."""
_SPECIAL = frozenset(name for names in _OWN.values() for name in names) | {
    "States.HeartbeatTimeout"
}


class _Reports(NamedTuple):
    """What a state may report next to the names of Step Functions; `is_any` if nobody can tell."""

    is_any: bool = False
    prefixes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def join(self, other: _Reports) -> _Reports:
        return _Reports(
            self.is_any or other.is_any,
            self.prefixes | other.prefixes,
            self.names | other.names,
        )


_ANY = _Reports(is_any=True)


@risk("wrong-error-prefix", WARNING)
def find_wrong_prefixes(machine: Machine) -> Iterator[Problem]:
    """An error name has its service's prefix in other letters than this Task reports it in.

    Problem: an integration of the SDK reports errors with the name of the Java SDK's client
    (`AcmPca.…`, `DynamoDb.…`), the optimized one of DynamoDB `DynamoDB.…`; names are compared
    letter by letter, so the retrier or catcher never acts.
    Solution: use the prefix of the integration that the Task uses.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    for part, name, right in _list_named(machine):
        wrong, dot, rest = name.partition(".")
        if dot and f"{wrong}." != right and _fold(wrong) == _fold(right):
            meant = right + rest
            yield part.problem(f"this Task reports '{meant}'", "/ErrorEquals", (name, meant))


@risk("unreported-error", WARNING)
def find_unreported(machine: Machine) -> Iterator[Problem]:
    """A retrier or catcher names an error that nothing in reach can report.

    Problem: a call of one service does not report the errors of another, nor names of your own; a
    Map or Parallel reports those of the states inside it. The retrier or catcher never acts.
    Solution: correct the name, or take it out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    reports: dict[int, _Reports] = {}
    for state in machine.states if _names_errors(machine) else ():
        for part in (*state.retriers, *state.catchers):
            for name in dict.fromkeys(names_of(part)):
                message = _check_name(state, name, reports)
                if message:
                    yield part.problem(message, "/ErrorEquals")


def _names_errors(machine: Machine) -> bool:
    return any(
        not name.startswith("States.") or _is_special(name)
        for part in machine.parts_of("Retrier", "Catcher")
        for name in names_of(part)
    )


def _check_name(state: State, name: str, reports: dict[int, _Reports]) -> str:
    if _is_special(name):
        return _check_special(state, name, reports)
    if name.startswith("States.") or is_placeholder(name) or find_meant_name(name):
        return ""
    found = _find_reports(state, reports)
    if found.is_any or name in found.names:
        return ""
    prefix, dot, _ = name.partition(".")
    if dot and any(_fold(prefix) == _fold(one) for one in found.prefixes):
        return _find_misspelled(state, name)
    return _format_unreported(state, name)


def _format_unreported(state: State, name: str) -> str:
    who = "this Task" if state.place == "Task" else f"no state in this {state.place}"
    return f"{who} {'does not report' if state.place == 'Task' else 'reports'} '{name[:80]}'"


def _is_special(name: str) -> bool:
    return name in _SPECIAL or name.startswith(_HTTP)


def _check_special(state: State, name: str, reports: dict[int, _Reports]) -> str:
    """Judge a name of Step Functions that not every state may report."""
    names = _find_reports(state, reports).names
    wanted = _HTTP if name.startswith(_HTTP) else name
    return "" if wanted in names else _format_unreported(state, name)


def _find_misspelled(state: State, name: str) -> str:
    """Describe which error of the service was meant, if the name is one in a few other letters."""
    from difflib import get_close_matches  # only a name in doubt needs it

    resource = find_integration(state.body)
    known = services.find_errors(resource.owner) if resource else None
    if not known or name in known:
        return ""
    if f"{name}Exception" in known:
        return f"this Task reports '{name}Exception', not '{name}'"
    near = [*get_close_matches(name, known, 1, _ALIKE),
            *get_close_matches(f"{name}Exception", known, 1, _ALIKE)]  # fmt: skip
    return f"this Task reports '{near[0]}', not '{name}'" if near else ""


def _find_reports(state: State, known: dict[int, _Reports]) -> _Reports:
    """Find what a state may report, with what is inside of it; without recursion."""
    waiting = [state]
    while waiting:
        one = waiting[-1]
        if id(one) in known:
            waiting.pop()
            continue
        inner = [each for scope in one.inner for each in scope.states.values()]
        missing = [each for each in inner if id(each) not in known]
        if missing:
            waiting += missing
            continue
        found = _reports_of(one)
        for each in inner:
            found = found.join(known[id(each)])
        known[id(one)] = found
        waiting.pop()
    return known[id(state)]


def _reports_of(state: State) -> _Reports:
    """Describe what a state reports itself."""
    if state.place == "Fail":
        name = state.body.get("Error", "")
        plain = isinstance(name, str) and not (is_placeholder(name) or name.startswith("{%"))
        if "ErrorPath" in state.body or not plain:
            return _ANY
        return _Reports(names=frozenset({name}))
    own = frozenset(_OWN.get(state.place, ()))
    if state.place == "Map" and any(name in state.body for name in _ITEMS):
        return _Reports(is_any=True, names=own)  # what reads and writes reports its own errors
    if state.place in ("Map", "Parallel") and not state.inner:
        return _Reports(is_any=True, names=own)
    return _reports_of_task(state) if state.place == "Task" else _Reports(names=own)


def _reports_of_task(state: State) -> _Reports:
    resource = find_integration(state.body)
    names = {
        name
        for name, there in (
            (_HTTP, resource is None or resource.service == "http"),
            ("States.HeartbeatTimeout", any(field in state.body for field in _HEARTBEATS)),
        )
        if there
    }
    if resource is None or resource.pattern or resource.service in _MAY_REPORT_ANY:
        return _Reports(is_any=True, names=frozenset(names))
    prefix = services.find_prefix(resource.owner)
    prefixes = frozenset({prefix}) if prefix else frozenset()
    return _Reports(not prefix, prefixes, frozenset(names))


def _list_named(machine: Machine) -> Iterator[tuple[Node, str, str]]:
    """Yield each error name of a Task whose service has a prefix, with that prefix."""
    for state in machine.by_type["Task"]:
        resource = find_integration(state.body)
        parts = (*state.retriers, *state.catchers) if resource is not None else ()
        if resource is None or not any("." in name for part in parts for name in names_of(part)):
            continue
        prefix = services.find_prefix(resource.owner)
        for part in parts if prefix else ():
            for name in names_of(part):
                yield part, name, prefix


def _fold(name: str) -> str:
    return name.rstrip(".").replace("-", "").casefold()
