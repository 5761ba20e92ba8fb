"""A definition as a Mermaid flowchart, for the markdown of GitHub and GitLab.

Every text is quoted and its metacharacters are written as entities, since names are hostile input:
a name can end no label, open no directive and make no link.

Source: https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnation.diagram.folding import fold_scopes
from carnation.diagram.graph import END, MISSING, START, Edge, Node, Scope, read_graph
from carnation.diagram.labels import clean_text, split_texts
from carnation.diagram.layout import Direction
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeAlias

_STYLES = {
    "Task": "stroke:#c2570c",
    "Choice": "stroke:#7c3aed",
    "Map": "stroke:#1d64d8",
    "Parallel": "stroke:#0f766e",
    "Wait": "stroke:#0e7490",
    "Pass": "stroke:#526072",
    "Succeed": "stroke:#15803d,stroke-width:2px",
    "Fail": "stroke:#c81e3a,stroke-width:2px",
    "missing": "stroke:#c81e3a,stroke-dasharray:4 3",
    "added": "fill:#d3f2dc,stroke:#15803d,stroke-width:3px,color:#0b3d1d",
    "removed": "fill:#fbdcdf,stroke:#cf222e,stroke-width:3px,stroke-dasharray:4 3,color:#5c0f16",
    "changed": "fill:#fdebc8,stroke:#b26a00,stroke-width:3px,color:#4a2d00",
}
_LINKS = {
    "added": "stroke:#15803d,stroke-width:3px",
    "removed": "stroke:#cf222e,stroke-width:3px",
    "changed": "stroke:#b26a00,stroke-width:3px",
}
_SHAPES = {
    "Choice": ("{", "}"),
    "Succeed": ("([", "])"),
    "Fail": ("([", "])"),
}
# the words of the language, at whose sight some versions stop reading the name behind them
_WORDS = re.compile(
    "(?:graph|flowchart|subgraph|end|style|linkStyle|class|classDef|click|href|call|default"
    "|direction|interpolate|acc)|[ox]$"
)
# entities are what Mermaid has for them; `](`, `://` and a lone `_` would be a link or emphasis
_METACHARACTERS = re.compile(
    r"""["#<>&%{}|`*\\;~$]|(?<=\])\(|:(?=//)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"""
)
# "1. " and "- " at the beginning would be a list, which Mermaid refuses to draw
_LIST = re.compile(r"^(\d*)([.)+-])")
_ROOM, _LABEL_ROOM = 60, 48


def draw_mermaid(
    definition: Mapping[str, Any],
    marks: Mapping[str, str] | None = None,
    *,
    direction: Direction | None = None,
    fold: bool = False,
) -> str:
    """Draw a definition as the text of a Mermaid flowchart, without the fence around it.

    `marks`, `direction`, and `fold` are those of `draw_svg`.

    >>> print(draw_mermaid({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}), end="")
    flowchart TD
        A(["A"])
        start((" ")) --> A
        classDef Succeed stroke:#15803d,stroke-width:2px
        class A Succeed
    """
    scopes = fold_scopes(read_graph(definition)) if fold else read_graph(definition)
    return "\n".join(_Chart(scopes, marks or {}, direction or "down").render()) + "\n"


_Task: TypeAlias = "str | tuple[str, int] | tuple[str, Edge]"
"""A line; a scope and its depth; an indent and the edge behind it."""


class _Chart:
    """The chart being written: the ids that are taken, the links so far, who is of which class."""

    def __init__(
        self, scopes: Sequence[Scope], marks: Mapping[str, str], direction: Direction
    ) -> None:
        self.scopes = {scope.pointer: scope for scope in scopes}
        self.marks = marks
        self.inner = "TB" if direction == "down" else "LR"
        self.taken: set[str] = set()
        self.classes: dict[str, list[str]] = {}
        self.links: dict[str, list[str]] = {}
        self.count = 0
        self.ids = {
            node.pointer: self.claim_id("start" if node.type == START else node.name)
            for scope in scopes
            for node in scope.nodes
            if node.type != END
        }

    def claim_id(self, name: str) -> str:
        """Make an id that reads like a name, is safe in Mermaid, and nobody else's."""
        base = re.sub("[^A-Za-z0-9]+", "_", name).strip("_")[:40]
        if not base or not base[0].isalpha() or _WORDS.match(base):
            base = f"s_{base}"
        claimed, number = base, 1
        while claimed.lower() in self.taken:
            number += 1
            claimed = f"{base}_{number}"
        self.taken.add(claimed.lower())
        return claimed

    def render(self) -> Iterator[str]:
        yield "flowchart LR" if self.inner == "LR" else "flowchart TD"
        waiting: list[_Task] = [("", 1)]  # what is still to be written, the next one last
        while waiting:
            task = waiting.pop()
            if isinstance(task, str):
                yield task
            elif isinstance(task[1], Edge):
                yield f"{task[0]}{self.render_edge(task[1])}"
            else:
                waiting.extend(reversed(list(self.render_scope(*task))))
        for name, members in self.classes.items():
            yield f"    classDef {name} {_STYLES[name]}"
            yield f"    class {','.join(members)} {name}"
        for mark, numbers in self.links.items():
            yield f"    linkStyle {','.join(numbers)} {_LINKS[mark]}"

    def render_scope(self, pointer: str, depth: int) -> Iterator[_Task]:
        """Write a scope: its nodes in their order, with what is in them, then its edges."""
        scope, indent = self.scopes[pointer], "    " * depth
        for node in scope.nodes:
            if node.type in (START, END):
                continue
            self.sort_node(node)
            if any(self.scopes[inner].nodes for inner in node.scopes):
                yield f'{indent}subgraph {self.ids[node.pointer]}["{_label_of(node, ": ")}"]'
                yield f"{indent}    direction {self.inner}"
                yield from self.render_inner(node, depth + 1)
                yield f"{indent}end"
            else:
                opening, closing = _SHAPES.get(node.type, ("[", "]"))
                yield f'{indent}{self.ids[node.pointer]}{opening}"{_label_of(node)}"{closing}'
        for edge in scope.edges:
            if edge.kind != "end":
                yield indent, edge

    def render_inner(self, node: Node, depth: int) -> Iterator[_Task]:
        """Write what is in a Map or a Parallel; several branches are boxes of their own."""
        inner = [pointer for pointer in node.scopes if self.scopes[pointer].nodes]
        if len(inner) == 1:
            yield inner[0], depth
            return
        for number, pointer in enumerate(inner, 1):
            branch = self.claim_id(f"{self.ids[node.pointer]}_branch_{number}")
            yield f'{"    " * depth}subgraph {branch}[" "]'
            yield f"{'    ' * depth}    direction {self.inner}"
            yield pointer, depth + 1
            yield f"{'    ' * depth}end"

    def render_edge(self, edge: Edge) -> str:
        """Write a link; links are numbered as they are in the text."""
        mark = self.marks.get(f"{edge.source}→{edge.target_name}", "")
        if mark in _LINKS:
            self.links.setdefault(mark, []).append(str(self.count))
        self.count += 1
        source, target = self.ids[edge.source], self.ids[edge.target]
        if edge.kind == "start":
            return f'{source}((" ")) --> {target}'
        arrow = "-.->" if edge.kind == "catch" else "-->"
        shown, more = split_texts(edge.texts)
        text = " or ".join(_escape(text, _LABEL_ROOM) for text in shown) + (more and f" {more}")
        return f'{source} {arrow}|"{text}"| {target}' if text else f"{source} {arrow} {target}"

    def sort_node(self, node: Node) -> None:
        """Put a node into its classes: its type, and how it is marked."""
        kind = "missing" if node.type == MISSING else node.type
        for name in (kind, self.marks.get(node.pointer, "")):
            if name in _STYLES:
                self.classes.setdefault(name, []).append(self.ids[node.pointer])


def _label_of(node: Node, between: str = "<br>") -> str:
    retries = f" ↻ {node.retries}" if node.retries else ""
    name = _escape(node.name, _ROOM) or "(no name)"
    if node.caption in ("Choice", "Pass", "Succeed"):
        text = name  # its shape tells
    else:
        text = f"{name}{between}<i>{_escape(node.caption + retries, _ROOM)}</i>"
    return "<br>".join((text, *(_escape(one, _ROOM) for one in node.folded)))


def _escape(text: str, room: int) -> str:
    """Write a text so that Mermaid, its markdown and the page take every character as a letter."""
    text = clean_text(text)
    if len(text) > room:
        text = text[: room - 1].rstrip() + "…"
    text = _METACHARACTERS.sub(lambda found: f"#{ord(found[0])};", text)
    return _LIST.sub(lambda found: f"{found[1]}#{ord(found[2])};", text)
