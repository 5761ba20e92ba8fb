"""A template with several state machines: one workflow keeps its stack, the others use what it has.

The first state machine's workflow keeps everything where it is. Each of the others is a workflow
with a stack of its own: what starts it goes along, and what it uses is exported by the first. State
machines that start each other become children.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.adoption.inventory import Adopted, Inventory, list_targets
from carnation.adoption.kinds import KINDS
from carnation.adoption.template import read_inventory, read_starting
from carnation.cloudformation.substitutions import find_substitutions
from carnation.resources import Child

_SAM = {"AWS::Serverless::Function": "AWS::Lambda::Function"}
_PARTS = ("AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion")
_CHILD = {"Ref": "arn", "Arn": "arn"}

Use = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A definition, and the template's substitutions in it."""


def read_inventories(
    template: Mapping[str, Any], workflows: Mapping[str, str], uses: Mapping[str, Use], folder: str
) -> dict[str, Inventory]:
    """Read the inventory of each state machine; `workflows` has its workflow's name.

    `uses` has the definition of each, by which it is known what the first has to export.
    """
    first, *others = workflows
    guests = {name: Inventory(template, name, folder, home=workflows[first]) for name in others}
    for name, guest in guests.items():
        _add_children(guest, workflows, name)
        guest.renamed[name] = "StateMachine"
        guest.dropped[name] = "the workflow's state machine"
        read_starting(guest)
    elsewhere = {name: workflows[name] for name in others}
    home = Inventory(template, first, folder)
    _add_children(home, workflows, first)
    for guest in guests.values():
        for trigger in guest.triggers:
            if trigger.logical_id in home.resources:
                home.dropped[trigger.logical_id] = f"a trigger of '{elsewhere[guest.machine]}'"
    read_inventory(template, first, folder, home)
    for name, guest in guests.items():
        _share(home, guest, *uses[name])
    return {first: home, **guests}


def _add_children(inventory: Inventory, workflows: Mapping[str, str], own: str) -> None:
    """Let the other state machines be children, and say where references to them lead."""
    for name, workflow in workflows.items():
        if name == own:
            continue
        child = Child(workflow.replace("-", "_"))
        inventory.adopted[name] = Adopted("Child", child.id, name, fields=_CHILD, suffix="Child")
        inventory.ids.add(child.id)
        inventory.elsewhere[name] = child.full_arn
        inventory.dropped[name] = f"the workflow '{workflow}', which has a stack of its own"
        for part, body in inventory.resources.items():
            if body.get("Type") in _PARTS and name in list_targets(body.get("Properties")):
                inventory.elsewhere[part] = f"{child.full_arn}:{child.alias}"
                inventory.dropped[part] = f"the version and alias of '{workflow}'"


def _share(
    home: Inventory, guest: Inventory, definition: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Return a guest what it uses of the first workflow's resources, and let that export it."""
    named = [name.partition(".")[0] for name in find_substitutions(definition)]
    used = {*named, *(owner for value in given.values() for owner in list_targets([value]))}
    for name, one in home.adopted.items():
        if name not in used or name in guest.adopted:
            continue
        if one.kind == "Parameter":
            guest.adopted[name] = one
            continue
        type_ = str(home.resources[name].get("Type"))
        kind = KINDS.get(_SAM.get(type_, type_))
        if kind is None:
            guest.note(name, f"it is in the stack of '{guest.home}'; pass the values that are "
            f"used as a Parameter")  # fmt: skip
            continue
        export = f"{guest.home}-${{Environment}}-{name}"
        id = one.id if one.kind == kind.name else guest.choose_id(name, kind.name, kind.longest)
        guest.ids.add(id)
        one.users.append(home.adopted[guest.machine].id.replace("_", "-"))
        guest.adopted[name] = Adopted(kind.name, id, "", fields=kind.fields, export=export)
        home.sections.setdefault("Outputs", {})[f"{name}Shared"] = {
            "Value": _find_arn(home, one, kind.name),
            "Export": {"Name": {"Fn::Sub": export}},
        }


def _find_arn(home: Inventory, one: Adopted, kind: str) -> Any:
    if kind == "Topic":
        return {"Ref": one.logical_id}
    if one.kind == "Function":
        return {"Ref": f"{one.title}Alias"}
    return {"Fn::GetAtt": [one.logical_id, "Arn"]}
