"""The objects that a call reads and writes as who calls: services without a role of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.parameters import Given, read_inner, read_parameter
from carnation.permissions.required import Condition, RequiredAction, Target, require, to_arn, when
from carnation.permissions.resource_arns import read_arn

Parameters = Mapping[str, Json]
_SPACE = compile_lazily(r"s3://(.+)\Z")
_OBJECT_FIELDS = (
    (("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"), "s3:PutObjectAcl"),
    (("ObjectLockMode", "ObjectLockRetainUntilDate"), "s3:PutObjectRetention"),
    (("ObjectLockLegalHoldStatus",), "s3:PutObjectLegalHold"),
    (("BypassGovernanceRetention",), "s3:BypassGovernanceRetention"),
)


_DIRECTORY = compile_lazily(r"arn:(?:[^:$]+|\$\{[^}]*\}):s3:::([^/:]+--x-s3)(?:/.*)?\Z")
_IN_SESSION = compile_lazily(
    r"s3:(?:(?:Get|Put|Delete)Object|ListBucket\Z|AbortMultipartUpload|List\w*U)"
)


def open_directory(need: RequiredAction) -> RequiredAction:
    """Return what a call of a directory bucket needs: a session, or the action of S3 Express.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-security-iam.html

    >>> own = require("s3:GetObject", Target("arn:aws:s3:::b--use1-az4--x-s3/k"), "A", "reads")
    >>> open_directory(own)[:2]
    ('s3express:CreateSession', '...:bucket/b--use1-az4--x-s3')
    """
    found = _DIRECTORY.match(need.resource)
    if found is None or not need.action.startswith("s3:"):
        return need
    action = "CreateSession" if _IN_SESSION.match(need.action) else need.action.partition(":")[2]
    resource = to_arn("s3express", f"bucket/{found[1]}")
    return need._replace(action=f"s3express:{action}", resource=resource)


def use_key(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the key that an object is encrypted with, where the call names it.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    key = read_parameter(given, "SSEKMSKeyId")
    if key is not None:
        target, condition = resolve_key(key)
        yield require("kms:GenerateDataKey", target, state, "encrypts the object", condition)


def resolve_key(key: Given) -> tuple[Target, Condition]:
    """Name a key; of an alias, which is no resource, any key that the request calls so.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    arn = read_arn(key)
    text = key.pattern
    if "alias/" in text:
        alias = "alias/" + text.rpartition("alias/")[2]
        condition = when("StringEquals", "kms:RequestAlias", alias)
        return Target(to_arn("kms", "key/*"), "an alias is no resource"), condition
    if arn or text.startswith("${"):
        return Target(text), ()
    note = "" if key.text is not None else f"{key.name} is worked out while it runs"
    return Target(to_arn("kms", f"key/{text}"), note), ()


def read_objects(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the objects that a call names: services read them as who calls.

    Source: https://docs.aws.amazon.com/textract/latest/dg/security_iam_id-based-policy-examples.html
    """
    waiting: list[Json] = [given]
    for value in waiting:
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, Mapping):
            inner = value.get("S3Object")
            if isinstance(inner, Mapping):
                versioned = read_parameter(inner, "Version")
                target = resolve_object(read_parameter(inner, "Bucket"), read_key(inner, "Name"))
                action = "s3:GetObjectVersion" if versioned else "s3:GetObject"
                yield require(action, target, state, "reads the object that it names")
            waiting.extend(value.values())


def read_key(given: Parameters, *names: str) -> Given:
    """Read a parameter that every call has; where it is nowhere, an execution works it out."""
    return read_parameter(given, *names) or Given(names[0], None)


def transcribe(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield what a transcription reads and writes as who calls, without a role of its own.

    Source: https://docs.aws.amazon.com/transcribe/latest/dg/security_iam_id-based-policy-examples.html
    """
    if read_parameter(read_inner(given, "JobExecutionSettings"), "DataAccessRoleArn"):
        return
    media = read_parameter(read_inner(given, "Media"), "MediaFileUri")
    if media is not None:
        yield require("s3:GetObject", _resolve_uri(media), state, "reads the recording")
    bucket = read_parameter(given, "OutputBucketName")
    if bucket is not None:
        key = read_parameter(given, "OutputKey") or Given("OutputKey", "")
        target = resolve_object(bucket, key, "" if key.text and not key.text.endswith("/") else "*")
        yield require("s3:PutObject", target, state, "writes the transcript")


def _resolve_uri(uri: Given, behind: str = "") -> Target:
    match = _SPACE.match(uri.pattern)
    if match is None:
        return Target(to_arn("s3", "*/*", region=False, account=False),
                      f"{uri.name} is worked out while it runs")  # fmt: skip
    bucket, _, key = match[1].partition("/")
    note = "" if uri.text is not None else f"{uri.name} is worked out while it runs"
    path = f"{bucket}/{key}{behind}" if key or behind else f"{bucket}/*"
    return Target(to_arn("s3", path, region=False, account=False), note)


def speak(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield where speech is written, and who is told.

    Source: https://docs.aws.amazon.com/polly/latest/dg/asynchronous-iam.html
    """
    bucket = read_parameter(given, "OutputS3BucketName")
    if bucket is not None:
        key = read_parameter(given, "OutputS3KeyPrefix") or Given("OutputS3KeyPrefix", "")
        yield require("s3:PutObject", resolve_object(bucket, key, "*"), state, "writes the speech")
    topic = read_parameter(given, "SnsTopicArn")
    if topic is not None:
        note = "" if topic.text is not None else "SnsTopicArn is worked out while it runs"
        yield require("sns:Publish", Target(topic.pattern, note), state, "tells when it is done")


def query(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield where results of a query are written, by who calls.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html
    """
    place = read_parameter(read_inner(given, "ResultConfiguration"), "OutputLocation")
    if place is None:
        return
    inside = _resolve_uri(place, "*")
    for action in ("AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject"):
        yield require(f"s3:{action}", inside, state, "writes the results, in parts")
    bucket = inside._replace(resource=re.sub(r"(:::[^/]+)/.*", r"\1", inside.resource))
    for action in ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads"):
        yield require(f"s3:{action}", bucket, state, "looks up where the results go")


def export_table(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield where an export of a table is written.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
    """
    prefix = read_parameter(given, "S3Prefix") or Given("S3Prefix", "")
    target = resolve_object(read_parameter(given, "S3Bucket"), prefix, "*")
    for action in ("AbortMultipartUpload", "PutObject", "PutObjectAcl"):
        yield require(f"s3:{action}", target, state, "writes the export")


def put_object(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield what writing an object with an access list or a lock needs.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    target = resolve_object(read_parameter(given, "Bucket"), read_key(given, "Key"))
    for names, action in _OBJECT_FIELDS:
        if read_parameter(given, *names):
            yield require(action, target, state, f"sets {names[0]}")


def resolve_object(bucket: Given | None, key: Given | None, behind: str = "") -> Target:
    """Name a bucket, or what is in it."""
    notes = [
        f"{part.name if part else 'Bucket'} is worked out while it runs"
        for part in (bucket, *([key] if key else []))
        if part is None or part.text is None
    ]
    path = bucket.pattern if bucket else "*"
    if path.startswith("arn:"):
        path = re.sub(r"^arn:[^:]*:s3:::", "", path)
    if key is not None:
        path += f"/{key.pattern if key.text is None else key.text + behind}"
    if path.startswith("arn:"):
        return Target(path, ", ".join(notes))
    return Target(to_arn("s3", path, region=False, account=False), ", ".join(notes))
