"""Risks of data: paths that no state before can have produced.

The shape of the data is pushed through the states, from the input that is declared (or of which
nothing is known), until nothing changes. Then every path is looked up in the shape that its state
is given. Only JSONPath states are followed; what a JSONata state gives is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from carnation.asl.fields import PATH
from carnation.asl.graph import CATCH, Node, Problem, Scope, State
from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.linter.findings import ERROR, WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.risks.results import find_result_shape, join_all, read_schema
from carnation.linter.rules.risks.selections import fill, kind_of, pick, put_result
from carnation.linter.rules.risks.shapes import (
    ANY,
    TEXT,
    List,
    Miss,
    Object,
    Shape,
    join,
    look_up,
    shape_of,
)
from carnation.linter.rules.risks.variables import paths_in
from carnation.services.task_calls import find_integration

_MAX_VISITS = 4
_ERROR_OUTPUT = Object({"Error": TEXT, "Cause": TEXT}, origin="error")
Lookup = tuple[Node, str, str, Miss]
Comparison = tuple[Node, str, str, str]
_COMPARED = {"String": "text", "Timestamp": "text", "Numeric": "number", "Boolean": "boolean"}


class _Flow:
    """The shapes of what each state is given, and of what each scope gives."""

    def __init__(self, machine: Machine) -> None:
        self.inputs: dict[int, Shape] = {}
        self.reached: set[int] = set()
        self.visits: dict[int, int] = {}
        self.given: dict[int, Shape] = {}
        self.misses: list[Lookup] = []
        self.compared: list[Comparison] = []
        self.most_items: dict[int, int] = {}
        self.outputs: dict[int, Shape] = {}
        results = machine.declared.get("results")
        self.declared = results if isinstance(results, dict) else {}
        # inner scopes first, so that a Map or Parallel knows what its scopes give; what goes into
        # them is known only later, so a first round takes it for anything
        for scope in reversed(machine.scopes):
            self._follow(scope, ANY)
        for scope in machine.scopes:
            start = self.given.get(id(scope), ANY)
            if scope is machine.top:
                start = read_schema(machine.declared.get("input"))
            self._follow(scope, start, final=True)

    def _follow(self, scope: Scope, start: Shape, *, final: bool = False) -> None:
        ends: list[Shape] = []
        if not scope.reached:
            self.outputs[id(scope)] = ANY
            return
        for state in scope.states.values():
            self.inputs.pop(id(state), None)
            self.reached.discard(id(state))
            self.visits.pop(id(state), None)
        self._enter(scope.reached[0], start)
        waiting = [scope.reached[0]]
        while waiting:
            state = waiting.pop()
            for target, shape in self._leave(state):
                if target in scope.states and self._enter(scope.states[target], shape):
                    waiting.append(scope.states[target])
        for state in scope.reached:
            if state.is_terminal() and state.place != "Fail":
                ends.append(self._output_of(state))
            if final:
                self._check(state)
        self.outputs[id(scope)] = join_all(ends)

    def _enter(self, state: State, shape: Shape) -> bool:
        """Add what a state may be given; tell whether that is news."""
        key = id(state)
        old = self.inputs.get(key)
        new = join(old, shape) if key in self.reached else shape
        if key in self.reached and new == old:
            return False
        self.reached.add(key)
        self.visits[key] = self.visits.get(key, 0) + 1
        # a loop that lets a shape grow without end stops at knowing nothing
        self.inputs[key] = new if self.visits[key] <= _MAX_VISITS else ANY
        return self.visits[key] <= _MAX_VISITS + 1

    def _leave(self, state: State) -> Iterator[tuple[str, Shape]]:
        output = self._output_of(state)
        for move in state.transitions:
            given = self._caught(state, move.part) if move.kind == CATCH else output
            yield move.target, given

    def _caught(self, state: State, catcher: Node) -> Shape:
        if state.language != PATH:
            return ANY if "Output" in catcher.body else _ERROR_OUTPUT
        place = catcher.body.get("ResultPath", "$")
        return put_result(self.inputs.get(id(state)), place, _ERROR_OUTPUT)

    def _output_of(self, state: State) -> Shape:
        if state.language != PATH or not state.place:  # of no type that is known
            return ANY
        raw = self.inputs.get(id(state))
        effective = pick(raw, state.body.get("InputPath", "$"))
        if state.place in ("Choice", "Wait", "Succeed"):
            return pick(effective, state.body.get("OutputPath", "$"))
        result = self._result_of(state, effective)
        if "ResultSelector" in state.body:
            result = fill(state.body["ResultSelector"], result)
        whole = put_result(raw, state.body.get("ResultPath", "$"), result)
        return pick(whole, state.body.get("OutputPath", "$"))

    def _result_of(self, state: State, effective: Shape) -> Shape:
        if state.place == "Pass":
            if "Result" in state.body:
                return shape_of(state.body["Result"])
            return (
                fill(state.body["Parameters"], effective)
                if "Parameters" in state.body
                else (effective)
            )
        if state.place == "Task":
            return self._find_task_result(state)
        if "ResultWriter" in state.body:
            return ANY
        return List(join_all([self.outputs.get(id(inner), ANY) for inner in state.inner]))

    def _find_task_result(self, state: State) -> Shape:
        """Return what a Task gives: by its API; what is declared of a function is in `Payload`."""
        schema = self.declared.get(state.name)
        declared = ANY if schema is None else read_schema(schema)
        if find_integration(state.body) is None:
            return declared
        known = find_result_shape(state.body["Resource"])
        if schema is None or (isinstance(declared, Object) and "Payload" in declared.fields):
            return declared or known
        if isinstance(known, Object) and known.origin == "lambda":
            return known._replace(fields={**known.fields, "Payload": declared})
        return declared

    def _check(self, state: State) -> None:
        """Look every path of a state up in the shape it is asked of."""
        if state.language != PATH:
            return
        raw = self.inputs.get(id(state))
        self._look(state, "InputPath", raw)
        effective = pick(raw, state.body.get("InputPath", "$"))
        for name, value in state.body.items():
            if name.endswith("Path") and name not in ("InputPath", "OutputPath", "ResultPath"):
                self._look(state, name, effective)
            elif name in ("Parameters", "ItemSelector"):
                self._look_template(state, name, value, effective)
        if state.place in ("Task", "Parallel", "Map"):
            result = self._result_of(state, effective)
            self._look_template(state, "ResultSelector", state.body.get("ResultSelector"), result)
        self._check_rules(state, effective)
        self._hand_on(state, effective)

    def _hand_on(self, state: State, effective: Shape) -> None:
        """Describe what the scopes inside a state are given."""
        for inner in state.inner:
            shape = effective
            if state.place == "Parallel" and "Parameters" in state.body:
                shape = fill(state.body["Parameters"], effective)
            elif state.place == "Map":
                shape = _item_of(state, effective)
                items = pick(effective, state.body.get("ItemsPath", "$"))
                self.most_items[id(state)] = items.most if isinstance(items, List) else 0
            self.given[id(inner)] = shape

    def _check_rules(self, state: State, effective: Shape) -> None:
        asked = [
            body.get("Variable") for body in _list_comparisons(state.rules) if "IsPresent" in body
        ]
        for rule in state.rules:
            variable = rule.body.get("Variable")
            if "IsPresent" not in rule.body and variable not in asked:
                self._look(rule, "Variable", effective)
            for body in _list_comparisons([rule]):
                self._compare(rule, body, effective)

    def _compare(self, rule: Node, body: dict[str, Json], effective: Shape) -> None:
        """Note a comparison with a value that is surely of another type."""
        kind = kind_of(pick(effective, body.get("Variable", 0)))
        for name in body if kind else ():
            for family, wanted in _COMPARED.items():
                if name.startswith(family) and kind != wanted:
                    self.compared.append((rule, name, body["Variable"], kind))

    def _look(self, part: Node, name: str, shape: Shape) -> None:
        text = part.body.get(name)
        if isinstance(text, str):
            self._look_text(part, f"/{name}", text, shape)

    def _look_text(self, part: Node, inner: str, text: str, shape: Shape) -> None:
        for path in paths_in(text):
            found = look_up(shape, path) if path.root == "$" else ANY
            if isinstance(found, Miss):
                self.misses.append((part, inner, text, found))

    def _look_template(self, part: Node, name: str, value: Json, shape: Shape) -> None:
        waiting = [(value, f"/{name}")]
        while waiting:
            item, inner = waiting.pop()
            if isinstance(item, dict):
                for key, child in item.items():
                    pointer = join_pointer(inner, key)
                    if key.endswith(".$") and isinstance(child, str):
                        self._look_text(part, pointer, child, shape)
                    else:
                        waiting.append((child, pointer))
            elif isinstance(item, list):
                waiting += [(child, f"{inner}/{index}") for index, child in enumerate(item)]


def _list_comparisons(rules: Sequence[Node]) -> Iterator[dict[str, Json]]:
    waiting: list[Json] = [rule.body for rule in rules]
    while waiting:
        body = waiting.pop()
        if isinstance(body, list):
            waiting.extend(body)
        elif isinstance(body, dict):
            yield body
            waiting.extend(body.get(name) for name in ("And", "Or", "Not"))


def _item_of(state: State, effective: Shape) -> Shape:
    if "ItemReader" in state.body or "ItemBatcher" in state.body:
        return ANY
    for name in ("ItemSelector", "Parameters"):
        if name in state.body:
            return fill(state.body[name], effective)
    items = pick(effective, state.body.get("ItemsPath", "$"))
    return items.item if isinstance(items, List) else ANY


@lru_cache(maxsize=1)  # several rules ask, one machine after the other
def _follow(machine: Machine) -> _Flow:
    return _Flow(machine)


def _list_misses(machine: Machine) -> list[Lookup]:
    return _follow(machine).misses if machine.language == PATH and machine.states else []


def list_compared(machine: Machine) -> list[Comparison]:
    """List the comparisons with values of another type: rule, operator, variable, its type."""
    return (
        _follow(machine).compared if machine.language == PATH and machine.by_type["Choice"] else []
    )


def find_most_items(machine: Machine, state: State) -> int:
    """Return how many items a Map may be given, as literals and schemas tell; 0 if they do not."""
    literal = state.body.get("Items")
    if isinstance(literal, list):
        return len(literal)
    known = state.language == PATH and machine.language == PATH
    return _follow(machine).most_items.get(id(state), 0) if known else 0


def _origin_of(miss: Miss) -> str:
    if isinstance(miss.shape, Object):
        return miss.shape.origin
    return "list" if isinstance(miss.shape, List) else "scalar"


@risk("path-never-produced", WARNING)
def find_unproduced(machine: Machine) -> Iterator[Problem]:
    """A path asks for a field that no state before can have produced.

    Problem: on every way to this state the data has a known shape here (by the states before, by
    the API that a Task calls, by what the workflow declares), and the field is not in it; the
    execution fails with `States.Runtime` or `States.ParameterPathFailure`.
    Solution: look at the `Result`, `Parameters`, `ResultSelector`, `ResultPath` and `OutputPath` of
    the states before: one of them drops the field, or gives it another name.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
    """
    for part, inner, text, miss in _list_misses(machine):
        if not isinstance(miss.shape, Object) or miss.shape.origin in ("lambda", "error"):
            continue
        near = machine.suggest(miss.step, miss.shape.fields)
        if miss.shape.origin:
            yield part.problem(f"'{text}': {miss.shape.origin} has no '{miss.step}'.{near}", inner)
            continue
        known = ", ".join(f"'{name}'" for name in list(miss.shape.fields)[:6]) or "nothing"
        yield part.problem(
            f"'{text}': no state before provides '{miss.step}'; available: {known}", inner
        )


@risk("lambda-envelope", WARNING)
def find_envelopes(machine: Machine) -> Iterator[Problem]:
    """A path looks for a field of a function's result beside `Payload`, not inside it.

    Problem: the integration `lambda:invoke` wraps what the function returns: `Payload` holds it,
    beside `StatusCode` and `ExecutedVersion`.
    Solution: read `$.Payload.name`, or unwrap it with `"OutputPath": "$.Payload"` or a
    `ResultSelector`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
    """
    for part, inner, text, miss in _list_misses(machine):
        if _origin_of(miss) == "lambda":
            yield part.problem(f"'{text}': what the function returns is inside 'Payload'", inner)


@risk("field-of-list", WARNING)
def find_fields_of_lists(machine: Machine) -> Iterator[Problem]:
    """A path asks a list for a field, as after a Map or a Parallel.

    Problem: a Map and a Parallel give a list of the results of their iterations or branches.
    Solution: name the item (`$[0].name`), take them all (`$[*].name`), or put the result aside with
    a `ResultPath`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
    """
    for part, inner, text, miss in _list_misses(machine):
        if _origin_of(miss) == "list":
            yield part.problem(f"'{text}': a list has no field '{miss.step}'", inner)


@risk("field-of-text", WARNING)
def find_fields_of_texts(machine: Machine) -> Iterator[Problem]:
    """A path asks a text or a number for a field: JSON that is still a text, most often.

    Problem: `Output` after `startExecution.sync`, and `Cause` in a catcher, are texts that hold
    JSON; a path cannot look into them.
    Solution: `States.StringToJson($.Output)` in a Pass before, or `startExecution.sync:2`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    """
    for part, inner, text, miss in _list_misses(machine):
        if _origin_of(miss) == "scalar":
            yield part.problem(f"'{text}': a text has no field '{miss.step}'", inner)


@risk("catch-loses-input", ERROR)
def find_lost_inputs(machine: Machine) -> Iterator[Problem]:
    """A state behind a catcher reads what the catcher has thrown away.

    Problem: a catcher without `ResultPath` replaces the state's whole input with `Error` and
    `Cause`; what the handler reads is no longer there, so the handling of the error fails.
    Solution: `"ResultPath": "$.error"` in the catcher.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    for part, inner, text, miss in _list_misses(machine):
        if _origin_of(miss) == "error":
            yield part.problem(
                f"'{text}': behind the catcher only 'Error' and 'Cause' are left", inner
            )
