"""Encryption with a key of the customer: the configurations, and the keys that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from carnation.emulator.interpreter.api.errors import ApiError
from carnation.emulator.interpreter.api.records import AWS_KEY, Region

_REUSE_SECONDS = 300


def read_encryption(region: Region, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an encryption configuration as the API keeps it, or raise `ApiError`."""
    found = dict(given or AWS_KEY)
    if found["type"] == "AWS_OWNED_KEY":
        if "kmsKeyId" in found or "kmsDataKeyReusePeriodSeconds" in found:
            raise _invalid("an AWS owned key has neither kmsKeyId nor reuse period")
        return found
    if "kmsKeyId" not in found:
        raise _invalid("kmsKeyId is required for a customer managed key")
    key = _find_key(region, found)
    if key is not None and key["KeyState"] != "Enabled":
        raise _invalid(f"the KMS key is {key['KeyState']}")
    if key is not None and key.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        raise _invalid("the KMS key is not symmetric")
    return {"kmsDataKeyReusePeriodSeconds": _REUSE_SECONDS, **found}


def _invalid(detail: str) -> ApiError:
    text = f"Invalid Encryption Configuration: '{detail}'"
    return ApiError("InvalidEncryptionConfiguration", text)


def check_key(region: Region, encryption: Mapping[str, Any]) -> None:
    """Raise `ApiError` (KmsInvalidStateException) if the data's key was disabled or deleted."""
    key = _find_key(region, encryption)
    if key is not None and key["KeyState"] != "Enabled":
        state = _STATES.get(key["KeyState"], "UNAVAILABLE")
        text = "The KMS key is not in a valid state for this operation."
        raise ApiError("KmsInvalidStateException", text, kmsKeyState=state)


_STATES = {
    "Disabled": "DISABLED",
    "PendingDeletion": "PENDING_DELETION",
    "PendingImport": "PENDING_IMPORT",
    "Creating": "CREATING",
}


def _find_key(region: Region, encryption: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Describe the key; None for AWS's own, and for one that this emulator does not have."""
    if encryption["type"] == "AWS_OWNED_KEY":
        return None
    try:
        kms = region.task_runner.connect("kms")
        found: Mapping[str, Any] = kms.describe_key(KeyId=encryption["kmsKeyId"])["KeyMetadata"]
    except ClientError:
        return None
    return found
