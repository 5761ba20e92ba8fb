"""Risks of variables: used before they are assigned, or where they cannot be seen.

What is known on the way into each state is a pair of sets, kept as bits of a number: the variables
assigned on every path that leads here, and those assigned on some path.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from carnation.asl.expressions import parse_path
from carnation.asl.fields import ATA, PATH
from carnation.asl.graph import Node, Problem, Scope, State
from carnation.asl.kinds import is_placeholder
from carnation.errors import ExpressionError
from carnation.linter.expression_sites import ExpressionSite, list_expressions, read_expression
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.expressions import has_jsonata
from carnation.linter.rules.maps import is_distributed

if TYPE_CHECKING:
    from carnation.asl.expressions import Path

_LIBRARY = frozenset({
    "abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil",
    "contains", "count", "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl",
    "encodeUrlComponent", "error", "eval", "exists", "filter", "floor", "formatBase",
    "formatInteger", "formatNumber", "fromMillis", "hash", "join", "keys", "length", "lookup",
    "lowercase", "map", "match", "max", "merge", "millis", "min", "not", "now", "number", "pad",
    "parse", "parseInteger", "partition", "power", "random", "range", "reduce", "replace",
    "reverse", "round", "shuffle", "sift", "single", "sort", "split", "spread", "sqrt",
    "string", "substring", "substringAfter", "substringBefore", "sum", "toMillis", "trim",
    "type", "uppercase", "uuid", "zip", "states"
})  # fmt: skip


class _Known(NamedTuple):
    """Bits of the variables that surely, and perhaps, have a value."""

    surely: int
    perhaps: int

    def join(self, other: _Known) -> _Known:
        return _Known(self.surely & other.surely, self.perhaps | other.perhaps)

    def add(self, bits: int) -> _Known:
        return _Known(self.surely | bits, self.perhaps | bits)


class _Flow:
    """What each state of a machine knows when it begins."""

    def __init__(self, machine: Machine) -> None:
        self.bits: dict[str, int] = {}
        self.before: dict[int, _Known] = {}
        starts = {id(machine.top): _Known(0, 0)}
        for scope in machine.scopes:  # outer scopes stand before those inside them
            self._follow(scope, starts.get(id(scope), _Known(0, 0)))
            for state in scope.reached:
                # the children of a distributed Map are executions of their own, and see nothing
                known = _Known(0, 0) if is_distributed(state) else self.before[id(state)]
                starts.update({id(inner): known for inner in state.inner})

    def _follow(self, scope: Scope, start: _Known) -> None:
        if not scope.reached:
            return
        self.before[id(scope.reached[0])] = start
        waiting = [scope.reached[0]]
        while waiting:
            state = waiting.pop()
            known = self.before[id(state)]
            for target, after in self._leave(state, known):
                if target not in scope.states:
                    continue
                following = scope.states[target]
                old = self.before.get(id(following))
                new = after if old is None else old.join(after)
                if new != old:
                    self.before[id(following)] = new
                    waiting.append(following)

    def _leave(self, state: State, known: _Known) -> Iterator[tuple[str, _Known]]:
        """Give each transition with what is known after it."""
        own = known.add(self._assigned(state))
        for move in state.transitions:
            way = own if move.part is state else known.add(self._assigned(move.part))
            yield move.target, way

    def _assigned(self, part: Node) -> int:
        bits = 0
        assigned = part.body.get("Assign")
        for name in assigned if isinstance(assigned, dict) else ():
            bare = name.removesuffix(".$") if part.language == PATH else name
            bits |= self.bits.setdefault(bare, 1 << len(self.bits))
        return bits


@risk("undefined-variable", WARNING)
def find_undefined(machine: Machine) -> Iterator[Problem]:
    """A variable is used that no state before has assigned.

    Problem: the execution fails with `States.Runtime` or `States.QueryEvaluationError` here. What a
    state assigns is seen by the states after it, not by its own fields; what is assigned inside a
    Map or a branch is not seen outside, and the children of a distributed Map see nothing of what
    stands outside.
    Solution: assign the variable in a state that comes before on every path, or hand the value out
    of the Map in its output.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    for use, name, known, bit, flow in _list_variables(machine):
        if not known.perhaps & bit:
            near = machine.suggest(name, flow.bits) if not bit else ""
            yield use.part.problem(f"nothing before has assigned '${name}'.{near}", use.inner)


@risk("maybe-undefined-variable", WARNING)
def find_maybe_undefined(machine: Machine) -> Iterator[Problem]:
    """A variable is used that only some of the paths to this state assign.

    Problem: on the other paths the execution fails here.
    Solution: assign a first value before the paths part.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    for use, name, known, bit, _ in _list_variables(machine):
        if known.perhaps & bit and not known.surely & bit:
            yield use.part.problem(f"not every path here assigns '${name}'", use.inner)


def _list_variables(machine: Machine) -> Iterator[tuple[ExpressionSite, str, _Known, int, _Flow]]:
    names = [(use, name) for use in list_expressions(machine) for name in variables_in(use)]
    if not names:
        return
    flow = _Flow(machine)
    for use, name in names:
        state = use.part.state
        if state is not None and id(state) in flow.before:
            yield use, name, flow.before[id(state)], flow.bits.get(name, 0), flow


def variables_in(use: ExpressionSite) -> tuple[str, ...]:
    """Name the workflow's variables that an expression uses."""
    if not isinstance(use.value, str) or "$" not in use.value or is_placeholder(use.value):
        return ()
    if use.part.language == ATA:
        text = read_expression(use.value)
        return _in_jsonata(text) if text is not None else ()
    return tuple(path.variable for path in paths_in(use.value) if path.variable is not None)


@lru_cache(maxsize=2048)
def _in_jsonata(text: str) -> tuple[str, ...]:
    if not has_jsonata():
        return ()
    from carnation.asl.expressions import parse_jsonata  # only who writes JSONata pays

    try:
        used = parse_jsonata(text).variables
    except ExpressionError:
        return ()
    names = (str(use.name) for use in used)
    return tuple(
        dict.fromkeys(name for name in names if name.isidentifier() and name not in _LIBRARY)
    )


@lru_cache(maxsize=4096)
def paths_in(text: str) -> tuple[Path, ...]:
    """Give the paths in an expression of JSONPath, those in its calls included; none if broken."""
    try:
        return _in_calls(text) if text.startswith("States.") else (parse_path(text),)
    except ExpressionError:
        return ()


def _in_calls(text: str) -> tuple[Path, ...]:
    from carnation.asl.expressions import Path, parse_intrinsic  # only who calls one pays

    calls = parse_intrinsic(text).calls()
    return tuple(
        argument for call in calls for argument in call.arguments if isinstance(argument, Path)
    )
