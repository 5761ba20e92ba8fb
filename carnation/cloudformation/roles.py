"""The role of a state machine, as far as the template that holds both can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from carnation.cloudformation.resource_names import resolve_substitutions
from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
_SUBSTITUTED = compile_lazily(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}\Z")


class Role(NamedTuple):
    """A role: its policies by their pointers, and whether these are all that it has.

    `names` says what the placeholders of the definition and of the policies represent.
    """

    name: str
    policies: dict[str, Json]
    is_whole: bool
    names: Mapping[str, str] = MappingProxyType({})


def find_role(template: Mapping[str, Any], properties: Mapping[str, Any]) -> Role | None:
    """Find the role of the state machine with these properties; None if it is not in the template.

    Managed policies from elsewhere, and SAM's policy templates, leave it open what else it may do.

    >>> policy = {"PolicyDocument": {"Statement": []}}
    >>> role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
    >>> find_role({"Resources": {"R": role}}, {"RoleArn": {"Fn::GetAtt": ["R", "Arn"]}})
    Role(name='R', policies={'/Resources/R/Properties/Policies/0/PolicyDocument': ...
    """
    resources = template.get("Resources", {})
    name = _target_name(properties.get("RoleArn", properties.get("Role")))
    role = resources.get(name)
    if not isinstance(role, Mapping) or role.get("Type") != "AWS::IAM::Role":
        return None
    given = role.get("Properties")
    given = given if isinstance(given, Mapping) else {}
    pointer = join_pointer("/Resources", name, "Properties")
    policies = dict(_list_inline(given.get("Policies"), f"{pointer}/Policies"))
    managed = given.get("ManagedPolicyArns", [])
    names = [_target_name(item) for item in managed] if isinstance(managed, list) else [""]
    is_whole = all(one in resources for one in names) and None not in policies.values()
    for other, resource in resources.items():
        if isinstance(resource, Mapping) and resource.get("Type") in _ATTACHED:
            body = resource.get("Properties")
            if isinstance(body, Mapping) and (other in names or _is_attached(body, name)):
                place = join_pointer("/Resources", other, "Properties", "PolicyDocument")
                policies[place] = body.get("PolicyDocument")
    return Role(name, policies, is_whole, resolve_substitutions(template, properties))


def _list_inline(policies: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Yield inline policies; what cannot be read, as one inside `Fn::If`, is None."""
    if policies is not None and not isinstance(policies, list):
        yield pointer, None
        return
    for index, policy in enumerate(policies or ()):
        document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else None
        readable = isinstance(document, Mapping) and "Statement" in document
        yield f"{pointer}/{index}/PolicyDocument", document if readable else None


def _is_attached(body: Mapping[str, Any], name: str) -> bool:
    roles = body.get("Roles", [body.get("RoleName")])
    return isinstance(roles, list) and any(_target_name(role) == name for role in roles)


def _target_name(value: Any) -> str:
    """Return the logical ID that a reference is to: `Ref`, `Fn::GetAtt`, `${Role.Arn}`."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return ""
    ((key, inner),) = value.items()
    if key == "Fn::GetAtt":
        first = inner[0] if isinstance(inner, list) and inner else str(inner).partition(".")[0]
        return str(first)
    if key == "Fn::Sub" and isinstance(inner, str):
        match = _SUBSTITUTED.match(inner)
        return match[1] if match else ""
    return str(inner) if key == "Ref" else ""
