"""A definition made again by the constructors, as an adopted module would make it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation import states
from carnation.asl import KNOWN
from carnation.states.arguments import WIRED


def read_fields(place: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a constructor's arguments: known fields by argument, others as `extra`."""
    given: dict[str, Any] = {}
    extra = {}
    for name, value in body.items():
        field = KNOWN[place].get(name)
        if field is None or not field.argument.isidentifier():
            extra[name] = value
        elif field.kind not in WIRED and name not in ("Type", "End"):
            given[field.argument] = value
    return {**given, "extra": extra} if extra else given


def rebuild(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Build a definition from what it is made of; what the machine has beside it is kept."""
    head = {
        field.argument: definition[name]
        for name, field in KNOWN["StateMachine"].items()
        if name in definition and field.kind not in WIRED
    }
    extra = {name: definition[name] for name in definition if name not in KNOWN["StateMachine"]}
    return {**states.make_definition(link(definition), **head), **extra}


def link(scope: Mapping[str, Any]) -> Any:
    """Make the states of a scope, then wire them; give the first."""
    made = {name: make_state(name, body) for name, body in scope["States"].items()}
    for name, body in scope["States"].items():
        wire(made[name], body, made)
    return made[scope["StartAt"]]


def wire(state: Any, body: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    if "Next" in body:
        state.next(made.get(body["Next"], body["Next"]))
    if "Default" in body:
        state.default_choice(made.get(body["Default"], body["Default"]))
    for rule in body.get("Choices", ()):
        state.add_choice(make_rule(rule), made.get(rule["Next"], rule["Next"]))
    for catcher in body.get("Catch", ()):
        given = read_fields("Catcher", catcher)
        state.add_catch(states.Catch(next_step=made.get(catcher["Next"], catcher["Next"]), **given))


def make_rule(rule: Mapping[str, Any]) -> Any:
    names = ("Comment", "Assign", "Output")
    own: dict[str, Any] = {name.lower(): rule[name] for name in names if name in rule}
    rest = {name: rule[name] for name in rule if name not in (*names, "Next", "Variable")}
    if "Condition" in rest:
        return states.Condition(rest["Condition"], **own)
    for word in ("And", "Or"):
        if word in rest:
            return getattr(states.ChoiceRule, word)([make_rule(r) for r in rest[word]], **own)
    if "Not" in rest:
        return states.ChoiceRule.Not(make_rule(rest["Not"]), **own)
    operator = next(name for name in rest if hasattr(states.ChoiceRule, name))
    extra = {name: rest[name] for name in rest if name != operator}
    own = {**own, "extra": extra} if extra else own
    return getattr(states.ChoiceRule, operator)(rule["Variable"], rest[operator], **own)


def make_graph(kind: Any, scope: Mapping[str, Any]) -> Any:
    given = read_fields(kind.place, scope)
    if kind is states.ItemProcessor:
        given.setdefault("processor_config", None)
    return kind(link(scope), **given)


def make_state(name: str, body: Mapping[str, Any]) -> Any:
    given = read_fields(body["Type"], body)
    if "Retry" in body:
        given["retry"] = [states.Retry(**read_fields("Retrier", r)) for r in body["Retry"]]
    if "Branches" in body:
        given["branches"] = [make_graph(states.Branch, branch) for branch in body["Branches"]]
    for field, argument in (("ItemProcessor", "item_processor"), ("Iterator", "iterator")):
        if field in body:
            given[argument] = make_graph(states.ItemProcessor, body[field])
    return getattr(states, body["Type"])(name, **given)
