"""A definition, compiled: flows of states, each ready to run on a fiber.

A flow is what has a StartAt: the machine itself, a branch, an item processor. Compiling walks the
flows with a list of what is still to do, so that no definition is too deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from carnation.asl import STATE_TYPES
from carnation.asl.graph import list_inner
from carnation.document.values import Json
from carnation.engine.distributed import DistributedMap
from carnation.engine.fibers import Flow, State
from carnation.engine.flow_states import Choice, Fail, Pass, Succeed, Wait
from carnation.engine.maps import InlineMap
from carnation.engine.parallel import Parallel
from carnation.engine.tasks import TaskState
from carnation.errors import DefinitionError, ExpressionError, suggest_name

DEPTH_LIMIT = 100


class CompiledMachine:
    """A compiled definition."""

    def __init__(self, definition: Mapping[str, Json], flow: Flow) -> None:
        """Keep the outermost flow and what the definition says of itself."""
        self.definition, self.flow = definition, flow
        self.timeout: int | None = definition.get("TimeoutSeconds")


def _make_map(name: str, body: Mapping[str, Json], language: str) -> State:
    """Make the Map that ProcessorConfig asks for."""
    processor = body.get("ItemProcessor", body.get("Iterator"))
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, Mapping) else {}
    if config.get("Mode") == "DISTRIBUTED":
        return DistributedMap(name, body, language)
    return InlineMap(name, body, language)


Maker = Callable[[str, Mapping[str, Json], str], State]
MAKERS: Mapping[str, Maker] = {
    "Pass": Pass,
    "Task": TaskState,
    "Choice": Choice,
    "Wait": Wait,
    "Succeed": Succeed,
    "Fail": Fail,
    "Parallel": Parallel,
    "Map": _make_map,
}


def compile_definition(definition: Json) -> CompiledMachine:
    """Compile a definition; raises `DefinitionError` or `ExpressionError` for what cannot run.

    >>> machine = compile_definition({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    >>> machine.flow.start.name
    'A'
    """
    if not isinstance(definition, Mapping):
        raise DefinitionError("the definition is not a JSON object with StartAt and States.")
    language = _language(definition, "JSONPath", "the definition")
    timeout = definition.get("TimeoutSeconds")
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int)):
        raise DefinitionError("the definition: TimeoutSeconds must be an integer.")
    flow = Flow("the definition")
    waiting = [(flow, definition, language, 0)]
    for target, body, inherited, depth in waiting:  # grows while we compile
        if depth > DEPTH_LIMIT:
            raise DefinitionError(f"{target.where} is nested deeper than {DEPTH_LIMIT} flows.")
        for state in _compile_states(target, body, inherited):
            inner = find_inner(state)
            state.inner = [Flow(f"{where} of state '{state.name}'") for where, _ in inner]
            waiting.extend(
                (part, content, inherited, depth + 1)
                for part, (_, content) in zip(state.inner, inner, strict=True)
            )
        target.check(body.get("StartAt"))
    return CompiledMachine(definition, flow)


def _compile_states(flow: Flow, body: Json, language: str) -> Iterator[State]:
    states = body.get("States") if isinstance(body, Mapping) else None
    if not isinstance(states, Mapping) or not states:
        raise DefinitionError(f"{flow.where}: States is missing or empty. Add a state.")
    for name, content in states.items():
        flow.states[name] = compile_state(name, content, language)
        yield flow.states[name]


def compile_state(name: str, body: Json, language: str) -> State:
    """Compile one state; its inner flows are left to the caller."""
    where = f"state '{name}'"
    kind = body.get("Type") if isinstance(body, Mapping) else None
    if kind not in STATE_TYPES:
        hint = suggest_name(str(kind), STATE_TYPES) or f" Known: {', '.join(STATE_TYPES)}."
        raise DefinitionError(f"{where}: unknown state type {kind!r}.{hint}")
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


def _language(body: Mapping[str, Json], inherited: str, where: str) -> str:
    language = body.get("QueryLanguage", inherited)
    if language not in ("JSONPath", "JSONata"):
        raise DefinitionError(f"{where}: QueryLanguage is {language!r}; write JSONPath or JSONata.")
    return str(language)


_INSIDE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "Map": (("ItemProcessor", "Iterator"), "ItemProcessor"),
    "Parallel": (("Branch",), "Branches"),
}
"""Of the types with flows inside: their places, and the field that an author has to write."""


def find_inner(state: State) -> list[tuple[str, Json]]:
    """Find the flows inside a state: the field and its content; of a Map, there is one."""
    if state.type not in _INSIDE:
        return []
    places, field = _INSIDE[state.type]
    found = [
        (pointer[1:].replace("/", "[") + "]" * ("/" in pointer[1:]), body)
        for place, pointer, body in list_inner(state.body)
        if place in places
    ]
    if not found:
        raise DefinitionError(f"state '{state.name}' is a {state.type} without {field}. Add one.")
    return found[:1] if state.type == "Map" else found
