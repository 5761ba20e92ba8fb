"""Risks of variables: used before they are assigned, or where they cannot be seen.

What is known on the way into each state is a pair of sets, kept as bits of a number: the variables
assigned on every path that leads here, and those assigned on some path.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from carnation.asl.expressions import parse_path
from carnation.asl.fields import ATA, PATH
from carnation.asl.graph import CHOICE, DEFAULT, Node, Problem, Scope, State
from carnation.asl.kinds import is_placeholder
from carnation.document import join_pointer
from carnation.errors import ExpressionError
from carnation.lazy import TYPE_CHECKING
from carnation.linter.expression_sites import ExpressionSite, list_expressions, read_expression
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.expressions import has_jsonata
from carnation.linter.rules.maps import is_distributed
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.asl.expressions import Path
    from carnation.asl.expressions.jsonata_uses import Uses

LIBRARY = frozenset({
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
        rest = known  # what is known where none of the rules before has held
        for move in state.transitions:
            before = known
            if move.kind == CHOICE:
                holds, fails = (self._bits_of(names) for names in _list_tested(move.part))
                before, rest = rest.add(holds), rest.add(fails)
            elif move.kind == DEFAULT:
                before = rest
            yield move.target, before.add(self._assigned(move.part))

    def _bits_of(self, names: Collection[str]) -> int:
        bits = 0
        for name in names:
            bits |= self.bits.setdefault(name, 1 << len(self.bits))
        return bits

    def _assigned(self, part: Node) -> int:
        assigned = part.body.get("Assign")
        names = assigned if isinstance(assigned, dict) else ()
        bare = part.language == PATH
        return self._bits_of([name.removesuffix(".$") if bare else name for name in names])


def _list_tested(rule: Node) -> tuple[Collection[str], Collection[str]]:
    """Name the variables that have a value if a rule of a Choice holds, and if it does not."""
    if rule.language == ATA:
        condition = rule.body.get("Condition")
        text = read_expression(condition) if isinstance(condition, str) else None
        uses = read_uses(text) if text is not None and "$" in text else None
        return (uses.when_true, uses.when_false) if uses else ((), ())
    variable, present = rule.body.get("Variable"), rule.body.get("IsPresent")
    if not isinstance(variable, str) or not isinstance(present, bool):
        return (), ()
    names = [path.variable for path in paths_in(variable) if path.variable]
    return (names, ()) if present else ((), names)


@risk("undefined-variable", WARNING)
def find_undefined(machine: Machine) -> Iterator[Problem]:
    """A variable is used that no state before has assigned.

    Problem: the execution fails with `States.Runtime` or `States.QueryEvaluationError` here. What a
    state assigns is seen by the states after it, not by its own fields; what is assigned inside a
    Map or a branch is not seen outside, and the children of a distributed Map see nothing of what
    is outside.
    Solution: assign the variable in a state that comes before on every path, or hand the value out
    of the Map in its output.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    for use, name, known, bit, flow in _list_variables(machine):
        if not known.perhaps & bit:
            near = machine.suggest(name, flow.bits) if not bit else ""
            yield use.part.problem(f"'${name}' is not assigned before.{near}", use.inner)


@risk("maybe-undefined-variable", WARNING)
def find_maybe_undefined(machine: Machine) -> Iterator[Problem]:
    """A variable is used that only some of the paths to this state assign.

    Problem: on the other paths the execution fails here.
    Solution: assign a first value before the paths part.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    for use, name, known, bit, _ in _list_variables(machine):
        if known.perhaps & bit and not known.surely & bit:
            yield use.part.problem(f"'${name}' is not assigned on every path", use.inner)


@risk("assigned-outer-variable", WARNING)
def find_hidden_variables(machine: Machine) -> Iterator[Problem]:
    """A state inside a Map or Parallel assigns a variable that a state outside assigns, too.

    Problem: an inner scope sees the variables of the scopes around it and cannot assign them: a
    name belongs to one of the two. Only the children of a distributed Map are executions of their
    own.
    Solution: give the inner variable another name; hand its value out in the output of the state.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    inner = [scope for scope in machine.scopes if scope.owner and not is_distributed(scope.owner)]
    if not inner or not any("Assign" in part.body for part in machine.parts):
        return
    flow = _Flow(machine)
    for scope in inner:
        owner = scope.owner
        known = flow.before.get(id(owner), _Known(0, 0)).perhaps
        names = _list_outer(owner) if owner is not None else {}
        for name, pointer, part in _list_assigned(scope):
            if name in names and known & flow.bits.get(name, 0):
                yield part.problem(f"'{name}' belongs to the scope of '{names[name]}'", pointer)


def _list_outer(owner: State | None) -> dict[str, str]:
    """Name what the scopes around a Map or Parallel assign, each with a state that does."""
    names: dict[str, str] = {}
    while owner is not None:
        for name, _, part in _list_assigned(owner.scope):
            names.setdefault(name, part.state.name if part.state else "")
        owner = None if is_distributed(owner) else owner.scope.owner
    return names


def _list_assigned(scope: Scope) -> Iterator[tuple[str, str, Node]]:
    """Yield each variable that the states of a scope assign, and where."""
    for state in scope.states.values():
        for part in (state, *state.rules, *state.catchers):
            assigned = part.body.get("Assign")
            for key in assigned if isinstance(assigned, dict) else ():
                name = key.removesuffix(".$") if part.language == PATH else key
                yield name, join_pointer("/Assign", key), part


def _list_variables(machine: Machine) -> Iterator[tuple[ExpressionSite, str, _Known, int, _Flow]]:
    names = [
        (use, name)
        for use in list_expressions(machine)
        for name, is_guarded in variables_in(use).items()
        if not is_guarded
    ]
    if not names:
        return
    flow = _Flow(machine)
    for use, name in names:
        state = use.part.state
        if state is not None and id(state) in flow.before:
            yield use, name, flow.before[id(state)], flow.bits.get(name, 0), flow


def variables_in(use: ExpressionSite) -> Mapping[str, bool]:
    """Name the workflow's variables that an expression uses, and whether it tests them first."""
    if not isinstance(use.value, str) or "$" not in use.value or is_placeholder(use.value):
        return {}
    if use.part.language == ATA:
        text = read_expression(use.value)
        return _in_jsonata(text) if text is not None else {}
    guarded = "IsPresent" in use.part.body and use.field == "Variable"
    return {path.variable: guarded for path in paths_in(use.value) if path.variable is not None}


@lru_cache(maxsize=2048)
def _in_jsonata(text: str) -> Mapping[str, bool]:
    uses = read_uses(text)
    if uses is None:
        return {}
    names = (str(use.name) for use in uses.variables)
    return {
        name: name not in uses.unguarded
        for name in names
        if name.isidentifier() and name not in LIBRARY
    }


def read_uses(text: str) -> Uses | None:
    """Read what an expression of JSONata uses; None if it cannot be parsed, or not here."""
    if not has_jsonata():
        return None
    from carnation.asl.expressions import parse_jsonata  # only who writes JSONata pays

    try:
        return parse_jsonata(text).uses
    except ExpressionError:
        return None


@lru_cache(maxsize=4096)
def paths_in(text: str) -> tuple[Path, ...]:
    """Return the paths in a JSONPath expression, including its calls; none if broken."""
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
