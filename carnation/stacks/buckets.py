"""An S3 bucket: encrypted, private, versioned, retained, reached through TLS only.

troposphere's module for S3 is large: import this one only for a workflow with a bucket.
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, s3

from carnation.resources.buckets import Bucket as BucketNoun
from carnation.resources.triggers import Upload
from carnation.stacks.rendering import Rendering
from carnation.stacks.snippets import KEPT, KEY, deny_plain_http, except_from, policy_of


def add_bucket(
    template: Template, title: str, name: str, *, key: Any = KEY, **properties: Any
) -> Any:
    """Add a bucket: encrypted, private, versioned, retained, reached through TLS only.

    Without a key, S3 encrypts with its own.
    """
    bucket = template.add_resource(
        s3.Bucket(
            title,
            **KEPT,
            Metadata=except_from(
                (
                    "CKV_AWS_18",
                    "Only our roles use it; CloudTrail's data events tell more than access logs",
                ),
            ),
            BucketName=Sub(name),
            BucketEncryption=_encrypt(key),
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
    template.add_resource(_deny_plain_http(bucket))
    return bucket


def _encrypt(key: Any) -> Any:
    kind: dict[str, Any] = {"SSEAlgorithm": "AES256"}
    if key is not None:
        kind = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = s3.ServerSideEncryptionRule(
        BucketKeyEnabled=key is not None,
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(**kind),
    )
    return s3.BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def _deny_plain_http(bucket: Any) -> Any:
    arn = GetAtt(bucket, "Arn")
    refusal = deny_plain_http([arn, Sub(f"${{{bucket.title}.Arn}}/*")], "s3:*")
    return s3.BucketPolicy(
        f"{bucket.title}Policy", Bucket=Ref(bucket), PolicyDocument=policy_of(refusal)
    )


def render_bucket(rendering: Rendering, bucket: BucketNoun) -> None:
    """Put a bucket into the template; what starts executions by uploads hears of its objects."""
    options: dict[str, Any] = {"LifecycleConfiguration": _expire(bucket.expires_days)}
    if any(isinstance(one, Upload) and one.bucket == bucket
           for one in rendering.application.triggers):  # fmt: skip
        options["NotificationConfiguration"] = s3.NotificationConfiguration(
            EventBridgeConfiguration=s3.EventBridgeConfiguration(EventBridgeEnabled=True)
        )
    made = add_bucket(
        rendering.template, bucket.resource_id, bucket.full_name, key=rendering.key, **options
    )
    rendering.finish(bucket, made, "BucketName")


def _expire(days: int) -> s3.LifecycleConfiguration:
    """Delete what is old: objects after `days`, if any, and uploads that nobody finished."""
    expiry: dict[str, Any] = {}
    if days:
        expiry["ExpirationInDays"] = days
        expiry["NoncurrentVersionExpiration"] = s3.NoncurrentVersionExpiration(NoncurrentDays=1)
    rule = s3.LifecycleRule(
        Id="Expire",
        Status="Enabled",
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
        **expiry,
    )
    return s3.LifecycleConfiguration(Rules=[rule])
