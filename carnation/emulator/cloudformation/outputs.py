"""Outputs of a stack, and the exports that other stacks hold on to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.resources import explain
from carnation.emulator.cloudformation.steps import OperationError, StackOperation
from carnation.errors import TemplateError


def write_outputs(operation: StackOperation) -> None:
    """Work out the stack's outputs; raises `OperationError`."""
    try:
        rows = [
            _make_row(operation, name, body)
            for name, body in operation.definition.template.outputs.items()
            if operation.resolver.includes(body)
        ]
        _check_exports(operation, rows)
    except Exception as error:
        raise OperationError(explain(error)) from error
    operation.stack.outputs = rows


def _make_row(operation: StackOperation, name: str, body: Mapping[str, Any]) -> dict[str, str]:
    try:
        row = {"OutputKey": name, "OutputValue": _as_output(operation, body["Value"])}
        export = (body.get("Export") or {}).get("Name")
        if export is not None:
            row["ExportName"] = operation.resolver.text(export, "Export")
    except TemplateError as error:
        raise TemplateError(f"output '{name}': {error}") from error
    if "Description" in body:
        row["Description"] = str(body["Description"])
    return row


def _as_output(operation: StackOperation, value: Any) -> str:
    found = operation.resolve(value)
    if isinstance(found, list):
        return ",".join(str(item) for item in found)
    return operation.resolver.text(found, "Value")


def _check_exports(operation: StackOperation, rows: list[dict[str, str]]) -> None:
    mine = operation.stack.stack_id
    others = {
        row["Name"]: row
        for row in operation.store.list_exports()
        if row["ExportingStackId"] != mine
    }
    new = {row["ExportName"]: row["OutputValue"] for row in rows if "ExportName" in row}
    for name in new:
        if name in others:
            owner = others[name]["ExportingStackId"].split("/")[1]
            raise TemplateError(f"Export with name {name} is already exported by stack {owner}.")
    for row in operation.stack.outputs:
        export = row.get("ExportName")
        users = operation.store.list_importers(export) if export else []
        if users and export not in new:
            raise TemplateError(
                f"Export {export} cannot be deleted as it is in use by {', '.join(users)}"
            )
        if users and new[str(export)] != row["OutputValue"]:
            raise TemplateError(
                f"Export {export} cannot be updated as it is in use by {', '.join(users)}"
            )
