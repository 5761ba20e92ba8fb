"""Buckets and their policies."""

from __future__ import annotations

from typing import Any

from carnation.emulator.cloudformation.kind import (
    Context,
    Kind,
    Made,
    Properties,
    already_exists,
    delete_by,
    make_again,
)
from carnation.emulator.cloudformation.requests import (
    as_boolean,
    as_document,
    as_tags,
    call,
    pick,
)
from carnation.services.partitions import find_partition

_BUCKET_CALLS = {
    "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration"),
    "PublicAccessBlockConfiguration": (
        "put_public_access_block", "PublicAccessBlockConfiguration",
    ),
    "CorsConfiguration": ("put_bucket_cors", "CORSConfiguration"),
    "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls"),
}  # fmt: skip
_BUCKET_UNUSED = frozenset({
    "AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations",
    "IntelligentTieringConfigurations", "InventoryConfigurations", "LoggingConfiguration",
    "MetadataConfiguration", "MetadataTableConfiguration", "MetricsConfigurations",
    "ObjectLockConfiguration", "ReplicationConfiguration", "WebsiteConfiguration",
})  # fmt: skip


def _make_bucket(context: Context, properties: Properties) -> Made:
    s3 = context.connect("s3")
    name = properties.get("BucketName") or context.make_name(63, lower=True)
    if name in {row["Name"] for row in s3.list_buckets()["Buckets"]}:
        raise already_exists("AWS::S3::Bucket", name)
    place = {"LocationConstraint": context.region}
    more: dict[str, Any] = {"CreateBucketConfiguration": place}
    if context.region == "us-east-1":
        more = {}
    if as_boolean(properties.get("ObjectLockEnabled")):
        more["ObjectLockEnabledForBucket"] = True
    s3.create_bucket(Bucket=name, **more)
    _configure_bucket(s3, name, properties, {})
    return describe_bucket(context, name)


def describe_bucket(context: Context, name: str) -> Made:
    """Return what a bucket is to a stack."""
    suffix = find_partition(context.region).dns_suffix
    regional = f"{name}.s3.{context.region}.{suffix}"
    attributes = {
        "Arn": f"arn:{context.stack.partition}:s3:::{name}",
        "DomainName": f"{name}.s3.{suffix}",
        "DualStackDomainName": f"{name}.s3.dualstack.{context.region}.{suffix}",
        "RegionalDomainName": regional,
        "WebsiteURL": f"http://{name}.s3-website-{context.region}.{suffix}",
    }
    return Made(name, attributes)


def _configure_bucket(s3: Any, name: str, wanted: Properties, had: Properties) -> None:
    changed = {key for key in {**wanted, **had} if wanted.get(key) != had.get(key)}
    for key, (method, argument) in _BUCKET_CALLS.items():
        if key in changed and key in wanted:
            call(s3, method, {argument: _rename_rules(key, wanted[key])}, Bucket=name)
    if "VersioningConfiguration" in changed and "VersioningConfiguration" not in wanted:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    if (
        "PublicAccessBlockConfiguration" in changed
        and "PublicAccessBlockConfiguration" not in wanted
    ):
        s3.delete_public_access_block(Bucket=name)
    if "BucketEncryption" in changed:
        _set_bucket_encryption(s3, name, wanted.get("BucketEncryption"))
    if "LifecycleConfiguration" in changed:
        _set_lifecycle(s3, name, wanted.get("LifecycleConfiguration"))
    if "NotificationConfiguration" in changed:
        _set_notifications(s3, name, wanted.get("NotificationConfiguration") or {})
    if "Tags" in changed:
        rows = [{"Key": k, "Value": v} for k, v in as_tags(wanted.get("Tags")).items()]
        if rows:
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": rows})
        else:
            s3.delete_bucket_tagging(Bucket=name)


def _rename_rules(key: str, value: Any) -> Any:
    if key != "CorsConfiguration":
        return value
    rules = [
        pick(row, AllowedHeaders="AllowedHeaders", AllowedMethods="AllowedMethods",
             AllowedOrigins="AllowedOrigins", ExposedHeaders="ExposeHeaders",
             MaxAge="MaxAgeSeconds", Id="ID")
        for row in value["CorsRules"]
    ]  # fmt: skip
    return {"CORSRules": rules}


def _set_bucket_encryption(s3: Any, name: str, given: Any) -> None:
    if not given:
        s3.delete_bucket_encryption(Bucket=name)
        return
    rules = [
        {
            **pick(row, "BucketKeyEnabled"),
            "ApplyServerSideEncryptionByDefault": row["ServerSideEncryptionByDefault"],
        }
        for row in given["ServerSideEncryptionConfiguration"]
    ]
    call(
        s3,
        "put_bucket_encryption",
        {"ServerSideEncryptionConfiguration": {"Rules": rules}},
        Bucket=name,
    )


_RULE = {
    "AbortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
    "Id": "ID",
    "NoncurrentVersionExpiration": "NoncurrentVersionExpiration",
    "Status": "Status",
}


def _set_lifecycle(s3: Any, name: str, given: Any) -> None:
    if not given:
        s3.delete_bucket_lifecycle(Bucket=name)
        return
    rules = [_make_rule(row) for row in given["Rules"]]
    call(
        s3,
        "put_bucket_lifecycle_configuration",
        {"LifecycleConfiguration": {"Rules": rules}},
        Bucket=name,
    )


def _make_rule(row: Properties) -> dict[str, Any]:
    rule = {**pick(row, **_RULE), "Filter": {"Prefix": row.get("Prefix", "")}}
    expiry = {
        **pick(row, ExpirationInDays="Days", ExpirationDate="Date"),
        **pick(row, ExpiredObjectDeleteMarker="ExpiredObjectDeleteMarker"),
    }
    if expiry:
        rule["Expiration"] = expiry
    days = row.get("NoncurrentVersionExpirationInDays")
    if days is not None:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    transitions = row.get("Transitions") or ([row["Transition"]] if "Transition" in row else [])
    if transitions:
        rule["Transitions"] = [
            pick(move, TransitionInDays="Days", TransitionDate="Date", StorageClass="StorageClass")
            for move in transitions
        ]
    return rule


def _set_notifications(s3: Any, name: str, given: Properties) -> None:
    request: dict[str, Any] = {}
    for key, api, target in (
        ("LambdaConfigurations", "LambdaFunctionConfigurations", ("Function", "LambdaFunctionArn")),
        ("QueueConfigurations", "QueueConfigurations", ("Queue", "QueueArn")),
        ("TopicConfigurations", "TopicConfigurations", ("Topic", "TopicArn")),
    ):
        rows = [_make_notification(row, *target) for row in given.get(key, ())]
        if rows:
            request[api] = rows
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and as_boolean(bridge.get("EventBridgeEnabled", True)):
        request["EventBridgeConfiguration"] = {}
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration=request, SkipDestinationValidation=True
    )


def _make_notification(row: Properties, own: str, api: str) -> dict[str, Any]:
    made: dict[str, Any] = {api: row[own], "Events": [row["Event"]]}
    rules = ((row.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        made["Filter"] = {"Key": {"FilterRules": [dict(rule) for rule in rules]}}
    return made


def _update_bucket(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    _configure_bucket(context.connect("s3"), ref, wanted, had)


def _read_bucket(context: Context, ref: str, properties: Properties) -> Properties:
    s3 = context.connect("s3")
    s3.head_bucket(Bucket=ref)
    found: dict[str, Any] = pick(properties, "BucketName")
    if "VersioningConfiguration" in properties:
        status = s3.get_bucket_versioning(Bucket=ref).get("Status", "Suspended")
        found["VersioningConfiguration"] = {"Status": status}
    return found


def _put_bucket_policy(context: Context, properties: Properties) -> Made:
    bucket, policy = properties["Bucket"], as_document(properties["PolicyDocument"])
    context.connect("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    return Made(bucket)


KINDS = {
    "AWS::S3::Bucket": Kind(
        _make_bucket, delete_by("s3", "delete_bucket", "Bucket"),
        _update_bucket, _read_bucket, "BucketName",
        frozenset({"BucketNamePrefix", "BucketNamespace"}), _BUCKET_UNUSED,
    ),
    "AWS::S3::BucketPolicy": Kind(
        _put_bucket_policy, delete_by("s3", "delete_bucket_policy", "Bucket"),
        make_again(_put_bucket_policy)
    ),
}  # fmt: skip
