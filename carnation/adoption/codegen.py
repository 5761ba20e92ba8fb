"""The writing: from a definition and its flow to the text of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carnation.adoption import constants
from carnation.adoption.formatter import (
    WIDEST,
    WIDTH,
    Code,
    Group,
    Item,
    Text,
    Token,
    measure,
    quote_text,
    render_call,
    render_value,
)
from carnation.adoption.graph import Node, Scope, read_scopes
from carnation.adoption.names import Names, make_identifier
from carnation.adoption.structure import Flow, Section
from carnation.asl import argument_of, fields_of
from carnation.asl.comparisons import COMPARISONS, CONNECTIVES
from carnation.asl.fields import KNOWN

_INLINE = 60  # characters of a state that may stand where it is used, without a name of its own
_WHOLE = 6  # statements of a graph that fit into make_workflow
_IMPORTED = (
    "Branch", "Catch", "Chain", "Choice", "ChoiceRule", "Condition", "Fail", "ItemProcessor", "Map",
    "Parallel", "Pass", "Retry", "State", "Succeed", "Task", "Wait",
)  # fmt: skip
Find = Callable[[Node], Code]


class Writer:
    """A module being written: the names it uses, its constants, its functions."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.scopes = read_scopes(definition)
        self.flow = Flow(self.scopes)
        self.used: set[str] = set()
        self.names = Names([*_IMPORTED, "Workflow", "make_workflow", "draw_graph"])
        states = [node.state for scope in self.scopes for node in scope.nodes.values()]
        self.constants: list[tuple[str, Code]] = []
        self.texts = self._lift_texts(states)
        self.lifted: dict[str, str] = {}
        self._lift_payloads(states)
        self._lift_retriers(states)
        self.functions = {part: self._part_name(part) for part in self.flow.parts}
        self.variables = {
            node: self.names.reserve(make_identifier(node.name, node.type.lower()))
            for scope in self.scopes
            for node in scope.nodes.values()
        }
        self.counts: dict[Node, int] = {}
        for part in self.flow.parts:
            for node, count in part.references.items():
                self.counts[node] = self.counts.get(node, 0) + count

    def _lift_texts(self, states: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        found: dict[str, str] = {}
        for text, wanted in constants.find_texts(states).items():
            name = _cut_name(wanted, measure(quote_text(text)))
            if name:
                found[text] = self.names.reserve(name)
                self.constants.append((found[text], Text(text)))
        return found

    def _lift_payloads(self, states: Sequence[Mapping[str, Any]]) -> None:
        for key, (payload, wanted) in constants.find_payloads(states).items():
            name = self.names.reserve(wanted)
            self.constants.append((name, render_value(payload, self.texts)))
            self.lifted[f"payload {key}"] = name

    def _lift_retriers(self, states: Sequence[Mapping[str, Any]]) -> None:
        for key, (retriers, wanted) in constants.find_retriers(states).items():
            name = self.names.reserve(wanted)
            self.constants.append((name, self.render_retriers(retriers)))
            self.lifted[f"retrier {key}"] = name

    def _part_name(self, part: Section) -> str:
        if part.origin is None:
            return "draw_graph"
        return self.names.reserve(
            f"draw_{make_identifier(part.start.name, part.start.type.lower())}"
        )

    def use(self, name: str) -> str:
        """Note that the module imports a name; give it back."""
        self.used.add(name)
        return name

    def render_payload(self, value: Any) -> Code:
        """Return the code of a payload, or the name of the constant that holds it."""
        if isinstance(value, (dict, list)):
            key = "payload " + constants.make_key(value, ordered=True)
            if key in self.lifted:
                return Token(self.lifted[key])
        return render_value(value, self.texts)

    def render_retriers(self, retriers: Any) -> Code:
        """Return the code of a retrier, of a list of them, or of one alone in its list."""
        key = "retrier " + constants.make_key(retriers)
        if key in self.lifted:
            return Token(self.lifted[key])
        if isinstance(retriers, list):
            found = [self.render_retriers(retrier) for retrier in retriers]
            return found[0] if len(found) == 1 else Group("[", [*map(Item, found)], "]")
        fields = self.render_fields("Retrier", retriers) | self.render_extra("Retrier", retriers)
        return render_call(self.use("Retry"), **fields)

    def render_fields(self, place: str, body: Mapping[str, Any]) -> dict[str, Code]:
        """Return the code of each field that is nothing but a value, by its argument."""
        return {
            field.argument: self.render_payload(body[field.name])
            for field in fields_of(place)
            if field.name in body and field.kind not in _WIRED
        }

    def render_rule(self, rule: Mapping[str, Any]) -> Code:
        """Return the code of a rule, without where it leads."""
        own = self.render_own(rule, ("Comment", "Assign", "Output")) | self.render_extra(
            "Rule", rule
        )
        if "Condition" in rule:
            return render_call(self.use("Condition"), render_value(rule["Condition"]), **own)
        (operator,) = (key for key in rule if key in COMPARISONS or key in CONNECTIVES)
        function = f"{self.use('ChoiceRule')}.{operator}"
        if operator == "Not":
            return render_call(function, self.render_rule(rule["Not"]), **own)
        if operator in CONNECTIVES:
            inner = [Item(self.render_rule(rule)) for rule in rule[operator]]
            return render_call(function, Group("[", inner, "]"), **own)
        return render_call(function, Text(rule["Variable"]), render_value(rule[operator]), **own)

    def render_own(self, body: Mapping[str, Any], names: Sequence[str]) -> dict[str, Code]:
        """Return the code of some fields, by their arguments."""
        return {
            argument_of(name): self.render_payload(body[name]) for name in names if name in body
        }

    def render_extra(self, place: str, body: Mapping[str, Any]) -> dict[str, Code]:
        """Return the code of the fields that the table does not know, as ASL writes them."""
        known = KNOWN[place].keys() | (_RULE_FIELDS if place == "Rule" else set())
        extra = {name: value for name, value in body.items() if name not in known}
        return {"extra": render_value(extra, self.texts)} if extra else {}

    def render_state(self, node: Node, find: Find) -> Code:
        """Return the code of a state; `find` gives the code of the states it moves to."""
        state = node.state
        fields = self.render_fields(node.type, state)
        fields.pop("type", None)
        for name, write in _WRITERS.items():
            if state.get(name) or (name in ("Retry", "Catch") and name in state):
                fields[argument_of(name)] = write(self, node, find)
        if node.type == "Map":
            fields |= self.render_own(state, ("Parameters",)) | self.render_processor(node, find)
        if node.type == "Choice" and node.main is not None and node not in self.flow.chained:
            fields["default"] = find(self.flow.find(node, node.main))
        fields |= self.render_extra(node.type, state)
        return render_call(self.use(node.type), Text(node.name), **fields)

    def render_catchers(self, node: Node, find: Find) -> Code:
        """Return the code of a state's catchers."""
        found = []
        for catcher in node.state["Catch"]:
            fields = self.render_fields("Catcher", catcher)
            errors = {"error_equals": fields.pop("error_equals")}
            target = find(self.flow.find(node, catcher["Next"]))
            fields |= self.render_extra("Catcher", catcher)
            found.append(render_call(self.use("Catch"), **errors, next_step=target, **fields))
        return found[0] if len(found) == 1 else Group("[", [*map(Item, found)], "]")

    def render_choices(self, node: Node, find: Find) -> Code:
        """Return the code of a Choice's rules, each with the state it leads to."""
        pairs = []
        for rule in node.state["Choices"]:
            target = find(self.flow.find(node, rule["Next"]))
            pairs.append(Group("(", [Item(self.render_rule(rule)), Item(target)], ")"))
        return Group("[", [*map(Item, pairs)], "]")

    def render_scopes(self, node: Node, find: Find) -> Code:
        """Return the code of a Parallel's branches."""
        return Group("[", [Item(self.render_branch(scope, find)) for scope in node.scopes], "]")

    def render_branch(self, scope: Scope, find: Find) -> Code:
        """Return the code of a branch; one with fields of its own is a `Branch`."""
        own = self.render_own(scope.body, ("Comment",)) | self.render_extra("Branch", scope.body)
        graph = self.render_scope(scope, find)
        return render_call(self.use("Branch"), graph, **own) if own else graph

    def render_processor(self, node: Node, find: Find) -> dict[str, Code]:
        """Return the code of a Map's graph, and of how it runs, by their arguments."""
        name = "ItemProcessor" if "ItemProcessor" in node.state else "Iterator"
        scope = node.scopes[0]
        graph = self.render_scope(scope, find)
        config = scope.body.get("ProcessorConfig")
        own: dict[str, Code] = {}
        if config is not None and config != {"Mode": "INLINE"}:
            own["processor_config"] = self.render_payload(config)
        elif (config is None) is (name == "ItemProcessor"):
            own["processor_config"] = render_value(config)
        beside = self.render_own(scope.body, ("Comment",)) | self.render_extra(name, scope.body)
        if beside:
            whole = render_call(self.use("ItemProcessor"), graph, **own, **beside)
            return {argument_of(name): whole}
        return {argument_of(name): graph, **own}

    def render_scope(self, scope: Scope, find: Find) -> Code:
        """Return the code of a graph inside a state: its only state, its chain, or a call."""
        if scope not in self.flow.inner:
            return Token(f"{self.functions[self.flow.drawn[scope]]}()")
        return self.render_chain(self.flow.inner[scope], find)

    def render_chain(self, chain: Sequence[Node], find: Find) -> Code:
        """Return the code of states that follow one another."""
        found = [find(node) for node in chain]
        if len(found) == 1:
            return found[0]
        return render_call(self.use("Chain"), Group("[", [*map(Item, found)], "]"))


def _cut_name(name: str, width: int) -> str:
    """Cut a constant's name, so that no line length makes its line two or its two lines one."""
    room = WIDTH - width - len(" = ") - 2  # for a number behind it
    if len(name) <= room or width + 4 > WIDEST or len(name) + width > WIDEST >= width + 16:
        return name
    return name[: name.rfind("_", 0, room + 1)] if "_" in name[: room + 1] else ""


_RULE_FIELDS = {"Variable", *COMPARISONS, *CONNECTIVES}
_WIRED = frozenset({"branches", "processor", "retriers", "catchers", "choices", "target", "flag"})
_WRITERS: Mapping[str, Callable[[Writer, Node, Find], Code]] = {
    "Branches": Writer.render_scopes,
    "Retry": lambda writer, node, _: writer.render_retriers(node.state["Retry"]),
    "Catch": Writer.render_catchers,
    "Choices": Writer.render_choices,
}
