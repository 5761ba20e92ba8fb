"""The module: its functions laid out, its imports, its constants, its docstrings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.adoption.codegen import Writer
from carnation.adoption.formatter import (
    WIDTH,
    Code,
    Group,
    Item,
    Text,
    Token,
    quote_text,
    render_call,
    render_code,
)
from carnation.adoption.graph import Node
from carnation.adoption.inventory import Inventory
from carnation.adoption.inventory_code import Written, render_inventory
from carnation.adoption.names import make_identifier
from carnation.adoption.structure import Define, Section
from carnation.cloudformation.substitutions import find_substitutions

_INLINE = 60  # characters of a state that may stand where it is used, without a variable
_WHOLE = 6  # steps of a graph that fits into make_workflow
Comments = Mapping[str, Sequence[str]]
_EMPTY = Written((), (), {}, {})
_ELSEWHERE: Mapping[str, Code] = {"stacks": Token('"none"')}
"""Without a template, the definition is deployed as it is today."""


class _Body:
    """The statements of one part, in the order of its steps."""

    def __init__(self, writer: Writer, part: Section, comments: Comments) -> None:
        self.writer = writer
        self.part = part
        self.comments = comments
        self.defined: set[Node] = set()
        self.waiting: list[tuple[Node, Node]] = []
        self.statements: list[str] = []
        self.returns = False  # the only state of a chain needs no variable
        flow = writer.flow
        own = [node for node, home in flow.homes.items() if home is part]
        chains = [part.chain, *(flow.inner.get(scope, []) for node in own for scope in node.scopes)]
        self.chained = {node for chain in chains for node in chain[:-1]}
        self.last = {chain[-1] for chain in chains if len(chain) > 1}

    def render(self) -> list[str]:
        """Write every statement but the one that gives the graph back."""
        for step in self.part.steps:
            if isinstance(step, Define):
                self.define(step.node)
            elif self.part.references[step.part.start] > 1:
                call = Token(f"{self.writer.functions[step.part]}()")
                self.assign(step.part.start, call)
            self.connect()
        return self.statements

    def render_chain(self) -> Code:
        """Return the code of the part's chain."""
        return self.writer.render_chain(self.part.chain, self.find)

    def define(self, node: Node) -> None:
        if self.is_inline(node):
            self.defined.add(node)
            return
        code = self.writer.render_state(node, self.find)
        if self.is_alone(node):
            self.returns = True
            self.add(node, "return ", code)
            return
        self.assign(node, code)
        target = self.writer.flow.moves_by_itself(node)
        if target is not None and node not in self.chained:
            self.waiting.append((node, target))

    def is_alone(self, node: Node) -> bool:
        """Return whether a part gives this state back, and nothing names or follows it there."""
        part = self.part
        moves = self.writer.flow.moves_by_itself(node)
        return (
            part.chain == [node]
            and part.steps[-1] == Define(node)
            and part.origin is not None
            and not (moves or part.references[node])
        )

    def assign(self, node: Node, code: Code) -> None:
        self.defined.add(node)
        self.add(node, f"{self.writer.variables[node]} = ", code)

    def add(self, node: Node, before: str, code: Code) -> None:
        notes = "".join(
            f"    # {line}".rstrip() + "\n" for line in self.comments.get(node.pointer, ())
        )
        self.statements.append(f"{notes}    {before}{render_code(code, 4, len(before))}")

    def connect(self) -> None:
        """Write the moves that are no part of a chain, as soon as both states are there."""
        left = []
        for node, target in self.waiting:
            if target not in self.defined and self.is_told_here(target):
                left.append((node, target))
                continue
            code = Group(f"{self.writer.variables[node]}.next(", [Item(self.find(target))], ")")
            self.statements.append(f"    {render_code(code, 4)}")
        self.waiting = left

    def is_told_here(self, node: Node) -> bool:
        home = self.writer.flow.homes[node]
        return home is self.part or (home in self.part.parts and self.part.references[node] > 1)

    def find(self, node: Node) -> Code:
        """Return the code that represents a state: a variable, a call, itself, or its name."""
        home = self.writer.flow.homes[node]
        if home in self.part.parts and home.start is node and self.part.references[node] == 1:
            return Token(f"{self.writer.functions[home]}()")
        if node in self.defined:
            inline = self.is_inline(node)
            return self.render_inline(node) if inline else Token(self.writer.variables[node])
        return Text(node.name)

    def render_inline(self, node: Node) -> Code:
        return self.writer.render_state(node, self.find)

    def is_inline(self, node: Node) -> bool:
        """Return whether a state is so short, and used but once, that it needs no variable."""
        if self.writer.counts.get(node, 0) > 1 or node.pointer in self.comments:
            return False
        if node.scopes or next(node.list_targets(), None) is not None:
            return False
        if node in self.last and node.type not in ("Succeed", "Fail"):
            return False
        text = render_code(self.render_inline(node))
        return "\n" not in text and len(text) <= _INLINE


def render_module(
    definition: Mapping[str, Any],
    name: str,
    origin: str,
    comments: Comments | None = None,
    inventory: Inventory | None = None,
) -> str:
    """Write the module of `definitions/` that makes a workflow of this name with this definition.

    `origin` says where the definition came from; `comments` are lines by JSON pointer to a state
    ('' for the whole file); `inventory` is what its template has next to it.
    """
    writer = Writer(definition)
    comments = comments or {}
    written = _EMPTY
    if inventory is not None:
        written = render_inventory(inventory, writer.names, set(find_substitutions(definition)))
        writer.texts.update(written.texts)
        writer.constants[:0] = written.constants
    bodies = [_Body(writer, part, comments) for part in writer.flow.parts]
    functions = [(body, body.render()) for body in bodies]
    root, statements = functions[0]
    whole = len(statements) <= _WHOLE
    rest = functions[1:] if whole else functions
    blocks = [_render_function(writer, body, body_statements) for body, body_statements in rest]
    blocks = [*filter(None, [written.functions.rstrip()]), *blocks]
    own = written.arguments if inventory is not None else _ELSEWHERE
    blocks.append(_render_make(writer, definition, name, root, statements if whole else None, own))
    head = "".join(f"# {line}".rstrip() + "\n" for line in comments.get("", ()))
    return "\n".join(
        [
            _render_docstring(name, origin),
            *([head] if head else []),
            *_render_imports(writer, written),
            *([_render_constants(writer)] if writer.constants else []),
            *(f"\n{block}\n" for block in blocks),
        ]
    )


def _render_docstring(name: str, origin: str) -> str:
    first = f"The workflow {name}, adopted from {_clean(origin)}."
    if len(first) > WIDTH - 6:
        first = f"The workflow {name}.\n\nAdopted from {_clean(origin)}.\n"
    return f'"""{first}"""\n'


def _clean(text: str) -> str:
    """Let nothing out of a foreign name end a docstring or a comment."""
    return "".join(char if char.isprintable() and char not in '\\"' else "?" for char in text)


def _render_imports(writer: Writer, written: Written) -> Iterator[str]:
    if written.functions:
        yield "from typing import Any\n"
    if written.imports:
        yield _import("carnation.resources", written.imports)
    yield _import("carnation.states", sorted(writer.used))
    yield "from carnation.workflow import Workflow\n"


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    inner = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{inner})"


def _render_constants(writer: Writer) -> str:
    lines = []
    for name, code in writer.constants:
        text = render_code(code, 0, len(name) + 3)
        single = isinstance(code, Text) and "\n" not in text
        if single and len(name) + 3 + len(text) > WIDTH >= len(text) + 4:
            text = f"(\n    {text}\n)"
        lines.append(f"{name} = {text}\n")
    return "".join(lines)


def _render_function(writer: Writer, body: _Body, statements: Sequence[str]) -> str:
    part = body.part
    kind = "Chain" if len(part.chain) > 1 else writer.use("State")
    if not body.returns:
        chain = render_code(body.render_chain(), 4, len("return "))
        statements = [*statements, f"    return {chain}"]
    head = f'def {writer.functions[part]}() -> {kind}:\n    """{_describe(part)}"""\n'
    return head + "\n".join(_space(statements))


def _space(statements: Sequence[str]) -> Iterator[str]:
    """Set a statement of several lines off from its neighbors."""
    for at, statement in enumerate(statements):
        close = ".next(" in statement.partition("(")[0] + "("
        if at and not close and ("\n" in statement or "\n" in statements[at - 1]):
            yield ""
        yield statement


def _describe(part: Section) -> str:
    if part.origin is None:
        return "Draw the graph, from the first state to the last."
    if part.scope is None:
        return f"Draw the way from {_name(part.start)} on."
    if part.origin.type == "Map":
        return f"Draw what {_name(part.origin)} does for each item."
    return f"Draw a branch of {_name(part.origin)}."


def _name(node: Node) -> str:
    plain = node.name.isprintable() and node.name.isascii() and len(node.name) <= 40
    if plain and not set(node.name) & set("\\'\""):
        return f"'{node.name}'"
    return make_identifier(node.name, node.type.lower())


def _render_make(
    writer: Writer,
    definition: Mapping[str, Any],
    name: str,
    root: _Body,
    statements: Sequence[str] | None,
    own: Mapping[str, Code],
) -> str:
    call = Token(f"{writer.functions[root.part]}()")
    fields = writer.render_fields("StateMachine", definition)
    if "version" in fields:  # the language's; the workflow's is its own
        fields["language_version"] = fields.pop("version")
    named: dict[str, Code] = {
        "name": Token(quote_text(name)),
        "version": Token('"0.1.0"'),
        **fields,
        "states": call if statements is None else root.render_chain(),
        **own,
    }
    result = render_code(render_call("Workflow", **named), 4, len("return "))
    lines = _space([*(statements or ()), f"    return {result}"])
    head = 'def make_workflow() -> Workflow:\n    """Make the workflow."""\n'
    return head + "\n".join(lines)
