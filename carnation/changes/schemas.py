"""The declared input, output and results of a workflow compared: JSON schemas, member by member.

A schema that allows less than before is narrower, one that allows more is wider. Less allowed in is
the callers' trouble, more allowed out is their readers'.
Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.changes.edits import is_same
from carnation.changes.records import MISSING, Change
from carnation.changes.wording import contrast, format_list, quote
from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.records import NamedTuple

_TYPES = ("string", "number", "integer", "boolean", "null", "object", "array")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_WORDS = ("title", "description", "default", "examples", "$comment", "$schema", "$id")
_WALKED = ("type", "properties", "required", "additionalProperties", "items", "enum", "const")
_NARROWER, _WIDER, _OTHERWISE, _MORE, _REWORDED = "narrower", "wider", "otherwise", "more", "words"
_KINDS = {
    "input": {
        _NARROWER: "declared-input-narrowed",
        _WIDER: "declared-input-widened",
        _OTHERWISE: "declared-input-narrowed",
    },
    "output": {
        _NARROWER: "declared-output-narrowed",
        _WIDER: "declared-output-widened",
        _OTHERWISE: "declared-output-widened",
    },
}


class _Step(NamedTuple):
    direction: str
    pointer: str
    sentence: str
    before: Json
    after: Json


def find_declaration_changes(
    old: Mapping[str, Json], new: Mapping[str, Json], part: str = ""
) -> Iterator[Change]:
    """Yield what changed between what two manifests declare (`input`, `output`, `results`).

    >>> old = {"input": {"type": "object", "required": ["id"]}}
    >>> new = {"input": {"type": "object", "required": ["id", "total"]}}
    >>> [(change.kind, change.sentence) for change in find_declaration_changes(old, new)]
    [('declared-input-narrowed', 'has to have total')]
    """
    for name in ("input", "output"):
        pair = old.get(name, MISSING), new.get(name, MISSING)
        yield from _compare(name, f"declared {name}", f"/declared/{name}", *pair, part)
    before, after = old.get("results", {}), new.get("results", {})
    for state in dict.fromkeys([*after, *before]):
        pair = before.get(state, MISSING), after.get(state, MISSING)
        pointer = join_pointer("/declared/results", state)
        yield from _compare("results", f"declared result of {state}", pointer, *pair, part)


def _compare(
    role: str, subject: str, pointer: str, old: Json, new: Json, part: str
) -> Iterator[Change]:
    if old is MISSING and new is MISSING:
        return
    if old is MISSING:
        yield Change("declaration-added", pointer, subject, "was added", old, new, part=part)
        return
    if new is MISSING:
        kind = _KINDS.get(role, {}).get(_WIDER, "declaration-changed")
        yield Change(kind, pointer, subject, "was removed", old, new, old=True, part=part)
        return
    for step in _walk(old, new, pointer, ""):
        kind = _KINDS.get(role, {}).get(step.direction, "declaration-changed")
        if step.direction == _REWORDED:
            kind = "comment-changed"
        gone = step.after is MISSING
        yield Change(
            kind, step.pointer, subject, step.sentence, step.before, step.after, gone, part
        )


def _walk(old: Json, new: Json, pointer: str, place: str) -> Iterator[_Step]:
    """Compare two schemas; `place` tells where in the document, as in `events[].id`."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        if not is_same(old, new):
            direction = _NARROWER if new is False else _WIDER if old is False else _OTHERWISE
            yield _Step(direction, pointer, f"{place}: {contrast(old, new)}", old, new)
        return
    yield from _compare_types(old, new, pointer, place)
    yield from _compare_values(old, new, pointer, place)
    yield from _compare_members(old, new, pointer, place)
    if "items" in old or "items" in new:
        inner = join_pointer(pointer, "items")
        yield from _walk(old.get("items", {}), new.get("items", {}), inner, f"{place}[]")
    for word in dict.fromkeys([*new, *old]):
        pair = old.get(word, MISSING), new.get(word, MISSING)
        if word not in _WALKED and pair[0] != pair[1]:
            yield _classify(word, *pair, join_pointer(pointer, word), place)


def _classify(word: str, old: Json, new: Json, pointer: str, place: str) -> _Step:
    """Return which way another keyword changed."""
    sentence = f"{place or 'its whole'}: {word} {contrast(old, new)}"
    if word in _WORDS:
        return _Step(_REWORDED, pointer, sentence, old, new)
    direction = _OTHERWISE
    if old is MISSING:
        direction = _NARROWER
    elif new is MISSING:
        direction = _WIDER
    elif word in (*_LOWER, *_UPPER) and all(isinstance(v, (int, float)) for v in (old, new)):
        direction = _NARROWER if (new > old) is (word in _LOWER) else _WIDER
    return _Step(direction, pointer, sentence, old, new)


def _compare_types(
    old: Mapping[str, Json], new: Mapping[str, Json], pointer: str, place: str
) -> Iterator[_Step]:
    before, after = _read_types(old), _read_types(new)
    less, more = before - after, after - before
    if less or more:
        direction = _OTHERWISE if less and more else _NARROWER if less else _WIDER
        words = [_format_types(schema) for schema in (old, new)]
        sentence = f"{place or 'its whole'}: {words[0]} to {words[1]}"
        values = old.get("type", MISSING), new.get("type", MISSING)
        yield _Step(direction, join_pointer(pointer, "type"), sentence, *values)


def _read_types(schema: Mapping[str, Json]) -> frozenset[str]:
    named = schema.get("type", _TYPES)
    names = {named} if isinstance(named, str) else {str(name) for name in named}
    return frozenset(names | {"integer"} if "number" in names else names)


def _format_types(schema: Mapping[str, Json]) -> str:
    named = schema.get("type", "anything")
    return named if isinstance(named, str) else format_list([str(name) for name in named])


def _compare_values(
    old: Mapping[str, Json], new: Mapping[str, Json], pointer: str, place: str
) -> Iterator[_Step]:
    """Compare the values that are listed, in `enum` or as the one `const`."""
    before, after = _read_values(old), _read_values(new)
    if before == after:
        return
    at = join_pointer(pointer, "const" if "const" in new else "enum")
    if before is None or after is None:
        direction = _NARROWER if before is None else _WIDER
        sentence = f"{place or 'its whole'}: one of {quote(after)}"
        if after is None:
            sentence = f"{place or 'its whole'}: no longer one of {quote(before)}"
    else:
        less = [value for value in before if value not in after]
        more = [value for value in after if value not in before]
        direction = _OTHERWISE if less and more else _NARROWER if less else _WIDER
        words = [f"{quote(less)} was removed"] if less else []
        words += [f"{quote(more)} was added"] if more else []
        sentence = f"{place or 'its whole'}: {', '.join(words) or 'in another order'}"
        direction = direction if words else _MORE
    values = [MISSING if side is None else side for side in (before, after)]
    yield _Step(direction, at, sentence, *values)


def _read_values(schema: Mapping[str, Json]) -> list[Json] | None:
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    return list(listed) if isinstance(listed, list) else None


def _compare_members(
    old: Mapping[str, Json], new: Mapping[str, Json], pointer: str, place: str
) -> Iterator[_Step]:
    """Compare the members of objects: which there are, which there have to be, and the others."""
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, needs = old.get("required", []), new.get("required", [])
    inner = join_pointer(pointer, "properties")
    for name in dict.fromkeys([*after, *before, *needs, *needed]):
        path = f"{place}.{name}" if place else name
        was, is_now = before.get(name, MISSING), after.get(name, MISSING)
        at = join_pointer(inner, name)
        if (name in needed) is not (name in needs):
            more = name in needs
            sentence = f"has to have {path}" if more else f"may lack {path}"
            yield _Step(_NARROWER if more else _WIDER, at, sentence, was, is_now)
        elif was is MISSING and is_now is not MISSING:
            yield _Step(_MORE, at, f"may have {path}", was, is_now)
        elif is_now is MISSING and was is not MISSING:
            closed = new.get("additionalProperties") is False
            yield _Step(
                _NARROWER if closed else _WIDER, at, f"does not mention {path}", was, is_now
            )
        if was is not MISSING and is_now is not MISSING:
            yield from _walk(was, is_now, at, path)
    others = "additionalProperties"
    if others in old or others in new:
        pair = (old.get(others, True), new.get(others, True))
        was, is_now = ({} if side is True else side for side in pair)
        path = f"{place}.*" if place else "*"
        yield from _walk(was, is_now, join_pointer(pointer, others), path)
