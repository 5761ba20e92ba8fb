"""A template with one state machine, read whole: its inventory, and what its placeholders become.

Functions, tables, queues, topics, buckets and what starts the state machine become resources and
triggers of the workflow; all other resources of CloudFormation stay as they are. What only SAM's
transform can make, and carnation cannot say, is left out by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.adoption.inventory import OWN, Adopted, Inventory, is_our_parameter, list_targets
from carnation.adoption.kinds import KINDS, read_parameter
from carnation.adoption.sam import read_sam_function
from carnation.adoption.starters import read_events, read_rule, read_schedule
from carnation.cloudformation.substitutions import fill_substitutions, find_substitutions

_STARTERS = {"AWS::Events::Rule": read_rule, "AWS::Scheduler::Schedule": read_schedule}
_MACHINE_PARTS = {
    "AWS::StepFunctions::StateMachineVersion": "StateMachineVersion",
    "AWS::StepFunctions::StateMachineAlias": "StateMachineAlias",
}
_HERE = "${AWS::Region}:${AWS::AccountId}"
_ARNS = {
    "AWS::DynamoDB::Table": f"dynamodb:{_HERE}:table/${{@}}",
    "AWS::Lambda::Function": f"lambda:{_HERE}:function:${{@}}",
    "AWS::S3::Bucket": "s3:::${@}",
    "AWS::SNS::Topic": f"sns:{_HERE}:${{@.TopicName}}",
    "AWS::SQS::Queue": f"sqs:{_HERE}:${{@.QueueName}}",
    "AWS::StepFunctions::Activity": f"states:{_HERE}:activity:${{@.Name}}",
}
"""ARNs made of names, `@` for the logical ID."""
_SECTIONS = ("Mappings", "Conditions", "Rules", "Outputs")


def read_inventory(
    template: Mapping[str, Any], machine: str, folder: str, begun: Inventory | None = None
) -> Inventory:
    """Read all that a template has next to its state machine; `begun` has what is not its own."""
    inventory = begun or Inventory(template, machine, folder)
    inventory.renamed[machine] = "StateMachine"
    inventory.dropped[machine] = "the workflow's state machine"
    for name, body in inventory.parameters.items():
        if is_our_parameter(name):
            inventory.note(f"parameter {name}", "every workflow has one of this name, which it is")
        elif isinstance(body, Mapping):
            inventory.adopted[name] = read_parameter(inventory, name, body)
    bodies = _list_bodies(inventory)
    for name, body in bodies.items():
        if name not in inventory.dropped:
            _read_resource(inventory, name, body)
    read_starting(inventory)
    _drop_roles(inventory, bodies)
    _keep_sections(inventory)
    return inventory


def read_starting(inventory: Inventory) -> None:
    """Read what starts the state machine: its own events, rules, and schedules."""
    bodies = _list_bodies(inventory)
    _read_machine(inventory, bodies.get(inventory.machine, {}))
    _read_starters(inventory, bodies)


def _list_bodies(inventory: Inventory) -> dict[str, Mapping[str, Any]]:
    return {name: body for name, body in inventory.resources.items() if isinstance(body, Mapping)}


def _read_resource(inventory: Inventory, name: str, body: Mapping[str, Any]) -> None:
    type_ = str(body.get("Type"))
    if type_ in _MACHINE_PARTS and inventory.machine in list_targets(body.get("Properties")):
        inventory.renamed[name] = _MACHINE_PARTS[type_]
        inventory.dropped[name] = "the workflow's version and alias"
        return
    if name in OWN:
        inventory.note(name, "every workflow's stack has a resource of this logical ID")
        return
    kind = KINDS.get(type_)
    adopted = None
    if kind is not None and "Condition" not in body and "DependsOn" not in body:
        adopted = _read_kind(inventory, name, kind, body)
    elif type_ == "AWS::Serverless::Function":
        adopted = read_sam_function(inventory, name, body)
        if adopted is None:
            return
    if adopted is None and type_.startswith("AWS::Serverless::"):
        inventory.adopted.pop(name, None)
        inventory.note(name, f"{type_} is SAM's; deploy it from its own template, or write its "
                       "resources as Raw(…)")  # fmt: skip
        return
    inventory.adopted[name] = adopted or Adopted("Raw", name, name)


def _read_kind(
    inventory: Inventory, name: str, kind: Any, body: Mapping[str, Any]
) -> Adopted | None:
    properties = dict(body.get("Properties") or {})
    made = Adopted(kind.name, "", name, fields=kind.fields, suffix=kind.name)
    inventory.adopted[name] = made
    arguments = kind.read(inventory, name, properties)
    if arguments is None:
        del inventory.adopted[name]
        return None
    made.arguments.update(arguments)
    made.properties = properties
    made.id = inventory.choose_id(name, kind.name, kind.longest)
    return made


def _read_machine(inventory: Inventory, body: Mapping[str, Any]) -> None:
    properties = body.get("Properties") or {}
    inventory.triggers += read_events(inventory, properties)


def _read_starters(inventory: Inventory, bodies: Mapping[str, Mapping[str, Any]]) -> None:
    for name, body in bodies.items():
        read = _STARTERS.get(str(body.get("Type")))
        properties = body.get("Properties")
        if read is None or "Condition" in body or not isinstance(properties, Mapping):
            continue
        found = read(inventory, name, properties)
        if found is not None:
            inventory.triggers.append(found)
            inventory.adopted.pop(name, None)
            inventory.dropped[name] = f"the trigger {found.kind}('{found.id}')"


def _drop_roles(inventory: Inventory, bodies: Mapping[str, Mapping[str, Any]]) -> None:
    """Drop the roles, and their policies, that only what was dropped had."""
    used = set(inventory.dropped) | {inventory.machine}
    roles = {
        name
        for one in used
        for name in list_targets(bodies.get(one))
        if bodies.get(name, {}).get("Type") == "AWS::IAM::Role"
    }
    for role in roles:
        owners = {name for name, body in bodies.items() if role in list_targets(body)}
        policies = {one for one in owners if _is_policy_of(bodies[one], role)}
        if owners <= used | policies:
            for name in (role, *policies):
                inventory.dropped[name] = "the derived role"
                inventory.adopted.pop(name, None)


def _is_policy_of(body: Mapping[str, Any], role: str) -> bool:
    roles = (body.get("Properties") or {}).get("Roles")
    listed = list(list_targets(roles)) if isinstance(roles, list) else []
    return body.get("Type") in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy") and listed == [role]


def _keep_sections(inventory: Inventory) -> None:
    left = {*inventory.resources} - {*inventory.adopted, inventory.machine}
    for section in _SECTIONS:
        entries = inventory.template.get(section)
        for name, body in entries.items() if isinstance(entries, Mapping) else ():
            lost = sorted(left & set(list_targets(body)))
            if section == "Outputs" and lost:
                inventory.note(f"output {name}", f"it names {', '.join(lost)}")
            else:
                inventory.sections.setdefault(section, {})[name] = inventory.rewrite(body)


def render_raw(inventory: Inventory, name: str) -> dict[str, Any]:
    """Return a resource as it is, its references to the state machine now to the workflow's."""
    body: dict[str, Any] = dict(inventory.rewrite(inventory.resources[name]))
    after = body.get("DependsOn", [])
    kept = [one for one in ([after] if isinstance(after, str) else after)
            if one not in inventory.dropped]  # fmt: skip
    return {**{k: v for k, v in body.items() if k != "DependsOn"},
            **({"DependsOn": kept} if kept else {})}  # fmt: skip


def render_arn(inventory: Inventory, name: str) -> str:
    """Return the ARN of a resource that stays CloudFormation, for roles; '' of an unknown type."""
    rest = _ARNS.get(str(inventory.resources[name].get("Type")))
    return f"arn:${{AWS::Partition}}:{rest.replace('@', name)}" if rest else ""


def fill_definition(inventory: Inventory, value: Any, given: Mapping[str, Any]) -> Any:
    """Put the workflow's references instead of a definition's placeholders.

    `given` are the template's `DefinitionSubstitutions`. A placeholder that nothing represents is
    noted; the build then asks for it.
    """
    found: dict[str, Any] = {}
    for name in find_substitutions(value):
        owner, _, attribute = name.partition(".")
        text = (
            inventory.find(given[name])
            if name in given
            else inventory.find_attribute(owner, attribute or "Ref")
        )
        if text is not None:
            found[name] = text
        elif name != "Partition":
            inventory.note(f"${{{name}}}", "no adopted resource provides it")
    return fill_substitutions(value, found)
