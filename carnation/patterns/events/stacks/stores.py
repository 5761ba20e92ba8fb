"""The stores of events: a table or a bucket, encrypted, retained, recoverable."""

from __future__ import annotations

from troposphere import Ref, Sub, Template

from carnation.patterns.events.stacks.resources import Bucket, Table
from carnation.stacks.snippets import PREFIX, Statement, allow, to_arn, use_key
from carnation.stacks.tables import add_table

# all accounts share the names of buckets; with the region too, it could pass 63 characters
_BUCKET = f"{PREFIX}-events-${{AWS::AccountId}}"


def render_store(store: Table | Bucket) -> str:
    """Spell the name of the table or bucket as `Fn::Sub` takes it."""
    return f"{PREFIX}-events" if isinstance(store, Table) else _BUCKET


def list_store_permissions(store: Table | Bucket) -> list[Statement]:
    """List what the function that processes an event may do with the store, and nothing else.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    if isinstance(store, Table):
        return [
            allow("WriteEvent", "dynamodb:PutItem", to_arn("dynamodb", "table/@events")),
            use_key("dynamodb", "kms:Decrypt"),
        ]
    objects = Sub(f"arn:${{AWS::Partition}}:s3:::{_BUCKET}/events/*")
    return [
        allow("WriteAndCompareEvent", ["s3:GetObject", "s3:PutObject"], objects),
        use_key("s3", "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def add_store(template: Template, store: Table | Bucket) -> None:
    """Add the table or bucket of events."""
    if isinstance(store, Table):
        keys = {"sequenceNo": "N", "generatedUnixTime": "N"}
        add_table(template, "Table", "events", keys, protection=Ref("DeletionProtection"))
    else:
        from carnation.stacks.buckets import add_bucket  # large, and only some variants need it

        add_bucket(template, "Bucket", _BUCKET)
