"""The comparison: the adopted template and the one that the module builds, by `diff`'s own engine.

What would be replaced or lost, were the new template deployed instead of the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.adoption.inventory import Inventory
from carnation.adoption.round_trip import load_workflow
from carnation.changes.templates import find_template_changes
from carnation.document import parse_document
from carnation.errors import CarnationError
from carnation.stacks import Package, Sources

_KINDS = ("replaced", "removed", "may-be-replaced")
_TYPES = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
}
_DIGEST = "0" * 64  # of code and definition, which no resource's identity depends on


def compare_templates(inventory: Inventory, text: str) -> Iterator[str]:
    """Describe the kept resources that would be replaced, and what a build will ask for."""
    try:
        new = _render(text)
    except CarnationError as error:
        yield f"a build will ask: {error}"
        return
    kept = set() if inventory.home else set(inventory.adopted) - set(inventory.elsewhere)
    for change in find_template_changes({"t": _shape(inventory)}, {"t": new}):
        owner = change.subject.partition("/")[0]
        if owner in kept and change.kind.endswith(_KINDS) and change.impact != "cosmetic":
            yield f"{owner}: {change.kind}: {change.sentence}"


def _shape(inventory: Inventory) -> dict[str, Any]:
    """Return the old template with the types that SAM's transform gives."""
    resources = {
        name: {**body, "Type": _TYPES.get(str(body.get("Type")), body.get("Type"))}
        for name, body in inventory.resources.items()
        if isinstance(body, Mapping)
    }
    return {"Resources": resources}


def _render(text: str) -> Mapping[str, Any]:
    """Render the root template of a module, without the code of its functions."""
    workflow = load_workflow(text)
    paths = {one.id: f"code/python/{one.id}.zip" for one in workflow.functions}
    definition = workflow.make_definition()
    sources = Sources(
        workflow=workflow.name,
        version=workflow.version,
        definition=definition,
        definition_path=f"code/state-machine/{workflow.name}.asl.json",
        definition_sha256=_DIGEST,
        packages={name: Package(name, _DIGEST, path) for name, path in paths.items()},
        find_source=workflow.find_source,
    )
    ((path, template),) = workflow.render_stacks(sources).items()
    document: Mapping[str, Any] = parse_document(template, path).value
    return document
