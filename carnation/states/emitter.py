"""The emitter: from a graph of states to a definition, a plain document.

It visits each state once and keeps its own list of what is left to do, so neither a long chain nor
a deep nesting meets the recursion limit. States are written in the order in which they are reached,
a state's own path before its choices and its catchers. It reads the graph and changes nothing in
it, and takes graphs made with the plain SDK as well: their `iterator` and `parameters` of a Map are
written as today's `ItemProcessor` and `ItemSelector`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.asl import KNOWN, argument_of, fields_of, find_problem
from carnation.asl.fields import PATH
from carnation.errors import DefinitionError, suggest_name
from carnation.states.groups import Subgraph
from carnation.states.integrations import CallPart, CallTask
from carnation.states.raw import Raw
from carnation.states.sdk import sdk
from carnation.states.state import State
from carnation.states.values import (
    render_extra,
    render_field,
    render_fields,
    render_payload,
    render_rule,
)
from carnation.states.walk import first_of, targets_of

Document = dict[str, Any]


class _Scope:
    """One graph being written: the machine's top level, a Map's processor, a Parallel's branch."""

    def __init__(self, start: Any, place: str, target: Document) -> None:
        self.start = start
        self.place = place
        self.target = target
        self.members: dict[str, Any] = {}


class _Emitter:
    """The work of one definition: which states were met, and where."""

    def __init__(self, language: str = PATH) -> None:
        self.language = language
        self.homes: dict[int, _Scope] = {}
        self.names: dict[str, tuple[Any, _Scope]] = {}
        self.scopes: list[_Scope] = []
        self.by_name: list[tuple[Any, str, _Scope]] = []

    def render_scopes(self) -> None:
        for scope in self.scopes:  # grows while Maps and Parallels are met
            self._render_states(scope)
        for state, name, scope in self.by_name:
            self._check_name(state, name, scope)

    def _render_states(self, scope: _Scope) -> None:
        states: Document = {}
        scope.target.update(StartAt=_target_name(scope.start), States=states)
        waiting = [first_of(scope.start)]
        while waiting:
            state = waiting.pop()
            if self._enter(state, scope):
                states[state.state_id] = self._render_state(state, scope)
                waiting.extend(reversed(list(self._follow(state, scope))))

    def _enter(self, state: Any, scope: _Scope) -> bool:
        """Note where a state belongs; False if it was here already, an error if elsewhere."""
        home = self.homes.get(id(state))
        if home is scope:
            return False
        if home is not None:
            raise DefinitionError(
                f"state {_described(state)} is used in two graphs: in {home.place} and in "
                f"{scope.place}. A state belongs to one graph; create another state for the second."
            )
        if state.state_id in self.names:
            other, other_scope = self.names[state.state_id]
            raise DefinitionError(
                f"two states are named '{state.state_id}': {_described(other)} in "
                f"{other_scope.place} and {_described(state)} in {scope.place}. Names are "
                f"unique in a state machine, including its Maps and Parallels; rename one of them."
            )
        self.homes[id(state)] = scope
        self.names[state.state_id] = (state, scope)
        scope.members[state.state_id] = state
        return True

    def _follow(self, state: Any, scope: _Scope) -> Iterator[Any]:
        for target in targets_of(state):
            if isinstance(target, str):
                self.by_name.append((state, target, scope))
            else:
                yield first_of(target)

    def _check_name(self, state: Any, name: str, scope: _Scope) -> None:
        if name in scope.members:
            return
        if name in self.names:
            raise DefinitionError(
                f"state {_described(state)} in {scope.place} moves to '{name}', which is in "
                f"{self.names[name][1].place}. A transition stays within its graph."
            )
        raise DefinitionError(
            f"state {_described(state)} moves to '{name}', which does not exist."
            f"{suggest_name(name, scope.members)}"
        )

    def _render_state(self, state: Any, scope: _Scope) -> Document:
        owner = f"state {_described(state)}"
        if isinstance(state, State):
            self._reject_language(state, owner)
        if isinstance(state, Raw):
            return _render_raw(state, owner)
        ours = isinstance(state, State)
        document: Document = {}
        for field in fields_of(state.type, legacy=ours):
            if field.name == "Type":
                document["Type"] = state.type
            elif field.name in _WRITERS:
                document.update(_WRITERS[field.name](self, state))
            else:
                document.update(render_field(field, self._values_of(state), owner))
        if ours:
            document.update(render_extra(state, owner))
        return document

    def _reject_language(self, state: State, owner: str) -> None:
        """Raise `DefinitionError` for a state that is not in the state machine's language."""
        found = list(state.list_all_languages())
        own = any(name.startswith("QueryLanguage=") for name, _ in found)
        for name, language in found:
            if language == self.language or (own and self.language == PATH):
                continue
            remedy = (
                "A JSONata state machine holds no JSONPath state: use the field's counterpart."
                if language == PATH
                else "Set query_language='JSONata' on the state."
            )
            raise DefinitionError(
                f"{owner}: {name} belongs to {language}, and the state machine's QueryLanguage is "
                f"{self.language}. {remedy}"
            )

    def render_branches(self, state: Any) -> Document:
        if not state.branches:
            raise DefinitionError(f"state {_described(state)} has no branches; add at least one.")
        return {
            "Branches": [
                self._open(branch, f"branch {index} of Parallel '{state.state_id}'", {})
                for index, branch in enumerate(state.branches, 1)
            ]
        }

    def render_processor(self, state: Any) -> Document:
        processor = state.__dict__.get("iterator") or state.fields.get("iterator")
        if processor is None:
            raise DefinitionError(
                f"state {_described(state)} has no item processor; set item_processor."
            )
        legacy = state.__dict__.get("is_legacy", False)
        configured = legacy or getattr(processor, "__dict__", {}).get("is_configured", False)
        head = {} if configured else {"ProcessorConfig": {"Mode": "INLINE"}}
        name = "Iterator" if legacy else "ItemProcessor"
        return {name: self._open(processor, f"Map '{state.state_id}'", head)}

    def _open(self, start: Any, place: str, target: Document) -> Document:
        """Put a graph on the list of those to write; what it writes into stands already."""
        if isinstance(start, Subgraph):
            own = render_fields(start.place, start, place)
            target = {**own, **target} if "Comment" in own else {**target, **own}
            start = start.states
        self.scopes.append(_Scope(start, place, target))
        return target

    def _values_of(self, state: Any) -> Mapping[str, Any]:
        fields: Mapping[str, Any] = state.fields
        if state.type == "Map" and "parameters" in fields and not isinstance(state, State):
            return {"item_selector": fields["parameters"], **fields}
        return _render_calls(state, fields, fields.get("query_language", self.language))


def _render_calls(state: Any, fields: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    """Return the fields, with parameters of calls in this query language."""
    if isinstance(state, CallTask) and language == PATH:
        rest = {name: value for name, value in fields.items() if name != "arguments"}
        return {**rest, "parameters": state.call.parameters}
    parts = {name: part for name, part in fields.items() if isinstance(part, CallPart)}
    key = "Parameters" if language == PATH else "Arguments"
    return {**fields, **{name: {**part, key: part.call} for name, part in parts.items()}}


def _list_empty(state: Any) -> tuple[str, ...]:
    """List the fields that a state of ours was given as empty lists; the SDK's has none."""
    return getattr(state, "empty_blocks", None) or ()


def _render_retriers(_: _Emitter, state: Any) -> Document:
    retriers = [_render_block("Retrier", retrier, state) for retrier in state.retries]
    return {"Retry": retriers} if retriers or "Retry" in _list_empty(state) else {}


def _render_catchers(_: _Emitter, state: Any) -> Document:
    catchers = [
        {**_render_block("Catcher", catcher, state), "Next": _target_name(catcher.next_step)}
        for catcher in state.catches
    ]
    return {"Catch": catchers} if catchers or "Catch" in _list_empty(state) else {}


def _render_block(place: str, block: Any, state: Any) -> Document:
    return render_fields(place, block, f"state {_described(state)}: a {place.lower()}'s field")


def _render_choices(_: _Emitter, state: Any) -> Document:
    owner = f"state {_described(state)}"
    if not state.choices:
        raise DefinitionError(f"{owner} has no choices; add at least one rule.")
    return {
        "Choices": [
            {**render_rule(rule, f"{owner}: a rule"), "Next": _target_name(target)}
            for rule, target in state.choices
        ]
    }


def _render_default(_: _Emitter, state: Any) -> Document:
    return {} if state.default is None else {"Default": _target_name(state.default)}


def _render_next(_: _Emitter, state: Any) -> Document:
    return {"End": True} if state.next_step is None else {"Next": _target_name(state.next_step)}


_WRITERS: Mapping[str, Any] = {
    "Branches": _Emitter.render_branches,
    "ItemProcessor": _Emitter.render_processor,
    "Retry": _render_retriers,
    "Catch": _render_catchers,
    "Choices": _render_choices,
    "Default": _render_default,
    "Next": _render_next,
    "End": lambda _, state: {},
}


def _render_raw(state: Raw, owner: str) -> Document:
    """Write a raw state as it was given, states in it turned into their names."""
    body = dict(state.body)
    for name in ("Choices", "Catch"):
        if isinstance(body.get(name), (list, tuple)):
            body[name] = [_with_target_name(block) for block in body[name]]
    if state.default is not None:
        body["Default"] = _target_name(state.default)
    if state.next_step is not None:
        body["Next"] = _target_name(state.next_step)
    elif "End" in KNOWN.get(state.type, ()) and "End" not in body:
        body["End"] = True
    document: Document = render_payload(body, owner)
    return document


def _with_target_name(block: Any) -> Any:
    if isinstance(block, Mapping) and "Next" in block:
        return {**block, "Next": _target_name(block["Next"])}
    return block


def _target_name(target: Any) -> str:
    return target if isinstance(target, str) else str(first_of(target).state_id)


def _described(state: Any) -> str:
    source = getattr(state, "source", None)
    return f"'{state.state_id}' ({source})" if source else f"'{state.state_id}'"


def make_definition(
    start: Any,
    *,
    comment: str | None = None,
    query_language: str | None = None,
    version: str | None = None,
    timeout_seconds: int | None = None,
) -> Document:
    """Write the definition of the graph that begins at `start` (a state, a chain, an SDK Graph).

    `timeout_seconds` bounds the whole execution. Raises `DefinitionError`, naming both places, for
    a state used in two graphs, a name used twice, a transition to nowhere.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html

    >>> from carnation.states import Succeed
    >>> make_definition(Succeed("Done"))
    {'StartAt': 'Done', 'States': {'Done': {'Type': 'Succeed'}}}
    """
    if isinstance(start, sdk.Graph):
        start, own = start.branch, start.fields
        comment, version = comment or own.get("comment"), version or own.get("version")
        timeout_seconds = timeout_seconds or own.get("timeout_seconds")
    given = {
        argument_of("Comment"): comment,
        argument_of("QueryLanguage"): query_language,
        argument_of("Version"): version,
        argument_of("TimeoutSeconds"): timeout_seconds,
    }
    _reject_head(given)
    body: Document = {}
    emitter = _Emitter(query_language or PATH)
    emitter.scopes.append(_Scope(start, "the top level", body))
    emitter.render_scopes()
    definition: Document = {}
    for field in fields_of("StateMachine"):
        if field.name in body:
            definition[field.name] = body[field.name]
        else:
            definition.update(render_field(field, given, "the state machine"))
    return definition


def _reject_head(given: Mapping[str, Any]) -> None:
    """Raise `DefinitionError` for a field of the state machine itself that AWS would reject."""
    for field in fields_of("StateMachine"):
        value = given.get(field.argument)
        problem = "" if value is None else find_problem(field, value)
        if problem:
            raise DefinitionError(f"the state machine's {field.name} {problem}.")
