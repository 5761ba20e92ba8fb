"""Roles and policies of IAM."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.emulator.cloudformation.kind import Context, Kind, Made, Properties, make_again
from carnation.emulator.cloudformation.requests import (
    as_document,
    as_tag_rows,
    call,
    change_tags,
    pick,
)


def _as_policy(value: Any) -> str:
    """Write a policy; moto refuses one without a version, which is of the oldest on AWS."""
    if isinstance(value, Mapping) and "Version" not in value:
        value = {"Version": "2012-10-17", **value}
    return as_document(value)


def _make_role(context: Context, properties: Properties) -> Made:
    iam = context.connect("iam")
    name = properties.get("RoleName") or context.make_name(64)
    values = pick(properties, "Path", "Description", "MaxSessionDuration", "PermissionsBoundary")
    role = call(
        iam, "create_role", values, RoleName=name, Tags=as_tag_rows(properties.get("Tags")),
        AssumeRolePolicyDocument=_as_policy(properties["AssumeRolePolicyDocument"]),
    )["Role"]  # fmt: skip
    _set_role_policies(iam, name, properties, {})
    return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def _set_role_policies(iam: Any, name: str, wanted: Properties, had: Properties) -> None:
    new, old = _policies(wanted), _policies(had)
    for policy in old:
        if policy not in new:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy, document in new.items():
        if old.get(policy) != document:
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    attached, before = wanted.get("ManagedPolicyArns", []), had.get("ManagedPolicyArns", [])
    for arn in before:
        if arn not in attached:
            with _awss_own(iam, arn):
                iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    for arn in attached:
        if arn not in before:
            with _awss_own(iam, arn):
                iam.attach_role_policy(RoleName=name, PolicyArn=arn)


@contextlib.contextmanager
def _awss_own(iam: Any, arn: str) -> Iterator[None]:
    """Let a policy of AWS's own be missing: the emulator enforces none, and loads none of them."""
    try:
        yield
    except iam.exceptions.NoSuchEntityException:
        if ":iam::aws:policy/" not in arn:
            raise


def _policies(properties: Properties) -> dict[str, str]:
    rows = properties.get("Policies", ())
    return {row["PolicyName"]: _as_policy(row["PolicyDocument"]) for row in rows}


def _update_role(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    iam = context.connect("iam")
    trust = _as_policy(wanted["AssumeRolePolicyDocument"])
    if trust != _as_policy(had["AssumeRolePolicyDocument"]):
        iam.update_assume_role_policy(RoleName=ref, PolicyDocument=trust)
    iam.update_role(
        RoleName=ref,
        Description=wanted.get("Description", ""),
        MaxSessionDuration=int(wanted.get("MaxSessionDuration", 3600)),
    )
    if wanted.get("PermissionsBoundary") != had.get("PermissionsBoundary"):
        if wanted.get("PermissionsBoundary"):
            boundary = wanted["PermissionsBoundary"]
            iam.put_role_permissions_boundary(RoleName=ref, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(RoleName=ref)
    _set_role_policies(iam, ref, wanted, had)
    change_tags(
        wanted,
        had,
        lambda keys: iam.untag_role(RoleName=ref, TagKeys=keys),
        lambda tags: iam.tag_role(RoleName=ref, Tags=as_tag_rows(tags)),
    )


def _read_role(context: Context, ref: str, properties: Properties) -> Properties:
    role = context.connect("iam").get_role(RoleName=ref)["Role"]
    found: dict[str, Any] = {"AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"]}
    for key in ("Description", "MaxSessionDuration", "Path"):
        if key in role:
            found[key] = role[key]
    return {key: value for key, value in found.items() if key in properties}


def _delete_role(context: Context, ref: str, properties: Properties) -> None:
    iam = context.connect("iam")
    for policy in iam.list_role_policies(RoleName=ref)["PolicyNames"]:
        if policy in _policies(properties):
            iam.delete_role_policy(RoleName=ref, PolicyName=policy)
    for row in iam.list_attached_role_policies(RoleName=ref)["AttachedPolicies"]:
        if row["PolicyArn"] in properties.get("ManagedPolicyArns", ()):
            iam.detach_role_policy(RoleName=ref, PolicyArn=row["PolicyArn"])
    iam.delete_role(RoleName=ref)


_OWNERS = (
    ("Roles", "role", "RoleName"),
    ("Users", "user", "UserName"),
    ("Groups", "group", "GroupName"),
)


def _put_policy(context: Context, properties: Properties, *, remove: bool = False) -> None:
    iam, name = context.connect("iam"), properties["PolicyName"]
    for field, owner, argument in _OWNERS:
        for target in properties.get(field, ()):
            if remove:
                getattr(iam, f"delete_{owner}_policy")(**{argument: target}, PolicyName=name)
            else:
                document = _as_policy(properties["PolicyDocument"])
                getattr(iam, f"put_{owner}_policy")(
                    **{argument: target}, PolicyName=name, PolicyDocument=document
                )


def _make_policy(context: Context, properties: Properties) -> Made:
    _put_policy(context, properties)
    name = context.make_name(100)
    return Made(name, {"Id": name})


def _update_policy(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    gone = {
        field: [target for target in had.get(field, ()) if target not in wanted.get(field, ())]
        for field, _, _ in _OWNERS
    }
    if wanted["PolicyName"] != had["PolicyName"]:
        gone = dict(had)
    _put_policy(context, {**gone, "PolicyName": had["PolicyName"]}, remove=True)
    _put_policy(context, wanted)


def _delete_policy(context: Context, ref: str, properties: Properties) -> None:
    _put_policy(context, properties, remove=True)


def _make_role_policy(context: Context, properties: Properties) -> Made:
    context.connect("iam").put_role_policy(
        RoleName=properties["RoleName"],
        PolicyName=properties["PolicyName"],
        PolicyDocument=_as_policy(properties["PolicyDocument"]),
    )
    return Made(f"{properties['PolicyName']}|{properties['RoleName']}")


def _delete_role_policy(context: Context, ref: str, properties: Properties) -> None:
    request = pick(properties, "RoleName", "PolicyName")
    context.connect("iam").delete_role_policy(**request)


def _make_managed_policy(context: Context, properties: Properties) -> Made:
    iam = context.connect("iam")
    name = properties.get("ManagedPolicyName") or context.make_name(128)
    policy = call(
        iam, "create_policy", pick(properties, "Path", "Description"), PolicyName=name,
        PolicyDocument=_as_policy(properties["PolicyDocument"]),
    )["Policy"]  # fmt: skip
    _attach(iam, policy["Arn"], properties, {})
    names = ("AttachmentCount", "DefaultVersionId", "IsAttachable", "PolicyId")
    return Made(policy["Arn"], {"PolicyArn": policy["Arn"], **pick(policy, *names)})


def _attach(iam: Any, arn: str, wanted: Properties, had: Properties) -> None:
    for field, owner, argument in _OWNERS:
        new, old = wanted.get(field, []), had.get(field, [])
        for target in old:
            if target not in new:
                getattr(iam, f"detach_{owner}_policy")(**{argument: target}, PolicyArn=arn)
        for target in new:
            if target not in old:
                getattr(iam, f"attach_{owner}_policy")(**{argument: target}, PolicyArn=arn)


def _update_managed_policy(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    iam, document = context.connect("iam"), _as_policy(wanted["PolicyDocument"])
    if document != _as_policy(had["PolicyDocument"]):
        versions = iam.list_policy_versions(PolicyArn=ref)["Versions"]
        old = [row["VersionId"] for row in versions if not row["IsDefaultVersion"]]
        if len(versions) == 5:
            iam.delete_policy_version(PolicyArn=ref, VersionId=old[-1])
        iam.create_policy_version(PolicyArn=ref, PolicyDocument=document, SetAsDefault=True)
    _attach(iam, ref, wanted, had)


def _delete_managed_policy(context: Context, ref: str, properties: Properties) -> None:
    iam = context.connect("iam")
    _attach(iam, ref, {}, properties)
    for row in iam.list_policy_versions(PolicyArn=ref)["Versions"]:
        if not row["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=ref, VersionId=row["VersionId"])
    iam.delete_policy(PolicyArn=ref)


KINDS = {
    "AWS::IAM::Role": Kind(_make_role, _delete_role, _update_role, _read_role, "RoleName"),
    "AWS::IAM::Policy": Kind(_make_policy, _delete_policy, _update_policy),
    "AWS::IAM::RolePolicy": Kind(
        _make_role_policy, _delete_role_policy, make_again(_make_role_policy)
    ),
    "AWS::IAM::ManagedPolicy": Kind(
        _make_managed_policy, _delete_managed_policy, _update_managed_policy,
        name="ManagedPolicyName",
    ),
}  # fmt: skip
