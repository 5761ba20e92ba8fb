"""A state machine under review: the graph of its definition, all its parts, and what is around it.

`parts` are the places that the table of fields knows: those of the graph, and the parts of a state
that have fields of their own (`ItemReader`, `Credentials`, a rule inside `And` …).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from carnation.asl.comparisons import CONNECTIVES
from carnation.asl.fields import ATA
from carnation.asl.graph import Body, Definition, Node, Scope, State
from carnation.asl.kinds import is_placeholder
from carnation.document.values import Json
from carnation.errors import suggest_name
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from carnation.cloudformation.roles import Role

_MAX_NAME_LENGTH = 100
_MAX_NAMES = 1_000
_CONFIGURED = {"ItemReader": "ReaderConfig", "ResultWriter": "WriterConfig"}
_PARTS_OF_STATE = ("ItemReader", "ResultWriter", "ItemBatcher", "Credentials")


class Machine(Definition):
    """A definition with what a review needs to know; `type` is STANDARD or EXPRESS.

    `declared` holds the JSON schemas of `input`, `output` and `results`, as a manifest does;
    `properties` and `role` are what a template says of the state machine, `template` is the whole.
    """

    def __init__(
        self,
        definition: Body,
        type: str = "STANDARD",
        size: int = 0,
        declared: Mapping[str, Json] | None = None,
        properties: Mapping[str, Json] | None = None,
        role: Role | None = None,
        template: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(definition)
        self.declared = declared or {}
        self.properties = properties or {}
        self.role = role
        self.template = template or {}
        self.type = type
        self.size = size
        self.suggestions = 25
        self.parts: list[Node] = []
        for scope in self.scopes:
            self._add_scope(scope)

    @property
    def repeated(self) -> list[State]:
        """The states whose name another one has before them."""
        return [state for state in self.states if self.by_name[state.name] is not state]

    def suggest(self, name: str, known: Collection[str]) -> str:
        """Suggest the known name that was probably meant, as a sentence; '' if none is near.

        Comparing names is expensive, so only the first problems of a definition get a suggestion.
        """
        if not self.suggestions or len(name) > _MAX_NAME_LENGTH or len(known) > _MAX_NAMES:
            return ""
        self.suggestions -= 1
        return suggest_name(name, [other for other in known if len(other) <= _MAX_NAME_LENGTH])

    def parts_of(self, *places: str) -> Iterator[Node]:
        """Return the parts of these places, which are neither scopes nor states."""
        return (part for part in self._inner_parts if part.place in places)

    @cached_property
    def _inner_parts(self) -> list[Node]:
        return [part for part in self.parts if type(part) is Node]

    def _add_scope(self, scope: Scope) -> None:
        self.parts.append(scope)
        if isinstance(scope.body.get("ProcessorConfig"), Mapping):
            self._add(scope, "ProcessorConfig")
        for state in scope.states.values():
            self.parts += [state, *state.rules]
            for rule in state.rules:
                self._add_nested(rule)
            for place in _PARTS_OF_STATE:
                if place in state.body:
                    self._add_part(state, place)
            self.parts += [*state.retriers, *state.catchers]

    def _add_nested(self, rule: Node) -> None:
        """Add the rules that are within And, Or and Not, as parts of their own."""
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
                        outer.problem(f"'{connective}' must be a list of rules", f"/{connective}")
                    )
                    continue
                for index, body in enumerate(bodies):
                    place = f"/{connective}" + ("" if connective == "Not" else f"/{index}")
                    if isinstance(body, Mapping):
                        pointer = outer.pointer + place
                        waiting.append(Node("NestedRule", body, pointer, rule.language, rule.state))
                        self.parts.append(waiting[-1])
                    else:
                        self.malformed.append(outer.problem("a rule must be an object", place))

    def _add_part(self, state: State, place: str) -> None:
        body = state.body[place]
        if not isinstance(body, Mapping):
            if not is_placeholder(body) and not (
                state.language == ATA and isinstance(body, str) and body.startswith("{%")
            ):
                self.malformed.append(state.problem(f"'{place}' must be an object", f"/{place}"))
            return
        part = self._add(state, place)
        config = _CONFIGURED.get(place, "")
        if isinstance(body.get(config), Mapping):
            self._add(part, config)

    def _add(self, outer: Node, place: str) -> Node:
        pointer = f"{outer.pointer}/{place}"
        part = Node(place, outer.body[place], pointer, outer.language, outer.state)
        self.parts.append(part)
        return part
