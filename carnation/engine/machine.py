"""A definition, compiled: flows of states, each ready to run on a strand.

A flow is what has a StartAt: the machine itself, a branch, an item processor. Compiling walks the
flows with a list of what is still to do, so that no definition is too deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from carnation.asl import STATE_TYPES
from carnation.engine.strands import Steps, Strand
from carnation.errors import DefinitionError, ExpressionError, suggest_name

DEPTH_LIMIT = 100


class State:
    """One state: `run` performs it on a strand and gives the state that comes next.

    `run` gives the next state's name, or None at the end of a flow, where nothing has to be waited
    for; a state that `waits` gives a generator that ends with it.
    """

    waits = False

    def __init__(self, name: str, body: Mapping[str, Any], language: str) -> None:
        """Read what all states have."""
        self.name, self.body, self.language = name, body, language
        self.type: str = body["Type"]
        self.next: str | None = body.get("Next")
        self.entered, self.exited = f"{self.type}StateEntered", f"{self.type}StateExited"
        self.inner: list[Flow] = []

    def run(self, strand: Strand) -> Any:
        """Perform the state."""
        raise NotImplementedError

    def targets(self) -> Iterator[tuple[str, Any]]:
        """Yield every transition: the field and the name it gives."""
        if "Next" in self.body:
            yield "Next", self.body["Next"]
        for at, catcher in enumerate(self.body.get("Catch") or ()):
            yield f"Catch[{at}].Next", catcher.get("Next")


class Flow:
    """What has a StartAt."""

    def __init__(self, where: str) -> None:
        """Begin empty; `compile_definition` fills it."""
        self.where = where
        self.states: dict[str, State] = {}
        self.start: State

    def check(self, start: Any) -> None:
        """Refuse transitions to nowhere."""
        self.start = self.states[self._known("StartAt", start, self.where)]
        for state in self.states.values():
            for field, target in state.targets():
                self._known(field, target, f"state '{state.name}'")

    def _known(self, field: str, target: Any, where: str) -> str:
        if not isinstance(target, str) or target not in self.states:
            hint = suggest_name(str(target), self.states) or " Name a state beside it."
            raise DefinitionError(f"{where}: {field} is {target!r}, which does not exist.{hint}")
        return target


class Machine:
    """A compiled definition."""

    def __init__(self, definition: Mapping[str, Any], flow: Flow) -> None:
        """Keep the outermost flow and what the definition says of itself."""
        self.definition, self.flow = definition, flow
        self.timeout: int | None = definition.get("TimeoutSeconds")


Maker = Callable[[str, Mapping[str, Any], str], State]


def compile_definition(definition: Any) -> Machine:
    """Compile a definition; raises `DefinitionError` or `ExpressionError` for what cannot run.

    >>> machine = compile_definition({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    >>> machine.flow.start.name
    'A'
    """
    if not isinstance(definition, Mapping):
        raise DefinitionError("the definition is no JSON object. Give one with StartAt and States.")
    language = _language(definition, "JSONPath", "the definition")
    timeout = definition.get("TimeoutSeconds")
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int)):
        raise DefinitionError("the definition: TimeoutSeconds takes a whole number of seconds.")
    flow = Flow("the definition")
    waiting = [(flow, definition, language, 0)]
    for target, body, inherited, depth in waiting:  # grows while we compile
        if depth > DEPTH_LIMIT:
            raise DefinitionError(f"{target.where} lies deeper than {DEPTH_LIMIT} flows.")
        for state in _compile_states(target, body, inherited):
            inner = list(find_inner(state))
            state.inner = [Flow(f"{where} of state '{state.name}'") for where, _ in inner]
            waiting.extend(
                (part, content, inherited, depth + 1)
                for part, (_, content) in zip(state.inner, inner, strict=True)
            )
        target.check(body.get("StartAt"))
    return Machine(definition, flow)


def _compile_states(flow: Flow, body: Any, language: str) -> Iterator[State]:
    states = body.get("States") if isinstance(body, Mapping) else None
    if not isinstance(states, Mapping) or not states:
        raise DefinitionError(f"{flow.where}: States is missing or empty. Add a state.")
    for name, content in states.items():
        flow.states[name] = compile_state(name, content, language)
        yield flow.states[name]


def compile_state(name: str, body: Any, language: str) -> State:
    """Compile one state; its inner flows are left to the caller."""
    from carnation.engine.kinds import MAKERS  # the kinds of states know what a state is

    where = f"state '{name}'"
    kind = body.get("Type") if isinstance(body, Mapping) else None
    if kind not in STATE_TYPES:
        hint = suggest_name(str(kind), STATE_TYPES) or f" Known: {', '.join(STATE_TYPES)}."
        raise DefinitionError(f"{where}: Type is {kind!r}, which is none.{hint}")
    if kind in ("Pass", "Task", "Wait", "Parallel", "Map") and not (
        "Next" in body or body.get("End") is True
    ):
        raise DefinitionError(f"{where} has neither Next nor End. Add one.")
    try:
        return MAKERS[kind](name, body, _language(body, language, where))
    except ExpressionError as error:
        raise ExpressionError(f"{where}: {error}", error.column) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise DefinitionError(f"{where} has a field of the wrong shape ({detail}).") from error


def _language(body: Mapping[str, Any], inherited: str, where: str) -> str:
    language = body.get("QueryLanguage", inherited)
    if language not in ("JSONPath", "JSONata"):
        raise DefinitionError(f"{where}: QueryLanguage is {language!r}; write JSONPath or JSONata.")
    return str(language)


def find_inner(state: State) -> Iterator[tuple[str, Any]]:
    """Yield the flows inside a state: the field and its content."""
    body = state.body
    if state.type == "Map":
        key = "ItemProcessor" if "ItemProcessor" in body else "Iterator"
        if key not in body:
            raise DefinitionError(f"state '{state.name}' is a Map without ItemProcessor. Add one.")
        yield key, body[key]
    elif state.type == "Parallel":
        branches = body.get("Branches")
        if not isinstance(branches, list) or not branches:
            raise DefinitionError(f"state '{state.name}' is a Parallel without Branches. Add one.")
        for at, branch in enumerate(branches):
            yield f"Branches[{at}]", branch


def walk(strand: Strand) -> Steps:
    """Run a strand from the state it stands at to the end of its flow."""
    states, run = strand.flow.states, strand.run
    state = strand.state
    while True:
        if not strand.redriven:
            strand.entered_at, strand.before = run.clock.now, strand.previous
            strand.entered_id = strand.add(
                state.entered, {"name": state.name, "input": strand.input}
            )
            strand.attempt = 0
            strand.children = []
        if state.waits:
            following = yield from state.run(strand)
        else:
            following = state.run(strand)
        strand.redriven = False
        if following is None:
            return
        strand.entered_id = 0  # it stands between two states
        strand.input = strand.output
        strand.state = state = states[following]
        yield False
