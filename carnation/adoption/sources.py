"""What can be adopted: the definitions in a file, each with the name its workflow will have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.adoption.comments import find_remarks
from carnation.adoption.graph import find_lost_transitions
from carnation.adoption.inventory import MACHINES, Inventory
from carnation.adoption.names import MAX_WORKFLOW_LENGTH, to_workflow_name
from carnation.adoption.several import read_inventories
from carnation.adoption.template import fill_definition
from carnation.asl import Definition, read_definition
from carnation.errors import DocumentError
from carnation.linter import CALL, REFUSAL, Problem, Rule, find_problems
from carnation.records import NamedTuple
from carnation.sources import Reading
from carnation.sources import Source as Machine

# Without these a definition has no graph; whatever else is wrong can be written as Python.
_NEEDED = frozenset(
    {
        "malformed-definition", "unknown-state-type", "no-states", "invalid-state-name",
        "duplicate-state-name", "missing-target", "start-at-is-no-name", "unreachable-state",
        "missing-field", "exclusive-fields", "rule-without-operator", "rule-without-variable",
        "empty-connective", "unknown-nested-field",
    }
)  # fmt: skip


_GRAPH = ("Retry", "Catch", "Choices", "Branches", "ItemProcessor", "Iterator")
"""The fields of a state that make its graph, or have parts of their own."""


class Source(NamedTuple):
    """A definition with a graph, and where it came from.

    `name` is the workflow's; `origin` says in a few words where it stood; `remarks` are comments of
    the file by the pointer to a state; `document` is what was read.
    """

    name: str
    origin: str
    remarks: Mapping[str, list[str]]
    document: Machine
    inventory: Inventory | None = None
    substitutions: Mapping[str, Any] = {}
    left: str = ""
    """Why what is next to the definition in its template is not brought along."""

    @property
    def definition(self) -> Mapping[str, Any]:
        """The definition, a plain value, with references to what its template brings along."""
        value: Mapping[str, Any] = self.document.value
        if self.inventory is not None:
            value = fill_definition(self.inventory, value, self.substitutions)
        return value

    def locate(self, pointer: str) -> str:
        """Describe where a part stands: file, line and column."""
        return _locate(self.document, pointer)

    def find_refusal(self) -> DocumentError | None:
        """Find where and why AWS would reject the definition; None if it would not."""
        for _, problem in _find_problems(self.document):
            return _problem_error(self.document, problem)
        return None

    def format_refusal(self) -> str:
        """Describe why AWS or the build would refuse the definition; '' where neither would."""
        refusal = self.find_refusal()
        if refusal is not None:
            return str(refusal)
        for _, problem in _find_problems(self.document, CALL):
            where = self.locate(problem.pointer)
            return f"{where}: carnation build would reject it: {problem.message}"
        return ""

    def make_error(self, pointer: str, reason: str) -> DocumentError:
        """Make an error about a part of the definition."""
        return _make_error(self.document, pointer, reason)

    def list_unknown(self) -> Iterator[str]:
        """List the fields and parameters that are not known, and that they are kept."""
        found = list(_find_problems(self.document, REFUSAL, CALL))
        for rule, problem in found:
            if rule.id == "unknown-field":
                yield f"{self.locate(problem.pointer)}: kept as extra: {problem.message}"
        for rule, problem in found:
            if rule.family == CALL:
                where = self.locate(problem.pointer)
                yield f"{where}: kept, and carnation build rejects it: {problem.message}"


def read_sources(reading: Reading) -> Iterator[Source]:
    """Yield what can be adopted of the definitions that a file leads to.

    Raises `DocumentError`, with line and column, for what is not a definition.
    """
    file = os.path.basename(reading.path)
    sources = [_read_source(found, file, reading.kind == "definition") for found in reading.sources]
    yield from _add_inventory(reading, sources)


def _read_source(found: Machine, file: str, is_whole: bool) -> Source:
    _reject(found)
    name = to_workflow_name(file if is_whole else found.name)
    origin = file if is_whole else f"{found.name} in {file}"
    return Source(name, origin, _find_remarks(found, is_whole), found)


def _find_remarks(found: Machine, is_whole: bool) -> Mapping[str, list[str]]:
    if found.inner is not None or not found.is_editable:
        return {}
    remarks = find_remarks(found.document, found.value, found.pointer)
    if is_whole or not found.pointer:
        return remarks
    return {pointer: lines for pointer, lines in remarks.items() if pointer}


def _list_machines(template: Mapping[str, Any]) -> list[str]:
    resources = template.get("Resources") or {}
    return [
        name
        for name, body in resources.items()
        if isinstance(body, Mapping) and body.get("Type") in MACHINES
    ]


def _add_inventory(reading: Reading, sources: Sequence[Source]) -> Iterator[Source]:
    """Bring along what is next to the state machines of a template."""
    if reading.kind == "definition":
        yield from sources
        return
    template = sources[0].document.template if reading.kind == "template" and sources else None
    machines = _list_machines(template or {})
    if template is None or machines != [source.document.name for source in sources]:
        left = (
            f"{reading.path} is not a CloudFormation template"
            if template is None
            else f"{reading.path} has {len(machines)} state machines; adopt it as a whole"
        )
        yield from (source._replace(left=left) for source in sources)
        return
    named = rename_duplicates(sources)
    folder = os.path.dirname(reading.path)
    found = read_inventories(
        template,
        {source.document.name: source.name for source in named},
        {source.document.name: (source.document.value, source.document.substitutions)
         for source in named},
        folder,
    )  # fmt: skip
    for source in named:
        yield source._replace(
            inventory=found[source.document.name], substitutions=source.document.substitutions
        )


def _reject(document: Machine) -> None:
    """Raise `DocumentError` with line and column for what has no graph."""
    value = document.value
    if not isinstance(value, Mapping) or "StartAt" not in value or "States" not in value:
        raise _make_error(
            document,
            "",
            "not a state machine definition: it has no StartAt, or no States. Name a "
            "definition, or a template with one.",
        )
    for note in document.notes:
        if note.kind == "repeated-key":
            raise _make_error(document, note.pointer, f"{note.message}. Remove one of the two.")
    for rule, problem in _find_problems(document):
        if rule.id in _NEEDED:
            raise _problem_error(document, problem)
    for pointer in _find_placeholders(read_definition(value)):
        raise _make_error(
            document,
            pointer,
            "a placeholder is used where the graph must be known. Replace it with its value: a "
            "state's name or type, its rules, retriers, catchers, branches.",
        )


def _find_placeholders(definition: Definition) -> Iterator[str]:
    """Yield the pointers to what names no state and no type, as only a placeholder may here."""
    yield from (problem.pointer for problem in find_lost_transitions(definition))
    for state in definition.states:
        if not state.place:
            yield state.pointer
        for field in _GRAPH:
            for pointer, value in _list_parts(f"{state.pointer}/{field}", state.body.get(field)):
                if isinstance(value, str):
                    yield pointer


def _list_parts(pointer: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a part of the graph, and those in its list."""
    yield pointer, value
    if isinstance(value, list):
        yield from ((f"{pointer}/{index}", item) for index, item in enumerate(value))
    if isinstance(value, Mapping) and isinstance(value.get("States"), str):
        yield f"{pointer}/States", value["States"]


def _find_problems(document: Machine, *families: str) -> Iterator[tuple[Rule, Problem]]:
    kind = document.type or "STANDARD"
    return find_problems(document.value, type=kind, families=families or (REFUSAL,))


def _problem_error(document: Machine, problem: Problem) -> DocumentError:
    state = f"state '{problem.state}': " if problem.state else ""
    message = (
        problem.message if problem.message.endswith("?") else f"{problem.message.rstrip('.')}."
    )
    return _make_error(
        document,
        problem.pointer,
        f"AWS would reject this definition: {state}{message} Fix it first; carnation lint lists "
        "everything.",
    )


def _make_error(document: Machine, pointer: str, reason: str) -> DocumentError:
    span = document.locate(pointer)
    return DocumentError(reason, document.where, span.line, span.column)


def _locate(document: Machine, pointer: str) -> str:
    span = document.locate(pointer)
    return f"{document.where}:{span.line}:{span.column}"


def rename_duplicates(sources: Sequence[Source]) -> list[Source]:
    """Return sources of one name names of their own: with their folder's before it, or a number."""
    taken: set[str] = set()
    named = []
    for source in sources:
        name = source.name
        if sum(other.name == name for other in sources) > 1:
            folder = os.path.basename(os.path.dirname(source.document.where))
            name = to_workflow_name(f"{folder} {name}") if folder else name
        count, first = 1, name
        while name in taken:
            count += 1
            name = f"{first[: MAX_WORKFLOW_LENGTH - 4]}-{count}"
        if source.inventory is not None and source.inventory.elsewhere and name != source.name:
            raise DocumentError(
                f"another file has a state machine '{source.name}', too. Adopt this template by "
                "itself.",
                source.document.where,
            )
        taken.add(name)
        named.append(source._replace(name=name))
    return named
