"""Tables and streams."""

from __future__ import annotations

import uuid
from typing import Any

from carnation.emulator.cloudformation.kind import (
    Context,
    Kind,
    Made,
    Properties,
    ResourceError,
    delete_by,
)
from carnation.emulator.cloudformation.requests import (
    as_boolean,
    as_tag_rows,
    as_tags,
    call,
    change_tags,
    pick,
    read_answer,
)

_CREATED = (
    *("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes"),
    *("KeySchema", "LocalSecondaryIndexes", "OnDemandThroughput", "ProvisionedThroughput"),
    *("TableClass", "WarmThroughput"),
)
_TABLE_UNUSED = frozenset({
    "ContributorInsightsSpecification", "ImportSourceSpecification", "KinesisStreamSpecification",
    "ResourcePolicy",
})  # fmt: skip


def _make_table(context: Context, properties: Properties) -> Made:
    dynamodb = context.connect("dynamodb")
    name = properties.get("TableName") or context.make_name(255)
    values = {
        "BillingMode": "PROVISIONED",
        **_strip_indexes(pick(properties, *_CREATED)),
        **_set_stream(properties),
        **_set_encryption(properties),
    }
    tags = as_tags(properties.get("Tags"))
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    call(dynamodb, "create_table", values, TableName=name, Tags=rows or None)
    _set_recovery(dynamodb, name, properties, {})
    _set_expiry(dynamodb, name, properties, {})
    return describe_table(dynamodb, name)


def _strip_indexes(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what CreateTable does not take of an index."""
    rows = values.get("GlobalSecondaryIndexes")
    if rows:
        kept = (
            "IndexName",
            "KeySchema",
            "Projection",
            "ProvisionedThroughput",
            "OnDemandThroughput",
        )
        values["GlobalSecondaryIndexes"] = [pick(row, *kept) for row in rows]
    return values


def _set_stream(properties: Properties) -> dict[str, Any]:
    stream = properties.get("StreamSpecification")
    if not stream:
        return {}
    return {"StreamSpecification": {"StreamEnabled": True, **pick(stream, "StreamViewType")}}


def _set_encryption(properties: Properties) -> dict[str, Any]:
    given = properties.get("SSESpecification")
    if not given:
        return {}
    enabled = as_boolean(given.get("SSEEnabled"))
    return {"SSESpecification": {"Enabled": enabled, **pick(given, "KMSMasterKeyId", "SSEType")}}


def _set_recovery(dynamodb: Any, name: str, wanted: Properties, had: Properties) -> None:
    field = "PointInTimeRecoverySpecification"
    if wanted.get(field) == had.get(field):
        return
    given = wanted.get(field) or {"PointInTimeRecoveryEnabled": False}
    call(
        dynamodb, "update_continuous_backups",
        {"TableName": name, "PointInTimeRecoverySpecification": given},
    )  # fmt: skip


def _set_expiry(dynamodb: Any, name: str, wanted: Properties, had: Properties) -> None:
    field = "TimeToLiveSpecification"
    if wanted.get(field) == had.get(field):
        return
    given = wanted.get(field) or {**had[field], "Enabled": False}
    enabled = as_boolean(given.get("Enabled"))
    attribute = given.get("AttributeName") or (had.get(field) or {}).get("AttributeName")
    dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"AttributeName": attribute, "Enabled": enabled}
    )


def describe_table(dynamodb: Any, name: str) -> Made:
    """Return what a table is to a stack."""
    table = dynamodb.describe_table(TableName=name)["Table"]
    attributes = {"Arn": table["TableArn"]}
    if table.get("LatestStreamArn"):
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Made(name, attributes)


_PLAIN = ("BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled", "OnDemandThroughput")


def _update_table(context: Context, ref: str, wanted: Properties, had: Properties) -> Made:
    dynamodb = context.connect("dynamodb")
    changed = {name for name in {**wanted, **had} if wanted.get(name) != had.get(name)}
    values = pick(wanted, *(name for name in _PLAIN if name in changed))
    if "DeletionProtectionEnabled" in changed:
        values.setdefault("DeletionProtectionEnabled", False)
    if "SSESpecification" in changed:
        values |= _set_encryption(wanted) or {"SSESpecification": {"Enabled": False}}
    if "StreamSpecification" in changed:
        values |= _set_stream(wanted) or {"StreamSpecification": {"StreamEnabled": False}}
    if values:
        call(dynamodb, "update_table", values, TableName=ref)
    if "GlobalSecondaryIndexes" in changed:
        _update_indexes(dynamodb, ref, wanted, had)
    _set_recovery(dynamodb, ref, wanted, had)
    _set_expiry(dynamodb, ref, wanted, had)
    _tag_table(context, ref, wanted, had)
    return describe_table(dynamodb, ref)


def _update_indexes(dynamodb: Any, ref: str, wanted: Properties, had: Properties) -> None:
    field = "GlobalSecondaryIndexes"
    new = {row["IndexName"]: row for row in _strip_indexes(pick(wanted, field)).get(field, ())}
    old = {row["IndexName"]: row for row in _strip_indexes(pick(had, field)).get(field, ())}
    gone = [name for name in old if new.get(name) != old[name]]
    made = [row for name, row in new.items() if old.get(name) != row]
    changes = [{"Delete": {"IndexName": name}} for name in gone]
    changes += [{"Create": row} for row in made]
    for change in changes:
        values = {"AttributeDefinitions": wanted["AttributeDefinitions"]}
        call(
            dynamodb, "update_table", {**values, "GlobalSecondaryIndexUpdates": [change]},
            TableName=ref,
        )  # fmt: skip


def _tag_table(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    dynamodb, arn = context.connect("dynamodb"), context.arn("dynamodb", f"table/{ref}")
    change_tags(
        wanted,
        had,
        lambda keys: dynamodb.untag_resource(ResourceArn=arn, TagKeys=keys),
        lambda tags: dynamodb.tag_resource(ResourceArn=arn, Tags=as_tag_rows(tags)),
    )


def _read_table(context: Context, ref: str, properties: Properties) -> Properties:
    table = context.connect("dynamodb").describe_table(TableName=ref)["Table"]
    table["BillingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    names = ("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "KeySchema")
    return read_answer(table, pick(properties, *names))


def _make_global_table(context: Context, properties: Properties) -> Made:
    return _add_id(context, _make_table(context, _as_table(context, properties)))


def _add_id(context: Context, made: Made) -> Made:
    """Add the ID that moto does not give a table."""
    own = uuid.uuid5(uuid.NAMESPACE_OID, f"{context.stack.stack_id} {made.ref}")
    return Made(made.ref, {**made.attributes, "TableId": str(own)})


def _as_table(context: Context, properties: Properties) -> Properties:
    """Turn a global table's properties into those of its table in the stack's Region."""
    regions = [row["Region"] for row in properties.get("Replicas", ())]
    if regions != [context.region]:
        raise ResourceError(
            f"Replicas name {', '.join(regions) or 'no Region'}; the emulator makes a global table "
            f"in the stack's own Region, {context.region}, only."
        )
    replica = dict(properties["Replicas"][0])
    kept = (
        *_CREATED,
        "SSESpecification",
        "StreamSpecification",
        "TableName",
        "TimeToLiveSpecification",
    )
    own = ("DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "TableClass", "Tags")
    return {**pick(properties, *kept), **pick(replica, *own)}


def _update_global_table(context: Context, ref: str, wanted: Properties, had: Properties) -> Made:
    made = _update_table(context, ref, _as_table(context, wanted), _as_table(context, had))
    return _add_id(context, made)


def _make_stream(context: Context, properties: Properties) -> Made:
    kinesis = context.connect("kinesis")
    name = properties.get("Name") or context.make_name(128)
    call(
        kinesis,
        "create_stream",
        pick(properties, "ShardCount", "StreamModeDetails"),
        StreamName=name,
    )
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    hours = properties.get("RetentionPeriodHours")
    if hours is not None and int(hours) > 24:
        kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=int(hours))
    return Made(name, {"Arn": arn})


def _delete_stream(context: Context, ref: str, properties: Properties) -> None:
    context.connect("kinesis").delete_stream(StreamName=ref, EnforceConsumerDeletion=True)


KINDS = {
    "AWS::DynamoDB::Table": Kind(
        _make_table, delete_by("dynamodb", "delete_table", "TableName"),
        _update_table, _read_table, "TableName",
        frozenset({"VectorIndexes"}), _TABLE_UNUSED,
    ),
    "AWS::DynamoDB::GlobalTable": Kind(
        _make_global_table, delete_by("dynamodb", "delete_table", "TableName"),
        _update_global_table, name="TableName",
        refused=frozenset({
            "GlobalTableSourceArn", "GlobalTableWitnesses", "TableType", "VectorIndexes",
        }),
        unused=frozenset({"MultiRegionConsistency"}),
    ),
    "AWS::Kinesis::Stream": Kind(
        _make_stream, _delete_stream, name="Name",
        unused=frozenset({
            "DesiredShardLevelMetrics", "MaxRecordSizeInKiB", "RecordDistributionStrategy",
            "WarmThroughputMiBps",
        }),
    ),
}  # fmt: skip
