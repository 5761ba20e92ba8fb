"""Fixes: what a finding's one safe answer is, as edits of the document.

Only rules with one answer that cannot change what works are here: a name in other letters than
AWS's, a path whose key lacks `.$`, what never acts. A fix is kept only if the definition, read and
reviewed again, has lost the finding and won no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from carnation.asl.comparisons import COMPARISONS, CONNECTIVES
from carnation.asl.fields import KNOWN, PATH, STATE_TYPES
from carnation.asl.graph import Node, Problem, Scope, State
from carnation.document import Document, parse_document, split_pointer
from carnation.document.editing import Edit, edit_text
from carnation.document.values import Json
from carnation.errors import DocumentError
from carnation.linter.findings import Rule
from carnation.linter.machine import Machine
from carnation.linter.rules.errors import ALL, names_of
from carnation.linter.rules.risks.errors import find_meant_name
from carnation.linter.runner import find_problems
from carnation.linter.suppressions import find_suppressed
from carnation.records import NamedTuple
from carnation.services.task_calls import find_integration

_Counts = Counter[tuple[str, str, str]]
_MAX_TRIES = 60
_UNTAKEN = ("States.Runtime", "States.DataLimitExceeded")


class Fix(NamedTuple):
    """The answer to a problem: the rule, the problem, and what to edit for it.

    `prefix` is where the definition is in its document; pointers of edits begin below it.
    """

    rule: str
    problem: Problem
    edits: tuple[Edit, ...]
    prefix: str = ""


Fixer = Callable[[Machine, Node, Problem], Iterator[Edit]]


def _same_letters(name: str, known: Iterable[str]) -> str:
    """Return the one known name that differs in the case of its letters only."""
    found = [other for other in known if other != name and other.casefold() == name.casefold()]
    return found[0] if len(found) == 1 else ""


def _fix_names(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    for index, name in _list_names(part):
        meant = find_meant_name(name)
        if meant and meant != name:
            yield Edit("replace", f"{part.pointer}/ErrorEquals/{index}", meant)


def _fix_prefixes(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    wrong, meant = problem.facts
    for index, name in _list_names(part):
        if name == wrong:
            yield Edit("replace", f"{part.pointer}/ErrorEquals/{index}", meant)


def _list_names(part: Node) -> list[tuple[int, str]]:
    names = part.body.get("ErrorEquals")
    listed = enumerate(names) if isinstance(names, list) else ()
    return [(index, name) for index, name in listed if isinstance(name, str)]


def _mark_path(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    """Return the key of a path its `.$`, unless the path is in a list."""
    outer, _, _ = problem.pointer.rpartition("/")
    key = split_pointer(problem.pointer)[-1]
    holder = _look_up(machine.body, outer)
    if part.language == PATH and isinstance(holder, Mapping) and f"{key}.$" not in holder:
        yield Edit("rename", problem.pointer, f"{key}.$")


def _drop_dead(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    """Drop a name that stands twice, and the retrier or catcher with it if it has no other."""
    listed = _list_names(part)
    taken = [index for index, name in listed if name in problem.facts]
    if not taken:
        return
    if len(taken) == len(listed):
        yield Edit("remove", part.pointer)
    else:
        for index in taken:
            yield Edit("remove", f"{part.pointer}/ErrorEquals/{index}")


def _leave_all_alone(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    if not any(name in _UNTAKEN for name in names_of(part)):
        for index, name in _list_names(part):
            if name != ALL:
                yield Edit("remove", f"{part.pointer}/ErrorEquals/{index}")


def _put_all_last(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    yield Edit("last", part.pointer)


def _fix_field(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    known = set(KNOWN.get(part.place, ()))
    if part.place in ("Rule", "NestedRule"):
        known |= {"Variable", *COMPARISONS, *CONNECTIVES}
    meant = _same_letters(split_pointer(problem.pointer)[-1], known)
    if meant and meant not in part.body:
        yield Edit("rename", problem.pointer, meant)


def _fix_type(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    meant = _same_letters(part.type, STATE_TYPES) if isinstance(part, State) else ""
    if meant:
        yield Edit("replace", f"{part.pointer}/Type", meant)


def _fix_target(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    scope = part if isinstance(part, Scope) else part.state.scope if part.state else None
    target = _look_up(machine.body, problem.pointer)
    meant = _same_letters(target, scope.states) if scope and isinstance(target, str) else ""
    if meant:
        yield Edit("replace", problem.pointer, meant)


def _fix_parameter(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    """Rename a parameter that is known in other letters."""
    if len(problem.facts) == 2:
        outer, _, _ = problem.pointer.rpartition("/")
        key = split_pointer(problem.pointer)[-1]
        holder = _look_up(machine.body, outer)
        meant = problem.facts[1] + (".$" if key.endswith(".$") else "")
        if isinstance(holder, Mapping) and meant not in holder:
            yield Edit("rename", problem.pointer, meant)


def _fix_value(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    """Replace a value of an enumeration that is known in other letters."""
    if len(problem.facts) == 2 and _look_up(machine.body, problem.pointer) == problem.facts[0]:
        yield Edit("replace", problem.pointer, problem.facts[1])


def _fix_integration(machine: Machine, part: Node, problem: Problem) -> Iterator[Edit]:
    """Write the name that is meant, where only its letters' case differs."""
    text, meant = part.body.get("Resource"), "".join(problem.facts)
    resource = find_integration(part.body)
    if isinstance(text, str) and resource and resource.call.casefold() == meant.casefold():
        head, _, tail = text.rpartition(resource.call)
        yield Edit("replace", f"{part.pointer}/Resource", f"{head}{meant}{tail}")


FIXERS: Mapping[str, Fixer] = {
    "dead-retrier": _drop_dead,
    "literal-path": _mark_path,
    "miscased-error-name": _fix_names,
    "missing-target": _fix_target,
    "states-all-not-alone": _leave_all_alone,
    "states-all-not-last": _put_all_last,
    "unknown-field": _fix_field,
    "unknown-integration": _fix_integration,
    "unknown-nested-field": _fix_field,
    "unknown-parameter": _fix_parameter,
    "unknown-state-type": _fix_type,
    "wrong-error-prefix": _fix_prefixes,
    "wrong-parameter": _fix_value,
}
"""The rules whose findings can be fixed."""


def _look_up(value: Json, pointer: str) -> Json:
    for part in split_pointer(pointer):
        if isinstance(value, list):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def find_fixes(machine: Machine, found: Iterable[tuple[Rule, Problem]]) -> Iterator[Fix]:
    """Yield the fixes of what was found, where there is one safe answer.

    >>> machine = Machine({"StartAt": "a", "States": {"A": {"Type": "Succeed"}}})
    >>> [fix.edits for fix in find_fixes(machine, find_problems(machine.body))]
    [(Edit(kind='replace', pointer='/StartAt', value='A'),)]
    """
    parts = {part.pointer: part for part in machine.parts}
    for rule, problem in found:
        fixer = FIXERS.get(rule.id)
        edits = tuple(fixer(machine, _part_around(parts, problem), problem)) if fixer else ()
        if edits:
            yield Fix(rule.id, problem, edits)


def _part_around(parts: Mapping[str, Node], problem: Problem) -> Node:
    pointer = problem.pointer
    while pointer and pointer not in parts:
        pointer = pointer.rpartition("/")[0]
    return parts[pointer]


class Fixed(NamedTuple):
    """A document after its fixes: its text, and the fixes that were made."""

    text: str
    fixes: tuple[Fix, ...]


def fix_document(
    document: Document, prefixes: Mapping[str, str], skipped: Collection[str] = ()
) -> Fixed:
    """Fix the definitions that are in a document at these pointers, each with its type.

    All at once if that leaves no new finding, else halves of them, and halves of these. The text is
    unchanged where nothing is fixed. The rules in `skipped` are left alone, and so is what is
    suppressed.
    """
    done: list[Fix] = []
    seen = dict.fromkeys(_list_fixes(document, prefixes, skipped))
    groups = [[*seen]] if seen else []
    before = _count(document, prefixes)
    for _ in range(_MAX_TRIES):
        if not groups:
            break
        group = groups.pop()
        text, states = _try(document, before, prefixes, group)
        if text is None:
            groups += _split(group, states)
            continue
        done += group
        document = parse_document(text, document.where)
        before = _count(document, prefixes)
        left = dict.fromkeys(_list_fixes(document, prefixes, skipped))
        # a removed item moves those behind it, whose fixes then have other pointers
        groups = [[fix for fix in one if fix in left] for one in groups]
        groups.append([fix for fix in left if fix not in seen])
        groups = [one for one in groups if one]
        seen.update(left)
    return Fixed(document.text, tuple(done))


def _list_fixes(
    document: Document, prefixes: Mapping[str, str], skipped: Collection[str]
) -> Iterator[Fix]:
    for prefix, type in prefixes.items():
        definition = _look_up(document.value, prefix)
        found = [*find_problems(definition, type=type)]
        suppressed = find_suppressed(
            definition,
            [problem for _, problem in found],
            document.text,
            lambda pointer, prefix=prefix: document.locate(prefix + pointer),  # type: ignore[misc]
        )
        wanted = [
            (rule, problem)
            for rule, problem in found
            if rule.id not in skipped and (rule.id, problem.state) not in suppressed
        ]
        if isinstance(definition, Mapping):
            for fix in find_fixes(Machine(definition, type), wanted):
                yield fix._replace(prefix=prefix)


def _split(group: list[Fix], states: Collection[str]) -> list[list[Fix]]:
    """Part the fixes of states that won a finding from the others, else halve the group."""
    if len(group) < 2:
        return []
    suspects = [fix for fix in group if fix.problem.state in states]
    if suspects and len(suspects) < len(group):
        return [suspects, [fix for fix in group if fix.problem.state not in states]]
    half = len(group) // 2
    return [group[half:], group[:half]]


def _try(
    document: Document, before: _Counts, prefixes: Mapping[str, str], fixes: Sequence[Fix]
) -> tuple[str | None, set[str]]:
    """Return the text with the fixes made; or None, and the states that have something new."""
    edits = [
        edit._replace(pointer=fix.prefix + edit.pointer) for fix in fixes for edit in fix.edits
    ]
    text = edit_text(document, edits)
    if text is None:
        return None, set()
    try:
        after = parse_document(text, document.where)
    except DocumentError:
        return None, set()
    left = before.copy()
    left.subtract(Counter((fix.prefix, fix.rule, fix.problem.state) for fix in fixes))
    now = _count(after, prefixes)
    worse = {key[2] for key in now if now[key] > left[key]}
    return (None if worse else text), worse


def _count(document: Document, prefixes: Mapping[str, str]) -> _Counts:
    return Counter(
        (prefix, rule.id, problem.state)
        for prefix, type in prefixes.items()
        for rule, problem in find_problems(_look_up(document.value, prefix), type=type)
    )


__all__ = ["FIXERS", "Fix", "Fixed", "find_fixes", "fix_document"]
