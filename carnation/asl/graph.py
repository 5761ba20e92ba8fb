"""The graph of a definition: its scopes, its states and their transitions, read in one walk.

One model serves the linter, the picture, adoption, changes, estimates and coverage. It reads plain
documents, without recursion, and never raises: what is not shaped as the language wants it is
listed in `malformed` and left out. Pointers are made here; lines and columns are the document's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from carnation.asl.fields import ATA, PATH, STATE_TYPES
from carnation.asl.kinds import is_placeholder
from carnation.document import join_pointer
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeAlias

Body: TypeAlias = "Mapping[str, Any]"
NEXT, CHOICE, DEFAULT, CATCH = "next", "choice", "default", "catch"


class Problem(NamedTuple):
    """What is wrong with a definition: where (a JSON pointer), what, and in which state.

    `facts` are the names that a fix needs: what is there, and what was meant.
    """

    pointer: str
    message: str
    state: str = ""
    facts: tuple[str, ...] = ()


class Transition(NamedTuple):
    """A transition: its field (the pointer within its state), its kind, and the state it names.

    `part` is what has the field: a rule, a catcher, or the state itself.
    """

    field: str
    kind: str
    target: str
    part: Node


class Node:
    """A part of a definition that the table of fields knows as a place, and its pointer."""

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
        """Make a problem of this part, or of what is in it at a pointer."""
        name = self.state.name if self.state else ""
        return Problem(self.pointer + inner, message, name, facts)


class State(Node):
    """A state in its scope; `type` is what it says of itself, whether that exists or not."""

    __slots__ = ("catchers", "inner", "name", "retriers", "rules", "scope", "transitions", "type")

    def __init__(self, name: str, body: Body, pointer: str, language: str, scope: Scope) -> None:
        kind = str(body.get("Type"))
        super().__init__(kind if kind in STATE_TYPES else "", body, pointer, language, self)
        self.type = kind
        self.name = name
        self.scope = scope
        self.transitions: list[Transition] = []
        self.retriers: Sequence[Node] = ()
        self.catchers: Sequence[Node] = ()
        self.rules: Sequence[Node] = ()
        self.inner: Sequence[Scope] = ()

    def is_terminal(self) -> bool:
        """Return whether its scope may end here."""
        return self.type in ("Succeed", "Fail") or self.body.get("End") is True


class Scope(Node):
    """A graph of its own: the state machine, a Map's processor, or a Parallel's branch.

    No transition leaves it. `owner` is the state that it is in.
    """

    __slots__ = ("_reached", "states")

    def __init__(
        self, place: str, body: Body, pointer: str, language: str, owner: State | None
    ) -> None:
        super().__init__(place, body, pointer, language, owner)
        self.states: dict[str, State] = {}
        self._reached: list[State] | None = None

    @property
    def owner(self) -> State | None:
        """The Map or Parallel that it is in; None for the state machine."""
        return self.state

    @property
    def start(self) -> State | None:
        """The state that `StartAt` names, if it exists."""
        start = self.body.get("StartAt")
        return self.states.get(start) if isinstance(start, str) else None

    @property
    def reached(self) -> list[State]:
        """The states that can be reached from `StartAt`, in the order in which they are."""
        if self._reached is None:
            self._reached = self._reach()
        return self._reached

    def _reach(self) -> list[State]:
        waiting = [self.start] if self.start else []
        reached, seen = [], {state.name for state in waiting}
        while waiting:
            state = waiting.pop()
            reached.append(state)
            for transition in reversed(state.transitions):
                target = self.states.get(transition.target)
                if target is not None and target.name not in seen:
                    seen.add(target.name)
                    waiting.append(target)
        return reached


class Definition:
    """A definition as a graph: outer scopes before those inside them, states in that order.

    >>> inner = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
    >>> outer = {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": inner}}}
    >>> [state.pointer for state in Definition(outer).states]
    ['/States/A', '/States/A/ItemProcessor/States/B']
    """

    def __init__(self, body: Body) -> None:
        self.body = body
        self.language = _read_language(body, PATH)
        self.top = Scope("StateMachine", body, "", self.language, None)
        self.scopes = [self.top]
        self.states: list[State] = []
        self.malformed: list[Problem] = []
        for scope in self.scopes:  # grows while Maps and Parallels are met
            self._read_scope(scope)

    @cached_property
    def by_type(self) -> Mapping[str, list[State]]:
        """The states of each type, in whichever scope."""
        found: dict[str, list[State]] = {state_type: [] for state_type in STATE_TYPES}
        for state in self.states:
            if state.place:
                found[state.place].append(state)
        return found

    @cached_property
    def by_name(self) -> Mapping[str, State]:
        """The states by name; of those that share one, the first."""
        return {state.name: state for state in reversed(self.states)}

    @cached_property
    def by_pointer(self) -> Mapping[str, State]:
        """The states by pointer."""
        return {state.pointer: state for state in self.states}

    def _read_scope(self, scope: Scope) -> None:
        states = scope.body.get("States")
        if isinstance(states, Mapping):
            for name, body in states.items():
                pointer = join_pointer(scope.pointer, "States", name)
                if isinstance(body, Mapping):
                    language = _read_language(body, self.language)
                    self._read_state(State(name, body, pointer, language, scope))
                elif not is_placeholder(body):
                    self.malformed.append(Problem(pointer, "a state must be an object", name))
        elif "States" in scope.body and not is_placeholder(states):
            self.malformed.append(scope.problem("'States' must be an object of states", "/States"))

    def _read_state(self, state: State) -> None:
        state.scope.states[state.name] = state
        self.states.append(state)
        self._read_transition(state, state, "Next", NEXT)
        state.rules = self._read_list(state, "Choices", "Rule", CHOICE)
        self._read_transition(state, state, "Default", DEFAULT)
        state.retriers = self._read_list(state, "Retry", "Retrier", "")
        state.catchers = self._read_list(state, "Catch", "Catcher", CATCH)
        opened = [self._open(state, *graph) for graph in list_inner(state.body)]
        if opened:
            state.inner = [scope for scope in opened if scope is not None]
        branches = state.body.get("Branches", [])
        if not isinstance(branches, list) and not is_placeholder(branches):
            self.malformed.append(state.problem("'Branches' must be a list", "/Branches"))

    def _read_transition(self, state: State, part: Node, field: str, kind: str) -> None:
        if field not in part.body:
            return
        target = part.body[field]
        if isinstance(target, str):
            inner = f"{part.pointer[len(state.pointer) :]}/{field}"
            state.transitions.append(Transition(inner, kind, target, part))
        else:
            self.malformed.append(
                part.problem(f"'{field}' must be the name of a state", f"/{field}")
            )

    def _read_list(self, state: State, field: str, place: str, kind: str) -> Sequence[Node]:
        """Read a list of parts; those of a kind have transitions."""
        if field not in state.body:
            return ()
        found: list[Node] = []
        bodies = state.body[field]
        if isinstance(bodies, list):
            for index, body in enumerate(bodies):
                inner = f"/{field}/{index}"
                if isinstance(body, Mapping):
                    found.append(Node(place, body, state.pointer + inner, state.language, state))
                    if kind:
                        self._read_transition(state, found[-1], "Next", kind)
                elif not is_placeholder(body):
                    message = f"'{field}' must be a list of objects"
                    self.malformed.append(state.problem(message, inner))
        elif not is_placeholder(bodies):
            self.malformed.append(state.problem(f"'{field}' must be a list", f"/{field}"))
        return found

    def _open(self, state: State, place: str, inner: str, body: object) -> Scope | None:
        if isinstance(body, Mapping):
            scope = Scope(place, body, state.pointer + inner, self.language, state)
            self.scopes.append(scope)
            return scope
        if not is_placeholder(body):
            field = inner[1:].partition("/")[0]
            self.malformed.append(state.problem(f"{field}: a graph of states is a mapping", inner))
        return None


def list_inner(body: Body) -> Iterator[tuple[str, str, Any]]:
    """List the graphs inside a state: of each its place, its pointer in the state, its body.

    The engine compiles these, and the graph reads them.

    >>> [pointer for _, pointer, _ in list_inner({"Branches": [{}, {}]})]
    ['/Branches/0', '/Branches/1']
    """
    for field in ("ItemProcessor", "Iterator"):
        if field in body:
            yield field, f"/{field}", body[field]
    branches = body.get("Branches")
    if isinstance(branches, list):
        yield from (("Branch", f"/Branches/{at}", one) for at, one in enumerate(branches))


def _read_language(body: Body, inherited: str) -> str:
    """Read the query language of a machine or a state; a misspelled one as what it looks like."""
    language = body.get("QueryLanguage")
    if language in (PATH, ATA):
        return str(language)
    spelled = language.strip().casefold() if isinstance(language, str) else ""
    return {PATH.casefold(): PATH, ATA.casefold(): ATA}.get(spelled, inherited)


def read_definition(body: Body) -> Definition:
    """Read a definition into its graph."""
    return Definition(body)


def walk_states(body: Body) -> Iterator[State]:
    """Yield every state of a definition, outer scopes before the scopes inside them."""
    yield from Definition(body).states
