"""Risks of the graph: choices that decide nothing or fail, loops and Maps without bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnation.asl.cycles import find_cycles
from carnation.asl.fields import PATH
from carnation.asl.graph import Node, Problem, Scope, State
from carnation.lazy import json
from carnation.linter.findings import NOTE, WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.maps import is_distributed
from carnation.linter.rules.risks.implications import bare_rule


@risk("choice-without-default", WARNING)
def find_undecided(machine: Machine) -> Iterator[Problem]:
    """A Choice has no `Default`, and its rules may all fail to hold.

    Problem: if no rule holds the execution fails with `States.NoChoiceMatched`, which no state can
    catch.
    Solution: add a `Default`, if only to a Fail that says what was unexpected.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for state in machine.by_type["Choice"]:
        if "Default" not in state.body and not _is_exhaustive(state.rules):
            yield state.problem("no rule may match, and 'Default' is missing")


def _is_exhaustive(rules: Sequence[Node]) -> bool:
    """Return whether two rules are each other's opposite."""
    seen: set[str] = set()
    for rule in rules:
        if rule.language != PATH and rule.body.get("Condition") in (True, "{% true %}"):
            return True
        body = bare_rule(rule)
        seen.add(_write(body))
        opposite = body["Not"] if set(body) == {"Not"} else {"Not": body}
        flipped = {k: not v if isinstance(v, bool) else v for k, v in body.items()}
        if _write(opposite) in seen or (flipped != body and _write(flipped) in seen):
            return True
    return False


def _write(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, RecursionError):
        return repr(id(value))


@risk("unbounded-loop", NOTE)
def find_loops(machine: Machine) -> Iterator[Problem]:
    """A loop goes round until something outside changes, with no count of its rounds.

    Problem: an execution holds 25,000 events; each round costs at least two for each state. A job
    that never ends turns the loop into a failed execution, some days later.
    Solution: count the rounds and give up, or limit the execution with `TimeoutSeconds`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
    """
    if machine.type == "EXPRESS" or "TimeoutSeconds" in machine.body:
        return
    for scope in machine.scopes:
        for loop in _find_cycles(scope):
            if not any(_counts(state) for state in loop):
                names = ", ".join(f"'{state.name}'" for state in loop[:3])
                more = ", …" if len(loop) > 3 else ""
                yield loop[0].problem(f"the loop through {names}{more} does not count its rounds")


def _counts(state: State) -> bool:
    """Return whether a state does sums, or reads a list that gets shorter."""
    text = _write([state.body.get(name) for name in ("Parameters", "Assign", "Output", "Result")])
    if any(sign in text for sign in ("MathAdd", "+ 1", "+1", "- 1", "-1", "[1:]", "$count(")):
        return True
    rules = _write(state.body.get("Choices"))
    return state.place == "Choice" and any(
        sign in rules for sign in ("NumericGreater", "NumericLess", "NextToken", "IsPresent", ">")
    )


def _find_cycles(scope: Scope) -> Iterator[list[State]]:
    targets = {
        state.name: [move.target for move in state.transitions if move.target in scope.states]
        for state in scope.reached
    }
    for names in find_cycles(targets):
        yield [scope.states[name] for name in names]


@risk("inline-map-without-concurrency", NOTE)
def find_wide_maps(machine: Machine) -> Iterator[Problem]:
    """An inline Map does not say how many iterations run concurrently.

    Problem: AWS runs up to 40 concurrently; the called service (a database, an API) gets them all.
    Solution: set `MaxConcurrency` to what the slowest part bears.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
    """
    for state in machine.by_type["Map"]:
        if not is_distributed(state) and not _has(state, "MaxConcurrency", "MaxConcurrencyPath"):
            yield state.problem("up to 40 iterations run concurrently; set 'MaxConcurrency'")


@risk("distributed-map-without-tolerance", NOTE)
def find_strict_maps(machine: Machine) -> Iterator[Problem]:
    """A distributed Map does not say how many of its items may fail.

    Problem: the first item that fails ends the Map Run, and the others are stopped in their tracks.
    Solution: set `ToleratedFailurePercentage` or `ToleratedFailureCount`, and look at what failed.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html
    """
    names = ("ToleratedFailurePercentage", "ToleratedFailureCount")
    for state in machine.by_type["Map"]:
        if is_distributed(state) and not _has(state, *names, *(f"{name}Path" for name in names)):
            yield state.problem("one failed item fails the whole Map Run")


@risk("distributed-map-without-writer", NOTE)
def find_unwritten_maps(machine: Machine) -> Iterator[Problem]:
    """A distributed Map gives the results of all its items as one payload.

    Problem: above 256 KiB the state fails with `States.DataLimitExceeded`, after all the work.
    Solution: give it a `ResultWriter`, or throw the results away (`"ResultPath": null`).
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    for state in machine.by_type["Map"]:
        kept = state.body.get("ResultPath", "") is not None
        if is_distributed(state) and kept and not _has(state, "ResultWriter", "Output"):
            yield state.problem("the results of all items become one payload of up to 256 KiB")


def _has(state: State, *names: str) -> bool:
    return any(name in state.body for name in names)
