"""The keywords of the nouns' calls, for editors and type checkers.

PascalCase ones are the parameters of AWS's API, snake_case ones the fields of the state. Written by
scripts/write_calls.py from the data of `carnation.services`; imported by no code that runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from carnation.states import Catch, Expression, Retry

Text = str | Expression
"""A value, or an expression that makes it while the state machine runs."""


class StateFields(TypedDict, total=False):
    """The fields of a Task that a call may have."""

    comment: str
    query_language: str
    credentials: Mapping[str, Any]
    input_path: str | None
    result_selector: Mapping[str, Any]
    result_path: str | None
    output_path: str | None
    timeout_seconds: int | str
    timeout_seconds_path: str
    heartbeat_seconds: int | str
    heartbeat_seconds_path: str
    retry: Retry | Sequence[Retry]
    catch: Catch | Sequence[Catch]
    assign: Mapping[str, Any]
    output: Any
    extra: Mapping[str, Any]


class CallEndpoint(StateFields, total=False):
    """The parameters of `http:invoke`."""

    InvocationConfig: Mapping[str, Any] | Text
    Headers: Mapping[str, Any] | Text
    QueryParameters: Mapping[str, Any] | Text
    RequestBody: Any
    Transform: Mapping[str, Any] | Text


class DeleteItem(StateFields, total=False):
    """The parameters of `dynamodb:deleteItem`."""

    Key: Mapping[str, Any] | Text
    Expected: Mapping[str, Any] | Text
    ConditionalOperator: Text
    ReturnValues: Text
    ReturnConsumedCapacity: Text
    ReturnItemCollectionMetrics: Text
    ConditionExpression: Text
    ExpressionAttributeNames: Mapping[str, Any] | Text
    ExpressionAttributeValues: Mapping[str, Any] | Text
    ReturnValuesOnConditionCheckFailure: Text


class GetItem(StateFields, total=False):
    """The parameters of `dynamodb:getItem`."""

    Key: Mapping[str, Any] | Text
    AttributesToGet: Sequence[Any] | Text
    ConsistentRead: bool | Text
    ReturnConsumedCapacity: Text
    ProjectionExpression: Text
    ExpressionAttributeNames: Mapping[str, Any] | Text


class GetObject(StateFields, total=False):
    """The parameters of `aws-sdk:s3:getObject`."""

    IfMatch: Text
    IfModifiedSince: Any
    IfNoneMatch: Text
    IfUnmodifiedSince: Any
    Key: Text
    Range: Text
    ResponseCacheControl: Text
    ResponseContentDisposition: Text
    ResponseContentEncoding: Text
    ResponseContentLanguage: Text
    ResponseContentType: Text
    ResponseExpires: Any
    VersionId: Text
    SseCustomerAlgorithm: Text
    SseCustomerKey: Text
    SseCustomerKeyMD5: Text
    RequestPayer: Text
    PartNumber: int | Text
    ExpectedBucketOwner: Text
    ChecksumMode: Text


class Publish(StateFields, total=False):
    """The parameters of `sns:publish`."""

    TargetArn: Text
    PhoneNumber: Text
    Message: Any
    Subject: Text
    MessageStructure: Text
    MessageAttributes: Mapping[str, Any] | Text
    MessageDeduplicationId: Text
    MessageGroupId: Text


class PutItem(StateFields, total=False):
    """The parameters of `dynamodb:putItem`."""

    Item: Mapping[str, Any] | Text
    Expected: Mapping[str, Any] | Text
    ReturnValues: Text
    ReturnConsumedCapacity: Text
    ReturnItemCollectionMetrics: Text
    ConditionalOperator: Text
    ConditionExpression: Text
    ExpressionAttributeNames: Mapping[str, Any] | Text
    ExpressionAttributeValues: Mapping[str, Any] | Text
    ReturnValuesOnConditionCheckFailure: Text


class PutObject(StateFields, total=False):
    """The parameters of `aws-sdk:s3:putObject`."""

    Acl: Text
    Body: Any
    CacheControl: Text
    ContentDisposition: Text
    ContentEncoding: Text
    ContentLanguage: Text
    ContentLength: int | Text
    ContentMD5: Text
    ContentType: Text
    ChecksumAlgorithm: Text
    ChecksumCRC32: Text
    ChecksumCRC32C: Text
    ChecksumCRC64NVME: Text
    ChecksumSHA1: Text
    ChecksumSHA256: Text
    ChecksumSHA512: Text
    ChecksumMD5: Text
    ChecksumXXHASH64: Text
    ChecksumXXHASH3: Text
    ChecksumXXHASH128: Text
    Expires: Any
    IfMatch: Text
    IfNoneMatch: Text
    GrantFullControl: Text
    GrantRead: Text
    GrantReadACP: Text
    GrantWriteACP: Text
    Key: Text
    WriteOffsetBytes: int | Text
    Metadata: Mapping[str, Any] | Text
    ServerSideEncryption: Text
    StorageClass: Text
    WebsiteRedirectLocation: Text
    SseCustomerAlgorithm: Text
    SseCustomerKey: Text
    SseCustomerKeyMD5: Text
    SsekmsKeyId: Text
    SsekmsEncryptionContext: Text
    BucketKeyEnabled: bool | Text
    RequestPayer: Text
    Tagging: Text
    ObjectLockMode: Text
    ObjectLockRetainUntilDate: Any
    ObjectLockLegalHoldStatus: Text
    ObjectLockEventHold: Text
    ObjectLockEventHoldDurationDays: int | Text
    ObjectLockEventHoldDurationYears: int | Text
    ExpectedBucketOwner: Text


class Query(StateFields, total=False):
    """The parameters of `aws-sdk:dynamodb:query`."""

    IndexName: Text
    Select: Text
    AttributesToGet: Sequence[Any] | Text
    Limit: int | Text
    ConsistentRead: bool | Text
    KeyConditions: Mapping[str, Any] | Text
    QueryFilter: Mapping[str, Any] | Text
    ConditionalOperator: Text
    ScanIndexForward: bool | Text
    ExclusiveStartKey: Mapping[str, Any] | Text
    ReturnConsumedCapacity: Text
    ProjectionExpression: Text
    FilterExpression: Text
    KeyConditionExpression: Text
    ExpressionAttributeNames: Mapping[str, Any] | Text
    ExpressionAttributeValues: Mapping[str, Any] | Text


class Scan(StateFields, total=False):
    """The parameters of `aws-sdk:dynamodb:scan`."""

    IndexName: Text
    AttributesToGet: Sequence[Any] | Text
    Limit: int | Text
    Select: Text
    ScanFilter: Mapping[str, Any] | Text
    ConditionalOperator: Text
    ExclusiveStartKey: Mapping[str, Any] | Text
    ReturnConsumedCapacity: Text
    TotalSegments: int | Text
    Segment: int | Text
    ProjectionExpression: Text
    FilterExpression: Text
    ExpressionAttributeNames: Mapping[str, Any] | Text
    ExpressionAttributeValues: Mapping[str, Any] | Text
    ConsistentRead: bool | Text


class SendMessage(StateFields, total=False):
    """The parameters of `sqs:sendMessage`."""

    MessageBody: Any
    DelaySeconds: int | Text
    MessageAttributes: Mapping[str, Any] | Text
    MessageSystemAttributes: Mapping[str, Any] | Text
    MessageDeduplicationId: Text
    MessageGroupId: Text


class StartExecution(StateFields, total=False):
    """The parameters of `states:startExecution`."""

    Name: Text
    Input: Any
    TraceHeader: Text


class UpdateItem(StateFields, total=False):
    """The parameters of `dynamodb:updateItem`."""

    Key: Mapping[str, Any] | Text
    AttributeUpdates: Mapping[str, Any] | Text
    Expected: Mapping[str, Any] | Text
    ConditionalOperator: Text
    ReturnValues: Text
    ReturnConsumedCapacity: Text
    ReturnItemCollectionMetrics: Text
    UpdateExpression: Text
    ConditionExpression: Text
    ExpressionAttributeNames: Mapping[str, Any] | Text
    ExpressionAttributeValues: Mapping[str, Any] | Text
    ReturnValuesOnConditionCheckFailure: Text
