"""Declared shapes: from JSON schemas and Python types to what stands in the manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, TypedDict, Union

import pytest

from carnation.artifacts import make_artifacts
from carnation.errors import WorkflowError
from carnation.states import Map, Pass
from carnation.workflow import Workflow
from carnation.workflow.schemas import make_schema

typing_extensions = pytest.importorskip("typing_extensions")
NotRequired, Required = typing_extensions.NotRequired, typing_extensions.Required


class Price(TypedDict):
    amount: float
    currency: Literal["EUR", "USD"]
    note: NotRequired[str]


class Loose(TypedDict, total=False):
    id: Required[int]
    name: str


@dataclass
class Order:
    id: Annotated[int, "a number"]
    price: Price
    lines: list[dict[str, Any]]
    paid: Optional[bool]  # noqa: UP045
    tags: list[str] = field(default_factory=list)
    limit: Union[int, Price, None] = None  # noqa: UP007


@dataclass
class Tree:
    children: list[Tree]


PRICE = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "currency": {"enum": ["EUR", "USD"]},
        "note": {"type": "string"},
    },
    "required": ["amount", "currency"],
}


def test_a_dataclass_becomes_a_schema_with_what_it_holds() -> None:
    assert make_schema(Order) == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "price": PRICE,
            "lines": {"type": "array", "items": {"type": "object"}},
            "paid": {"type": ["boolean", "null"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "limit": {"anyOf": [{"type": "integer"}, PRICE, {"type": "null"}]},
        },
        "required": ["id", "price", "lines", "paid"],
    }


def test_members_of_a_typed_dict_are_required_as_they_are_marked() -> None:
    assert make_schema(Price) == PRICE
    loose = make_schema(Loose)
    assert loose["properties"] == {"id": {"type": "integer"}, "name": {"type": "string"}}
    assert loose["required"] == ["id"]


@pytest.mark.parametrize(
    ("declared", "schema"),
    [
        (None, {"type": "null"}),
        (list, {"type": "array"}),
        (dict, {"type": "object"}),
        (int | str, {"type": ["integer", "string"]}),
        (Union[int, Any], {}),  # noqa: UP007
        (list[Any], {"type": "array"}),
        (object, {}),
    ],
)
def test_plain_types_have_plain_schemas(declared: Any, schema: Any) -> None:
    assert make_schema(declared) == schema


def test_a_json_schema_is_copied_so_that_nobody_changes_it_later() -> None:
    given = {"type": "object", "properties": {"a": {"type": ["string", "null"], "enum": ("x",)}}}
    schema = make_schema(given)
    given["properties"]["a"]["type"] = "number"  # type: ignore[index]
    assert schema["properties"]["a"] == {"type": ["string", "null"], "enum": ["x"]}


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (set[int], "its input is declared as 'set', which is not JSON serializable"),
        (dict[int, str], "which is not JSON serializable"),
        (list[bytes], r"its input\[\] is declared as 'bytes'"),
        (Tree, r"children\[\] is declared as Tree, which holds itself"),
        ({"type": "strin"}, r"unknown type 'strin'. Did you mean 'string'"),
        ({"type": 7}, "Expected one of string"),
        (
            {"properties": {"a": {1: 2}}},
            r"properties.a holds {1: 2}, which is not JSON serializable",
        ),
        ({"enum": [object]}, r"enum\[0\] holds"),
        (3, "declared as 3"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(declared: Any, message: str) -> None:
    with pytest.raises(WorkflowError, match=message):
        Workflow(name="w", version="1.0.0", states=Pass("A"), input=declared)


def test_a_type_that_cannot_be_resolved_says_where_to_import_it() -> None:
    class Local(TypedDict):
        other: Missing  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(WorkflowError, match="name 'Missing' is not defined.* Import it where"):
        make_schema(Local)


def test_the_manifest_holds_what_a_workflow_declares_and_nothing_else(tmp_path: Path) -> None:
    plain = Workflow(name="w", version="1.0.0", states=Pass("A"))
    assert "declared" not in make_artifacts(str(tmp_path), plain).manifest
    work = Map("Work", item_processor=Pass("Each"))
    declaring = Workflow(
        name="w", version="1.0.0", states=work, input=Price, results={"Each": Loose, "Work": list}
    )
    manifest = make_artifacts(str(tmp_path), declaring).manifest
    assert manifest["declared"] == {
        "input": PRICE,
        "results": {"Each": make_schema(Loose), "Work": {"type": "array"}},
    }
    both = Workflow(name="w", version="1.0.0", states=Pass("A"), output={"type": "null"})
    assert make_artifacts(str(tmp_path), both).manifest["declared"] == {"output": {"type": "null"}}


def test_the_result_of_a_state_that_does_not_exist_is_refused() -> None:
    workflow = Workflow(name="w", version="1.0.0", states=Pass("Pay"), results={"Pya": int})
    with pytest.raises(WorkflowError, match="a result for unknown state 'Pya'. Did you mean"):
        workflow.make_definition()
