"""SAM's functions: their code, environment and policies as a `Function` says them.

Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.adoption.formatter import Code, Group, Item, Text, Token, render_call, render_value
from carnation.adoption.inventory import Adopted, Inventory
from carnation.adoption.kinds import KINDS, read_code

_CARRIED = {
    "Handler", "Runtime", "Architectures", "Timeout", "MemorySize", "Description", "Environment",
    "CodeUri", "InlineCode", "Policies", "Events", "FunctionName", "Layers", "VpcConfig", "Tags",
    "ReservedConcurrentExecutions", "EphemeralStorage", "Role",
}  # fmt: skip
_COVERED = {"Tracing", "AutoPublishAlias", "LoggingConfig"}  # what every function has anyway
_TEMPLATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "DynamoDBCrudPolicy": ("TableName", ("read", "write")),
    "DynamoDBReadPolicy": ("TableName", ("read",)),
    "DynamoDBWritePolicy": ("TableName", ("write",)),
    "DynamoDBStreamReadPolicy": ("TableName", ("stream",)),
    "LambdaInvokePolicy": ("FunctionName", ("invoke",)),
    "S3CrudPolicy": ("BucketName", ("get", "put", "delete", "list")),
    "S3ReadPolicy": ("BucketName", ("get", "list")),
    "S3WritePolicy": ("BucketName", ("put",)),
    "SNSPublishMessagePolicy": ("TopicName", ("publish",)),
    "SQSPollerPolicy": ("QueueName", ("receive",)),
    "SQSSendMessagePolicy": ("QueueName", ("send",)),
    "StepFunctionsExecutionPolicy": ("StateMachineName", ("start",)),
}
"""SAM's policy templates: the parameter that names the resource, and our grants."""
_BASIC = ("AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess")


def read_sam_function(inventory: Inventory, name: str, body: Mapping[str, Any]) -> Adopted | None:
    """Read an `AWS::Serverless::Function`; None, with a note, for one that is not Python here."""
    shared = (inventory.template.get("Globals") or {}).get("Function") or {}
    properties = _merge(shared, body.get("Properties") or {})
    function = KINDS["AWS::Lambda::Function"]
    made = Adopted("Function", "", name, fields=function.fields, suffix="Function")
    inventory.adopted[name] = made
    folder, inline = properties.pop("CodeUri", None), properties.pop("InlineCode", None)
    arguments = None if "Condition" in body else read_code(
        inventory, name, properties, folder, inline
    )  # fmt: skip
    if arguments is None:
        del inventory.adopted[name]
        inventory.note(name, "its code is not a Python folder in this project, or it has a "
        "condition; deploy it from its template, and use Function.existing(…)")  # fmt: skip
        return None
    made.arguments.update(arguments)
    made.policies = properties.pop("Policies", None)
    _note_lost(inventory, name, properties)
    made.properties = {k: v for k, v in properties.items() if k in _CARRIED}
    made.id = inventory.choose_id(name, "Function")
    return made


def _merge(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a function's properties into those of `Globals`, as SAM does."""
    merged = {**shared, **own}
    for key, value in shared.items():
        if isinstance(value, Mapping) and isinstance(own.get(key), Mapping):
            merged[key] = _merge(value, own[key])
    return merged


def _note_lost(inventory: Inventory, name: str, properties: dict[str, Any]) -> None:
    events = properties.pop("Events", None) or {}
    for event, body in events.items():
        inventory.note(f"event '{event}' of {name}", f"{body.get('Type')} is created by SAM's "
        f"transform; write its resources as Raw(…)")  # fmt: skip
    for key in sorted(set(properties) - _CARRIED - _COVERED):
        inventory.note(f"{key} of {name}", "a Function has no such property")


def render_uses(inventory: Inventory, name: str, policies: Any) -> Code | None:
    """Write what a function may do as grants; note the policies that nothing here says."""
    listed = policies if isinstance(policies, list) else [policies] if policies else []
    grants = [grant for one in listed for grant in _render_policy(inventory, name, one)]
    return Group("[", [Item(grant) for grant in grants], "]") if grants else None


def _render_policy(inventory: Inventory, name: str, policy: Any) -> Iterator[Code]:
    if isinstance(policy, str):
        if not policy.endswith(_BASIC):
            inventory.note(f"policy {policy} of {name}", "list its permissions as grants in uses=")
        return
    found = list(_render_template(inventory, policy) or _render_statements(inventory, policy))
    if not found:
        title = next(iter(policy), "") if isinstance(policy, Mapping) else policy
        inventory.note(f"policy {title} of {name}", "list its permissions as grants in uses=")
    yield from found


def _render_template(inventory: Inventory, policy: Any) -> list[Code]:
    if not isinstance(policy, Mapping) or len(policy) != 1:
        return []
    ((title, given),) = policy.items()
    field, verbs = _TEMPLATES.get(title, ("", ()))
    target = (given or {}).get(field) if field else None
    for one in inventory.adopted.values():
        if one.kind != "Raw" and one.suffix and _names(target, one.logical_id):
            return [Token(f"{one.variable}.grants.{verb}()") for verb in verbs]
    return []


def _names(value: Any, logical_id: str) -> bool:
    from carnation.adoption.inventory import list_targets

    return logical_id in list_targets([value])


def _render_statements(inventory: Inventory, policy: Any) -> Iterator[Code]:
    statements = policy.get("Statement") if isinstance(policy, Mapping) else None
    for one in [statements] if isinstance(statements, Mapping) else statements or ():
        actions, resources = _listed(one.get("Action")), _listed(one.get("Resource"))
        texts = [inventory.find(resource) for resource in resources]
        if (
            one.get("Effect") != "Allow"
            or set(one) - {"Sid", "Effect", "Action", "Resource"}
            or not actions
            or not texts
            or None in texts
        ):
            inventory.note(f"statement {one.get('Sid', actions)}", "write it as a grant in uses=")
        else:
            because = {"because": Text("the adopted template allows it")}
            yield render_call("Grant", render_value(actions), render_value(texts), **because)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
