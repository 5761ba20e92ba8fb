"""What a workflow declares, changed by one value and back."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.changes.schemas import find_declaration_changes

ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "size": {"enum": ["s", "m"]},
        "lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}},
        "total": {"type": "number", "minimum": 0},
    },
    "required": ["id"],
}
IN, OUT = "declared-input", "declared-output"


def edit(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return the order with one value changed; None takes it away."""
    copy = dict(ORDER)
    body: Any = copy
    for key in path[:-1]:
        body[key] = dict(body[key])
        body = body[key]
    body[path[-1]] = value
    if value is None:
        del body[path[-1]]
    return copy


@pytest.mark.parametrize(
    ("path", "value", "sentence", "back"),
    [
        (("required",), ["id", "total"], "has to have total", "may lack total"),
        (("properties", "id", "type"), ["string", "null"], None, "id: string and null to string"),
        (("properties", "total", "type"), "integer", "total: number to integer", None),
        (("properties", "size", "enum"), ["s"], 'size: ["m"] was removed', 'size: ["m"] was added'),
        (("properties", "total", "minimum"), 1, "total: minimum 0 to 1", "total: minimum 1 to 0"),
        (
            ("properties", "id", "maxLength"),
            9,
            "id: maxLength 9 was added",
            "id: maxLength 9 was removed",
        ),
        (("additionalProperties",), False, None, None),
        (("properties", "id", "const"), "a", 'id: one of ["a"]', 'id: no longer one of ["a"]'),
        (
            ("properties", "lines", "items", "required"),
            ["sku", "n"],
            "has to have lines[].n",
            "may lack lines[].n",
        ),
    ],
)
def test_a_shape_is_narrowed_or_widened_and_back(
    path: tuple[str, ...], value: Any, sentence: str | None, back: str | None
) -> None:
    new = edit(path, value)
    wider = value == ["string", "null"]
    for old, now, said, narrows in (
        (ORDER, new, sentence, not wider),
        (new, ORDER, back, wider),
    ):
        for role, kind in (("input", IN), ("output", OUT)):
            (change,) = find_declaration_changes({role: old}, {role: now})
            assert change.kind == f"{kind}-{'narrowed' if narrows else 'widened'}"
            assert change.subject == f"declared {role}"
            assert change.pointer.startswith(f"/declared/{role}/")
            if said:
                assert change.sentence == said


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        (("properties", "note"), {"type": "string"}, "declaration-changed"),
        (("properties", "total"), None, f"{OUT}-widened"),
        (("properties", "id", "pattern"), "a+", f"{OUT}-narrowed"),
        (("properties", "id", "description"), "its name", "comment-changed"),
        (("properties", "size", "enum"), ["m", "s"], "declaration-changed"),
        (("properties", "size", "enum"), ["l", "s"], f"{OUT}-widened"),
        (("properties", "id"), True, f"{OUT}-widened"),
        (("properties", "total", "minimum"), "0", f"{OUT}-widened"),
    ],
)
def test_what_else_changes_has_its_kind(path: tuple[str, ...], value: Any, kind: str) -> None:
    (change,) = find_declaration_changes({"output": ORDER}, {"output": edit(path, value)})
    assert change.kind == kind


def test_what_becomes_of_a_whole_declaration() -> None:
    declared = {"input": ORDER, "output": ORDER, "results": {"Pay": ORDER}}
    found = {(c.kind, c.subject, c.sentence) for c in find_declaration_changes({}, declared)}
    assert found == {
        ("declaration-added", subject, "was added")
        for subject in ("declared input", "declared output", "declared result of Pay")
    }
    found = {(c.kind, c.old) for c in find_declaration_changes(declared, {})}
    assert found == {(f"{IN}-widened", True), (f"{OUT}-widened", True),
                     ("declaration-changed", True)}  # fmt: skip
    assert list(find_declaration_changes(declared, declared)) == []
    results = {"results": {"Pay": edit(("required",), [])}}
    (change,) = find_declaration_changes({"results": {"Pay": ORDER}}, results)
    assert (change.kind, change.pointer) == (
        "declaration-changed", "/declared/results/Pay/properties/id"
    )  # fmt: skip


def test_schemas_that_are_true_or_false_or_closed() -> None:
    closed = {**ORDER, "additionalProperties": False}
    less = {**edit(("properties", "total"), None), "additionalProperties": False}
    (change,) = find_declaration_changes({"input": closed}, {"input": less})
    assert change.kind == f"{IN}-narrowed"
    (change,) = find_declaration_changes({"input": False}, {"input": True})
    assert change.kind == f"{IN}-widened"
