"""Risks of the graph: choices that decide nothing or fail, loops and Maps without bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.asl.comparisons import COMPARISONS
from carnation.asl.cycles import find_cycles
from carnation.asl.fields import PATH
from carnation.asl.graph import Node, Problem, Scope, State
from carnation.linter.findings import NOTE, WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.maps import is_distributed


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
            yield state.problem("no rule may hold, and there is no 'Default'")


def _is_exhaustive(rules: list[Node]) -> bool:
    """Tell whether two rules are each other's opposite."""
    seen: set[str] = set()
    for rule in rules:
        if rule.language != PATH and rule.body.get("Condition") in (True, "{% true %}"):
            return True
        body = _bare(rule)
        seen.add(_write(body))
        opposite = body["Not"] if set(body) == {"Not"} else {"Not": body}
        flipped = {k: not v if isinstance(v, bool) else v for k, v in body.items()}
        if _write(opposite) in seen or (flipped != body and _write(flipped) in seen):
            return True
    return False


def _bare(rule: Node) -> dict[str, Any]:
    left_out = ("Next", "Comment", "Assign", "Output")
    return {key: value for key, value in rule.body.items() if key not in left_out}


def _write(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, RecursionError):
        return repr(id(value))


@risk("shadowed-rule", WARNING)
def find_shadowed(machine: Machine) -> Iterator[Problem]:
    """A rule of a Choice asks what one before it has asked already.

    Problem: the first rule that holds decides, so this one never does.
    Solution: mend the comparison, or take the rule out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for state in machine.by_type["Choice"]:
        seen: dict[str, int] = {}
        for index, rule in enumerate(state.rules):
            first = seen.setdefault(_write(_bare(rule)), index)
            if first != index:
                yield rule.problem(f"rule {first + 1} asks the same and decides before it")


@risk("impossible-rule", WARNING)
def find_impossible(machine: Machine) -> Iterator[Problem]:
    """An And joins comparisons that cannot hold together.

    Problem: a value cannot equal two different ones, so the rule never holds.
    Solution: Or is meant, or another variable.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    for part in machine.parts_of("Rule", "NestedRule") if machine.by_type["Choice"] else ():
        joined = part.body.get("And")
        wanted: dict[tuple[str, str], Any] = {}
        for rule in joined if isinstance(joined, list) else ():
            if not isinstance(rule, Mapping) or not isinstance(rule.get("Variable"), str):
                continue
            for name in (name for name in rule if name in COMPARISONS):
                if (name.endswith("Equals") and "Than" not in name) or name.startswith("Is"):
                    key = (rule["Variable"], name)
                    if wanted.setdefault(key, rule[name]) != rule[name]:
                        yield part.problem(f"'{key[0]}' cannot equal two values at once", "/And")


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
    """Tell whether a state does sums, or reads a list that gets shorter."""
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
    """An inline Map does not say how many iterations run at once.

    Problem: AWS runs up to 40 at once; what stands behind (a database, an API) meets them all.
    Solution: set `MaxConcurrency` to what the slowest part bears.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
    """
    for state in machine.by_type["Map"]:
        if not is_distributed(state) and not _has(state, "MaxConcurrency", "MaxConcurrencyPath"):
            yield state.problem("up to 40 iterations run at once; set 'MaxConcurrency'")


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
