"""Keys and secrets."""

from __future__ import annotations

import json
from typing import Any

from carnation.emulator.cloudformation.kind import (
    Context,
    Kind,
    Made,
    Properties,
    ResourceError,
    delete_by,
    make_again,
)
from carnation.emulator.cloudformation.requests import (
    as_boolean,
    as_document,
    as_tag_rows,
    call,
    change_tags,
    pick,
)


def _make_key(context: Context, properties: Properties) -> Made:
    kms = context.connect("kms")
    names = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
    policy = properties.get("KeyPolicy")
    metadata = call(
        kms, "create_key",
        {**pick(properties, *names), "Tags": as_tag_rows(properties.get("Tags"))},
        Policy=None if policy is None else as_document(policy),
    )["KeyMetadata"]  # fmt: skip
    ref = metadata["KeyId"]
    _set_key(kms, ref, properties)
    return Made(ref, {"Arn": metadata["Arn"], "KeyId": ref})


def _set_key(kms: Any, ref: str, properties: Properties) -> None:
    if as_boolean(properties.get("EnableKeyRotation", False)):
        kms.enable_key_rotation(
            KeyId=ref, RotationPeriodInDays=int(properties.get("RotationPeriodInDays", 365))
        )
    if not as_boolean(properties.get("Enabled", True)):
        kms.disable_key(KeyId=ref)


def _update_key(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    kms = context.connect("kms")
    if "KeyPolicy" in wanted:
        kms.put_key_policy(KeyId=ref, PolicyName="default", Policy=as_document(wanted["KeyPolicy"]))
    kms.update_key_description(KeyId=ref, Description=wanted.get("Description", ""))
    if as_boolean(had.get("EnableKeyRotation")) and not as_boolean(wanted.get("EnableKeyRotation")):
        kms.disable_key_rotation(KeyId=ref)
    if not as_boolean(had.get("Enabled", True)) and as_boolean(wanted.get("Enabled", True)):
        kms.enable_key(KeyId=ref)
    _set_key(kms, ref, wanted)


def _delete_key(context: Context, ref: str, properties: Properties) -> None:
    days = int(properties.get("PendingWindowInDays", 30))
    context.connect("kms").schedule_key_deletion(KeyId=ref, PendingWindowInDays=days)


def _make_key_alias(context: Context, properties: Properties) -> Made:
    name = properties["AliasName"]
    context.connect("kms").create_alias(AliasName=name, TargetKeyId=properties["TargetKeyId"])
    return Made(name)


def _update_key_alias(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    context.connect("kms").update_alias(AliasName=ref, TargetKeyId=wanted["TargetKeyId"])


_GENERATED = (
    *("PasswordLength", "ExcludeCharacters", "ExcludeNumbers", "ExcludePunctuation"),
    *("ExcludeUppercase", "ExcludeLowercase", "IncludeSpace", "RequireEachIncludedType"),
)


def _make_secret(context: Context, properties: Properties) -> Made:
    secrets = context.connect("secretsmanager")
    name = properties.get("Name") or context.make_name(255)
    text = properties.get("SecretString")
    if "GenerateSecretString" in properties:
        if text is not None:
            raise ResourceError("You can't specify both SecretString and GenerateSecretString.")
        text = _generate(secrets, properties["GenerateSecretString"])
    arn = call(
        secrets, "create_secret", pick(properties, "Description", "KmsKeyId"), Name=name,
        SecretString=text, Tags=as_tag_rows(properties.get("Tags")) or None,
    )["ARN"]  # fmt: skip
    return Made(arn, {"Id": arn})


def _generate(secrets: Any, given: Properties) -> str:
    password = call(secrets, "get_random_password", pick(given, *_GENERATED))["RandomPassword"]
    if "GenerateStringKey" not in given:
        return str(password)
    fields = json.loads(given.get("SecretStringTemplate") or "{}")
    return json.dumps({**fields, given["GenerateStringKey"]: password})


def _update_secret(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    secrets = context.connect("secretsmanager")
    values = pick(wanted, "Description", "KmsKeyId")
    if wanted.get("SecretString") != had.get("SecretString"):
        values |= pick(wanted, "SecretString")
    if wanted.get("GenerateSecretString") != had.get("GenerateSecretString"):
        values["SecretString"] = _generate(secrets, wanted["GenerateSecretString"])
    call(secrets, "update_secret", values, SecretId=ref)
    change_tags(
        wanted,
        had,
        lambda keys: secrets.untag_resource(SecretId=ref, TagKeys=keys),
        lambda tags: secrets.tag_resource(SecretId=ref, Tags=as_tag_rows(tags)),
    )


def _delete_secret(context: Context, ref: str, properties: Properties) -> None:
    secrets = context.connect("secretsmanager")
    secrets.delete_secret(SecretId=ref, ForceDeleteWithoutRecovery=True)


def _make_secret_policy(context: Context, properties: Properties) -> Made:
    arn = context.connect("secretsmanager").put_resource_policy(
        SecretId=properties["SecretId"], ResourcePolicy=as_document(properties["ResourcePolicy"])
    )["ARN"]
    return Made(arn, {"Id": arn})


def _delete_secret_policy(context: Context, ref: str, properties: Properties) -> None:
    context.connect("secretsmanager").delete_resource_policy(SecretId=properties["SecretId"])


KINDS = {
    "AWS::KMS::Key": Kind(
        _make_key, _delete_key, _update_key, unused=frozenset({"BypassPolicyLockoutSafetyCheck"}),
    ),
    "AWS::KMS::Alias": Kind(
        _make_key_alias, delete_by("kms", "delete_alias", "AliasName"),
        _update_key_alias, name="AliasName"
    ),
    "AWS::SecretsManager::Secret": Kind(
        _make_secret, _delete_secret, _update_secret, name="Name",
        unused=frozenset({"ReplicaRegions", "Type"}),
    ),
    "AWS::SecretsManager::ResourcePolicy": Kind(
        _make_secret_policy, _delete_secret_policy, make_again(_make_secret_policy)
    ),
}  # fmt: skip
