"""A definition prepared for the rules: scopes, states, parts, transitions, in one walk.

Everything is taken as it comes. What is not shaped as the language wants it is noted in
`malformed` and left out of the graph, so that no rule needs to doubt what it is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from carnation.asl.comparisons import CONNECTIVES
from carnation.asl.fields import ATA, PATH, STATE_TYPES
from carnation.asl.kinds import is_placeholder
from carnation.document import join_pointer
from carnation.errors import suggest_name
from carnation.linter.problems import Problem

if TYPE_CHECKING:
    from carnation.cloudformation.roles import Role

Body = Mapping[str, Any]
_LONGEST_NAME = 100
_MOST_NAMES = 1_000
_CONFIGURED = {"ItemReader": "ReaderConfig", "ResultWriter": "WriterConfig"}
_PARTS_OF_STATE = ("ItemReader", "ResultWriter", "ItemBatcher", "Credentials")


class Part:
    """A piece of a definition that the table of fields knows as a place, and where it stands."""

    __slots__ = ("body", "language", "place", "pointer", "state")

    def __init__(
        self, place: str, body: Body, pointer: str, language: str, state: State | None
    ) -> None:
        self.place = place
        self.body = body
        self.pointer = pointer
        self.language = language
        self.state = state

    def problem(self, message: str, inner: str = "", facts: tuple[str, ...] = ()) -> Problem:
        """Make a problem of this part, or of what stands in it at a pointer."""
        return Problem(self.pointer + inner, message, self.state.name if self.state else "", facts)


class State(Part):
    """A state: a part with a name, in a scope."""

    __slots__ = ("catchers", "inner", "name", "retriers", "rules", "scope", "transitions")

    def __init__(self, name: str, body: Body, pointer: str, language: str, scope: Scope) -> None:
        super().__init__(str(body.get("Type")), body, pointer, language, self)
        self.name = name
        self.scope = scope
        self.transitions: list[tuple[str, str]] = []  # the pointer within the state, the target
        self.retriers: list[Part] = []
        self.catchers: list[Part] = []
        self.rules: list[Part] = []
        self.inner: list[Scope] = []

    @property
    def type(self) -> str:
        """One of the eight types, or what stands in its place."""
        return self.place

    def is_terminal(self) -> bool:
        """Tell whether its scope may end here."""
        return self.place in ("Succeed", "Fail") or self.body.get("End") is True


class Scope(Part):
    """A graph of its own: the machine's top level, a Map's processor, a Parallel's branch."""

    __slots__ = ("reached", "states")

    def __init__(
        self, place: str, body: Body, pointer: str, language: str, owner: State | None
    ) -> None:
        super().__init__(place, body, pointer, language, owner)
        self.states: dict[str, State] = {}
        self.reached: list[State] = []  # from StartAt on, in the order in which they are reached

    def walk(self) -> None:
        """Find what can be reached from StartAt."""
        start = self.body.get("StartAt")
        waiting = [start] if isinstance(start, str) and start in self.states else []
        seen = set(waiting)
        while waiting:
            state = self.states[waiting.pop()]
            self.reached.append(state)
            for _, target in reversed(state.transitions):
                if target in self.states and target not in seen:
                    seen.add(target)
                    waiting.append(target)


class Machine:
    """A whole definition, prepared; `type` is STANDARD or EXPRESS.

    `declared` holds the JSON schemas of `input`, `output` and `results`, as a manifest does;
    `properties` and `role` are what a template says of the state machine.
    """

    def __init__(
        self,
        definition: Body,
        type: str = "STANDARD",
        size: int = 0,
        declared: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        role: Role | None = None,
    ) -> None:
        self.definition = definition
        self.declared = declared or {}
        self.properties = properties or {}
        self.role = role
        self.type = type
        self.size = size
        language = definition.get("QueryLanguage")
        self.language = language if language in (PATH, ATA) else PATH
        self.top = Scope("StateMachine", definition, "", self.language, None)
        self.scopes: list[Scope] = [self.top]
        self.states: list[State] = []
        self.parts: list[Part] = []
        self.names: dict[str, State] = {}
        self.repeated: list[State] = []
        self.malformed: list[Problem] = []
        self.suggestions = 25
        for scope in self.scopes:  # grows while Maps and Parallels are met
            self._read_scope(scope)
        for scope in self.scopes:
            scope.walk()

    @cached_property
    def by_type(self) -> Mapping[str, list[State]]:
        """The states of each type, wherever they stand."""
        found: dict[str, list[State]] = {state_type: [] for state_type in STATE_TYPES}
        for state in self.states:
            if state.place in found:
                found[state.place].append(state)
        return found

    def suggest(self, name: str, known: Collection[str]) -> str:
        """Say which known name was probably meant, as a sentence to append; '' if none is near.

        Comparing names is dear, so only the first few problems of a definition get a suggestion.
        """
        if not self.suggestions or len(name) > _LONGEST_NAME or len(known) > _MOST_NAMES:
            return ""
        self.suggestions -= 1
        return suggest_name(name, [other for other in known if len(other) <= _LONGEST_NAME])

    def parts_of(self, *places: str) -> Iterator[Part]:
        """Give the parts of these places."""
        return (part for part in self.parts if part.place in places)

    def _read_scope(self, scope: Scope) -> None:
        self.parts.append(scope)
        if isinstance(scope.body.get("ProcessorConfig"), Mapping):
            self._add(scope, "ProcessorConfig", scope.body, "ProcessorConfig")
        states = scope.body.get("States")
        if not isinstance(states, Mapping):
            if "States" in scope.body and not is_placeholder(states):
                self.malformed.append(
                    scope.problem("'States' takes a mapping of states", "/States")
                )
            return
        for name, body in states.items():
            pointer = join_pointer(scope.pointer, "States", name)
            if isinstance(body, Mapping):
                self._read_state(name, body, pointer, scope)
            elif not is_placeholder(body):
                self.malformed.append(Problem(pointer, "a state takes a mapping", name))

    def _read_state(self, name: str, body: Body, pointer: str, scope: Scope) -> None:
        language = body.get("QueryLanguage", self.language)
        state = State(
            name, body, pointer, language if language in (PATH, ATA) else self.language, scope
        )
        scope.states[name] = state
        self.states.append(state)
        self.parts.append(state)
        if self.names.setdefault(name, state) is not state:
            self.repeated.append(state)
        self._note_transition(state, body, "", "Next")
        if state.place == "Choice":
            self._note_transition(state, body, "", "Default")
            state.rules = self._read_list(state, "Choices", "Rule")
            for rule in state.rules:
                self._read_nested(rule)
        for place in _PARTS_OF_STATE:
            if place in body:
                self._read_part(state, place)
        state.retriers = self._read_list(state, "Retry", "Retrier")
        state.catchers = self._read_list(state, "Catch", "Catcher")
        self._read_inner(state)

    def _note_transition(self, state: State, body: Body, inner: str, field: str) -> None:
        if field not in body:
            return
        target = body[field]
        if isinstance(target, str):
            state.transitions.append((f"{inner}/{field}", target))
        else:
            self.malformed.append(
                state.problem(f"'{field}' takes the name of a state", f"{inner}/{field}")
            )

    def _read_list(self, state: State, field: str, place: str) -> list[Part]:
        if field not in state.body or is_placeholder(state.body[field]):
            return []
        found: list[Part] = []
        bodies = state.body[field]
        if not isinstance(bodies, list):
            self.malformed.append(state.problem(f"'{field}' takes a list", f"/{field}"))
            return []
        for index, body in enumerate(bodies):
            inner = f"/{field}/{index}"
            if isinstance(body, Mapping):
                part = Part(place, body, state.pointer + inner, state.language, state)
                found.append(part)
                if place != "Retrier":
                    self._note_transition(state, body, inner, "Next")
            elif not is_placeholder(body):
                self.malformed.append(state.problem(f"'{field}' takes a list of mappings", inner))
        self.parts.extend(found)
        return found

    def _read_nested(self, rule: Part) -> None:
        """Add the rules that stand within And, Or and Not, as parts of their own."""
        waiting = [rule]
        while waiting:
            outer = waiting.pop()
            for connective in CONNECTIVES:
                if connective not in outer.body:
                    continue
                held = outer.body[connective]
                bodies = [held] if connective == "Not" else held
                if not isinstance(bodies, list):
                    self.malformed.append(
                        outer.problem(f"'{connective}' takes a list of rules", f"/{connective}")
                    )
                    continue
                for index, body in enumerate(bodies):
                    place = f"/{connective}" + ("" if connective == "Not" else f"/{index}")
                    if isinstance(body, Mapping):
                        pointer = outer.pointer + place
                        waiting.append(Part("NestedRule", body, pointer, rule.language, rule.state))
                        self.parts.append(waiting[-1])
                    else:
                        self.malformed.append(outer.problem("a rule takes a mapping", place))

    def _read_part(self, state: State, place: str) -> None:
        body = state.body[place]
        if not isinstance(body, Mapping):
            if not is_placeholder(body) and not (
                state.language == ATA and isinstance(body, str) and body.startswith("{%")
            ):
                self.malformed.append(state.problem(f"'{place}' takes a mapping", f"/{place}"))
            return
        self._add(state, place, state.body, place)
        config = _CONFIGURED.get(place, "")
        if isinstance(body.get(config), Mapping):
            self._add(self.parts[-1], config, body, config)

    def _add(self, outer: Part, place: str, body: Body, field: str) -> None:
        self.parts.append(
            Part(place, body[field], f"{outer.pointer}/{field}", outer.language, outer.state)
        )

    def _read_inner(self, state: State) -> None:
        for field in ("ItemProcessor", "Iterator"):
            if field in state.body and state.place == "Map":
                self._open(state, field, state.body[field], f"/{field}")
        if state.place != "Parallel" or "Branches" not in state.body:
            return
        branches = state.body["Branches"]
        if isinstance(branches, list):
            for index, branch in enumerate(branches):
                self._open(state, "Branch", branch, f"/Branches/{index}")
        elif not is_placeholder(branches):
            self.malformed.append(state.problem("'Branches' takes a list", "/Branches"))

    def _open(self, state: State, place: str, body: object, inner: str) -> None:
        if isinstance(body, Mapping):
            scope = Scope(place, body, state.pointer + inner, self.language, state)
            state.inner.append(scope)
            self.scopes.append(scope)
        elif not is_placeholder(body):
            self.malformed.append(
                state.problem(f"{inner[1:].split('/')[0]}: a graph of states is a mapping", inner)
            )
