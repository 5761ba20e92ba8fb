"""A DynamoDB table: encrypted, retained, recoverable to any second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Ref, Template
from troposphere.dynamodb import (
    AttributeDefinition,
    GlobalSecondaryIndex,
    KeySchema,
    PointInTimeRecoverySpecification,
    Projection,
    SSESpecification,
    StreamSpecification,
    Table,
    TimeToLiveSpecification,
)

from carnation.resources.tables import Table as TableNoun
from carnation.stacks.rendering import Rendering
from carnation.stacks.snippets import KEPT, KEY, resource_name


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
            TableName=resource_name(name),
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


_PLAIN = (
    (
        "CKV_AWS_119",
        "DynamoDB's own key encrypts it; Workflow(key=Key()) takes one that you manage",
    ),
)


def render_table(rendering: Rendering, table: TableNoun) -> None:
    """Put a table into the template, with its indexes, expiry and stream."""
    keys = [table.key, *([table.sort_key] if table.sort_key else [])]
    made = add_table(
        rendering.template,
        table.resource_id,
        table.name_part,
        {str(name): _find_type(name) for name in keys},
        protection=Ref("DeletionProtection") if table.keep else False,
        key=rendering.key,
        **_list_options(table),
    )
    for name in _list_indexed(table):
        if str(name) not in map(str, keys):
            made.AttributeDefinitions.append(
                AttributeDefinition(AttributeName=str(name), AttributeType=_find_type(name))
            )
            keys.append(name)
    rendering.finish(table, made, "TableName", () if rendering.key else _PLAIN)


def _find_type(name: str) -> str:
    return str(getattr(name, "type", "S"))


def _list_indexed(table: TableNoun) -> list[str]:
    named = [name for index in table.indexes.values() for name in (index.key, index.sort_key)]
    return [name for name in named if name]


def _list_options(table: TableNoun) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if table.indexes:
        options["GlobalSecondaryIndexes"] = [
            GlobalSecondaryIndex(
                IndexName=name,
                KeySchema=[
                    KeySchema(AttributeName=str(key), KeyType=kind)
                    for key, kind in ((index.key, "HASH"), (index.sort_key, "RANGE"))
                    if key
                ],
                Projection=Projection(ProjectionType="ALL"),
            )
            for name, index in table.indexes.items()
        ]
    if table.expires_by:
        options["TimeToLiveSpecification"] = TimeToLiveSpecification(
            AttributeName=table.expires_by, Enabled=True
        )
    if table.stream:
        options["StreamSpecification"] = StreamSpecification(StreamViewType=table.stream)
    return options
