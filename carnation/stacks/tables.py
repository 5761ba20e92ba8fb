"""A DynamoDB table: encrypted, retained, recoverable to any second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Template
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    PointInTimeRecoverySpecification,
    SSESpecification,
    Table,
)

from carnation.stacks.snippets import KEPT, KEY, name_resource


def add_table(
    template: Template,
    title: str,
    name: str,
    keys: Mapping[str, str],
    *,
    protection: Any,
    key: Any = KEY,
    **properties: Any,
) -> Table:
    """Add a table; `keys` are its key and its sort key, if any, by name: 'S', 'N' or 'B'.

    `protection` says whether it refuses to be deleted. Without a key, DynamoDB encrypts with its
    own.
    """
    kinds = zip(keys, ("HASH", "RANGE"), strict=False)
    return template.add_resource(
        Table(
            title,
            **KEPT,
            TableName=name_resource(name),
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                AttributeDefinition(AttributeName=name, AttributeType=kind)
                for name, kind in keys.items()
            ],
            KeySchema=[KeySchema(AttributeName=name, KeyType=kind) for name, kind in kinds],
            DeletionProtectionEnabled=protection,
            PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(
                PointInTimeRecoveryEnabled=True
            ),
            **({} if key is None else {"SSESpecification": _encrypt(key)}),
            **properties,
        )
    )


def _encrypt(key: Any) -> SSESpecification:
    return SSESpecification(SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=key)
