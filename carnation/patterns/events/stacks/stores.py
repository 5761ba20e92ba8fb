"""The stores of events: a table or a bucket, encrypted, retained, recoverable."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Output, Ref, Sub, Template
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    PointInTimeRecoverySpecification,
    SSESpecification,
)
from troposphere.dynamodb import Table as DynamoTable

from carnation.patterns.events.stacks.resources import Bucket, Table
from carnation.stacks.snippets import (
    PREFIX,
    Statement,
    allow,
    except_from,
    name_arn,
    name_resource,
    open_template,
    policy_of,
    refuse_plain_http,
    use_key,
)

# all accounts share the names of buckets; with the region too, it could pass 63 characters
_BUCKET = f"{PREFIX}-events-${{AWS::AccountId}}"


def spell_store(store: Table | Bucket) -> str:
    """Spell the name of the table or bucket as `Fn::Sub` takes it."""
    return f"{PREFIX}-events" if isinstance(store, Table) else _BUCKET


def make_store_stack(store: Table | Bucket) -> Template:
    """Make dynamodb-stack.yaml or s3-stack.yaml."""
    return _make_table_stack() if isinstance(store, Table) else _make_bucket_stack()


def list_store_permissions(store: Table | Bucket) -> list[Statement]:
    """List what the function that processes an event may do with the store, and nothing else.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    if isinstance(store, Table):
        return [
            allow("WriteEvent", "dynamodb:PutItem", name_arn("dynamodb", "table/@events")),
            use_key("dynamodb", "kms:Decrypt"),
        ]
    objects = Sub(f"arn:${{AWS::Partition}}:s3:::{_BUCKET}/events/*")
    return [
        allow("WriteAndCompareEvent", ["s3:GetObject", "s3:PutObject"], objects),
        use_key("s3", "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def _make_table_stack() -> Template:
    template = open_template(
        "The table of events", "ProjectName", "Environment", "KeyArn", "DeletionProtection"
    )
    keys = (("sequenceNo", "HASH"), ("generatedUnixTime", "RANGE"))
    table = template.add_resource(
        DynamoTable(
            "Table",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            TableName=name_resource("events"),
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                AttributeDefinition(AttributeName=name, AttributeType="N") for name, _ in keys
            ],
            KeySchema=[KeySchema(AttributeName=name, KeyType=kind) for name, kind in keys],
            DeletionProtectionEnabled=Ref("DeletionProtection"),
            PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(
                PointInTimeRecoveryEnabled=True
            ),
            SSESpecification=SSESpecification(
                SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=Ref("KeyArn")
            ),
        )
    )
    template.add_output(Output("TableName", Value=Ref(table)))
    return template


def _make_bucket_stack() -> Template:
    template = open_template("The bucket of events", "ProjectName", "Environment", "KeyArn")
    template.add_output(Output("BucketName", Value=Ref(add_bucket(template, _BUCKET))))
    return template


def add_bucket(template: Template, name: str, **properties: Any) -> Any:
    """Add a bucket: encrypted, private, versioned, retained, reached through TLS only."""
    from troposphere import s3  # large, and only some variants need it

    bucket = template.add_resource(
        s3.Bucket(
            "Bucket",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            Metadata=except_from(
                (
                    "CKV_AWS_18",
                    "Only our roles use it; CloudTrail's data events tell more than access logs",
                ),
            ),
            BucketName=Sub(name),
            BucketEncryption=_encrypt_bucket(),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True,
                BlockPublicPolicy=True,
                IgnorePublicAcls=True,
                RestrictPublicBuckets=True,
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            **properties,
        )
    )
    template.add_resource(_refuse_plain_http(bucket))
    return bucket


def _encrypt_bucket() -> Any:
    from troposphere import s3

    return s3.BucketEncryption(
        ServerSideEncryptionConfiguration=[
            s3.ServerSideEncryptionRule(
                BucketKeyEnabled=True,
                ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                    SSEAlgorithm="aws:kms", KMSMasterKeyID=Ref("KeyArn")
                ),
            )
        ]
    )


def _refuse_plain_http(bucket: Any) -> Any:
    from troposphere import s3

    arn = GetAtt(bucket, "Arn")
    refusal = {**refuse_plain_http(arn, "s3:*"), "Resource": [arn, Sub("${Bucket.Arn}/*")]}
    return s3.BucketPolicy("BucketPolicy", Bucket=Ref(bucket), PolicyDocument=policy_of(refusal))
