"""Readers of a path that vanished: states that still read what another state no longer gives.

It goes by names, along the transitions: what a state writes with its ResultPath, its
ResultSelector, its Output or Assign, what it passes on of its input, and which expressions name
that, of later states in the same scope and in the branches that are given their input. A path that
every way to a reader still writes has not vanished; whether the input has it, nobody can tell from
a definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnation.asl import Scope, State
from carnation.changes.context import format_path
from carnation.changes.matching import INNER, Match
from carnation.changes.records import Change
from carnation.changes.scopes import Scopes
from carnation.changes.transitions import keeps_input
from carnation.changes.wording import format_list, shorten
from carnation.document.values import Json
from carnation.records import NamedTuple

_WHOLE = "$"
"""What a state writes whose output is not told field by field: anything may be in it."""
_NAMES = re.compile(r"(?<![\w$])\$\.([A-Za-z_]\w*)")
_NAMES_ATA = re.compile(r"\$states\.input\.([A-Za-z_]\w*)")
_MAKERS = ("Task", "Map", "Parallel", "Pass")


def find_lost_paths(match: Match, scopes: Scopes) -> Iterator[Change]:
    """Yield the paths and variables that a state gave, nobody gives now, and somebody reads."""
    places = {scope.pointer: scope for scope in match.new.scopes}
    for old, new in match.pairs:
        yield from _find_dropped(old, new)
        yield from _find_overwritten(old, new)
        lost = _subtract(_find_writes(old), _find_writes(new))
        for path in lost:
            readers = _find_readers(path, new.scope, new)
            if readers and new.name in _find_unwritten(path, new.scope):
                yield _make_change(path, new, readers, gone=False)
    for old in match.removed:
        scope = places.get(scopes.pairs.get(old.scope.pointer, ""))
        for path in _list_named(old) if scope is not None else ():
            bare = _find_unwritten(path, scope) if scope is not None else set()
            found = _find_readers(path, scope) if scope is not None else []
            readers = [one for one in found if one.at in bare]
            if readers:
                yield _make_change(path, old, readers, gone=True)


def _find_writes(state: State) -> dict[str, bool]:
    """Return the paths that a state writes, and of each whether its content is all listed here."""
    body, found = state.body, dict[str, bool]()
    assigned = body.get("Assign")
    for name in assigned if isinstance(assigned, Mapping) else ():
        found[f"${name.removesuffix('.$')}"] = False
    if state.type not in _MAKERS:
        return found
    if state.language == "JSONata":
        output = body.get("Output")
        fields = list(output) if isinstance(output, Mapping) else []
        found.update((f"$.{name}", False) for name in fields)
        if not fields and (state.type != "Pass" or output is not None):
            found[_WHOLE] = False
        return found
    path = body.get("ResultPath", "$")
    if not isinstance(path, str) or not path.startswith("$"):
        return found
    selected = body.get("ResultSelector", body.get("Result", {}))
    if state.type == "Pass":
        selected = body.get("Result", body.get("Parameters", {}))
    fields = list(selected) if isinstance(selected, Mapping) else []
    if path != _WHOLE or (not fields and state.type != "Pass"):
        found[path] = bool(fields)
    found.update((f"{path}.{name.removesuffix('.$')}", False) for name in fields)
    return found


def _subtract(old: Mapping[str, bool], new: Mapping[str, bool]) -> list[str]:
    """List what is no longer written, the outermost path of each."""
    lost = [path for path in old if path != _WHOLE and not _is_in(path, new)]
    return [path for path in lost if not any(path.startswith(f"{one}.") for one in lost)]


def _is_in(path: str, written: Mapping[str, bool]) -> bool:
    """Return whether a path is written, or may be in something whose content is not listed."""
    return path in written or any(
        path.startswith(f"{one}.") for one, is_listed in written.items() if not is_listed
    )


def _writes(state: State, path: str) -> bool:
    writes = _list_named(state)
    return _is_in(path, writes) or any(one.startswith(f"{path}.") for one in writes)


def _find_unwritten(path: str, scope: Scope) -> set[str]:
    """Find the states that an execution may come to before any state has written a path."""
    start = scope.body.get("StartAt")
    waiting = [start] if isinstance(start, str) else []
    found: set[str] = set()
    while waiting:
        state = scope.states.get(waiting.pop())
        if state is None or state.name in found:
            continue
        found.add(state.name)
        if not _writes(state, path):
            waiting += _list_targets(state)
    return found


def _find_dropped(old: State, new: State) -> Iterator[Change]:
    """Yield what a state no longer passes on of its input, and later states read."""
    if new.type not in _MAKERS or not _passes_input(old) or _passes_input(new):
        return
    own = _find_writes(new)
    lost = [path for path in _list_read(new) if not _is_in(path, _list_named(new))]
    for path in lost if _WHOLE not in _list_named(new) else ():
        readers = _find_readers(path, new.scope, new)
        if readers and path not in _find_writes(old):
            may = ": only its result could have it" if _WHOLE in own else ""
            named = _format_readers(readers)
            sentence = f"no longer passes on '{path}', which {named}{may}"
            yield Change("path-lost", new.pointer, new.name, sentence, path)


def _find_overwritten(old: State, new: State) -> Iterator[Change]:
    """Yield what a state writes over now, though later states read what was there before."""
    for path in _list_named(new):
        if path.count(".") != 1 or _is_in(path, _find_writes(old)) or _writes(old, path):
            continue
        before = {reader.name for reader in _find_readers(path, old.scope, old)}
        readers = [one for one in _find_readers(path, new.scope, new) if one.name in before]
        if readers:
            sentence = f"now writes over '{path}', which {_format_readers(readers)}"
            yield Change("path-overwritten", new.pointer, new.name, sentence, after=path)


def _list_read(start: State) -> list[str]:
    """List the paths, of one name each, that states after one read from their input."""
    found: dict[str, None] = {}
    for _, state in _walk_given(start.scope, _list_targets(start)):
        pattern = _NAMES_ATA if state.language == "JSONata" else _NAMES
        for _, text in _list_expressions(state.body, inner=False):
            found.update((f"$.{name}", None) for name in pattern.findall(text))
    return list(found)


def _list_named(state: State) -> dict[str, bool]:
    """Return the paths that a state writes by name; what its whole output may hold is not told."""
    return {path: is_listed for path, is_listed in _find_writes(state).items() if path != _WHOLE}


class _Reader(NamedTuple):
    """A state that reads a path, and the field; `at` is the state of the scope that it is in."""

    name: str
    field: str
    at: str


def _find_readers(path: str, scope: Scope, start: State | None = None) -> list[_Reader]:
    """Find who reads a path, of the states after one, or of all; branches see it, too."""
    first = _list_targets(start) if start else list(scope.states)
    found = []
    for at, state in _walk_given(scope, first, path):
        fields = list(_list_fields(state.body, path, state.language, not path.startswith("$.")))
        found += [_Reader(state.name, field, at) for field in fields[:1]]
    return found


def _walk_given(scope: Scope, first: list[str], path: str = "") -> Iterator[tuple[str, State]]:
    """Yield the states that are given what the first ones are, and the state that each is in.

    What writes the path is the last on its way. A variable goes on wherever an execution does; its
    readers inside a state are found with that.
    """
    is_variable = bool(path) and not path.startswith("$.")
    waiting, seen = list(first), set(first)
    while waiting:
        state = scope.states.get(waiting.pop(0))
        if state is None:
            continue
        yield state.name, state
        for inner in () if is_variable else _list_given_scopes(state):
            start = inner.body.get("StartAt")
            starts = [start] if isinstance(start, str) else []
            yield from ((state.name, one) for _, one in _walk_given(inner, starts, path))
        if (is_variable or _passes_input(state)) and not (path and _writes(state, path)):
            targets = [name for name in _list_targets(state) if name not in seen]
            seen.update(targets)
            waiting += targets


def _list_given_scopes(state: State) -> Sequence[Scope]:
    """List the branches that are given the whole input of their state; a Map gives items."""
    chosen = {"Parameters", "Arguments"} & set(state.body)
    whole = state.body.get("InputPath", _WHOLE) == _WHOLE and not chosen
    return state.inner if state.type == "Parallel" and whole else ()


def _list_targets(state: State) -> list[str]:
    return list(dict.fromkeys(move.target for move in state.transitions))


def _passes_input(state: State) -> bool:
    """Return whether later states see what this one was given."""
    if state.type == "Pass" and not {"Result", "Parameters", "Output"} & set(state.body):
        return True
    return state.type not in _MAKERS or keeps_input(state.language, state.body)


def _list_fields(value: Json, path: str, language: str, inner: bool) -> Iterator[str]:
    """Yield the fields of a state in which an expression reads a path; of inner scopes if told."""
    name = re.escape(path.removeprefix("$.") if path.startswith("$.") else path[1:])
    start = r"(?<![\w$])\$" if not path.startswith("$.") else r"(?<![\w$])\$\."
    if language == "JSONata" and path.startswith("$."):
        start = r"\$states\.input\."
    pattern = re.compile(rf"{start}{name}(?!\w)")
    for way, text in _list_expressions(value, inner=inner):
        if pattern.search(text):
            yield format_path(way)


def _list_expressions(value: Json, *, inner: bool) -> Iterator[tuple[list[str], str]]:
    """Yield the expressions in a state, with the ways to them; those of inner scopes if told."""
    waiting: list[tuple[Json, list[str]]] = [(value, [])]
    while waiting:
        one, way = waiting.pop(0)
        if isinstance(one, Mapping):
            hidden = () if inner or way else INNER
            waiting += [(item, [*way, key]) for key, item in one.items() if key not in hidden]
        elif isinstance(one, list):
            waiting += [(item, [*way, str(at)]) for at, item in enumerate(one)]
        elif _is_expression(one, way):
            yield way, one


def _is_expression(text: Json, way: list[str]) -> bool:
    if not isinstance(text, str) or way[-1:] == ["ResultPath"] or way[0] == "ResultSelector":
        return False
    last = next((key for key in reversed(way) if not key.isdigit()), "")
    return text.startswith("{%") or last.endswith((".$", "Path", "Variable"))


def _format_readers(readers: list[_Reader]) -> str:
    named = format_list(
        [f"'{shorten(one.name, 40)}' ({shorten(one.field, 60)})" for one in readers]
    )
    return f"{named} still {'reads' if len(readers) == 1 else 'read'}"


def _make_change(path: str, state: State, readers: list[_Reader], *, gone: bool) -> Change:
    sentence = f"no longer gives '{path}', which {_format_readers(readers)}"
    return Change("path-lost", state.pointer, state.name, sentence, path, old=gone)
