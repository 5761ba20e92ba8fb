"""What a request defines: the template, parameters, tags and settings of a stack."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.cloudformation.template import Template
from carnation.emulator.cloudformation.api.requests import (
    IAM,
    ActionError,
    Caller,
    Request,
    invalid,
    read_text,
)
from carnation.emulator.cloudformation.stacks import Definition, Stack


def _read_parameters(request: Request, before: Definition | None) -> dict[str, str]:
    given = {}
    for row in request.get("Parameters") or ():
        name = row["ParameterKey"]
        if not row.get("UsePreviousValue"):
            given[name] = row.get("ParameterValue", "")
        elif before is None or name not in before.parameters:
            raise invalid(
                f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true "
                "for a parameter key not in the previous template"
            )
        else:
            given[name] = before.parameters[name]
    return given


def _read_tags(request: Request, before: Definition | None) -> dict[str, str]:
    if request.get("Tags") is None and before is not None:
        return dict(before.tags)
    return {row["Key"]: row["Value"] for row in request.get("Tags") or ()}


def define(caller: Caller, request: Request, stack: Stack, before: Definition | None) -> Definition:
    """Define what a stack is to be, by a request; `before` is what it is now."""
    if request.get("UsePreviousTemplate"):
        if before is None:
            raise invalid("UsePreviousTemplate is for stacks that exist.")
        text = before.text
    else:
        text = read_text(caller, request)
    definition = caller.engine.definer.define(
        stack, text, _read_parameters(request, before),
        tags=_read_tags(request, before), capabilities=list(request.get("Capabilities") or ()),
    )  # fmt: skip
    _check_capabilities(definition)
    _check_kinds(stack, definition, before)
    return definition


def _check_capabilities(definition: Definition) -> None:
    needed = list_capabilities(definition.template)
    given = set(definition.capabilities)
    if "CAPABILITY_NAMED_IAM" in given:
        given.add("CAPABILITY_IAM")
    missing = [name for name in needed if name not in given]
    if missing:
        raise ActionError(
            "InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]"
        )


_NAMED = {
    "AWS::IAM::Group": "GroupName", "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName", "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}  # fmt: skip


def list_capabilities(template: Template) -> list[str]:
    """List the capabilities that a template asks for."""
    bodies = [body for body in template.resources.values() if isinstance(body, Mapping)]
    owned = [body for body in bodies if str(body.get("Type")).startswith(IAM)]
    named = any(_NAMED.get(body["Type"], "-") in (body.get("Properties") or {}) for body in owned)
    found = ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"] if owned else []
    macros = [name for name in template.transforms if name != "AWS::LanguageExtensions"]
    return [*found, "CAPABILITY_AUTO_EXPAND"] if macros else found


def _check_kinds(stack: Stack, definition: Definition, before: Definition | None) -> None:
    if before is None:
        return
    other = [
        name
        for name, body in definition.template.resources.items()
        if name in stack.resources and stack.resources[name].kind != body["Type"]
    ]
    if other:
        raise invalid(
            "Update of resource type is not permitted. The new template modifies resource type of "
            f"the following resources: [{', '.join(other)}]"
        )


def apply_settings(stack: Stack, request: Request) -> None:
    """Take what a request says of the stack itself."""
    if request.get("NotificationARNs") is not None:
        stack.notification_arns = list(request["NotificationARNs"])
    stack.role_arn = request.get("RoleARN", stack.role_arn)
    stack.disable_rollback = bool(request.get("DisableRollback"))
    stack.removes_created = bool(request.get("RetainExceptOnCreate"))
    stack.token = request.get("ClientRequestToken")
