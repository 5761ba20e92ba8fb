"""The customer-managed key, made where none is given, with a policy that names who needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from troposphere import Ref, Sub, Template
from troposphere.kms import Alias, Key

from carnation.stacks.snippets import KEPT, policy_of, to_arn

LOG_FOLDERS = ("lambda", "vendedlogs/states")


def add_key(
    template: Template,
    condition: str,
    folders: Sequence[str] = LOG_FOLDERS,
    senders: Mapping[str, Sequence[Sub]] = MappingProxyType({}),
) -> Key:
    """Add the key and its alias, under a condition; `folders` are those of the log groups.

    `senders` are services that send to encrypted queues without a role, each with what it sends
    for: rules of EventBridge to a dead-letter queue, topics to their subscribers.

    The account itself may use the key, so that the roles' own policies decide: table, queues,
    functions, bucket and state machine use it on behalf of a role. Each service that acts without
    one of our roles is named, for this account only: alarms that publish to the encrypted topic,
    log groups, and the delivery of the state machine's logs.
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    key = template.add_resource(
        Key(
            "Key",
            Condition=condition,
            **KEPT,
            Description=Sub("Encrypts the data of ${ProjectName}-${Environment}"),
            EnableKeyRotation=True,
            PendingWindowInDays=30,
            KeyPolicy=policy_of(*_list_statements(folders), *_list_senders(senders)),
        )
    )
    template.add_resource(
        Alias(
            "KeyAlias",
            Condition=condition,
            AliasName=Sub("alias/${ProjectName}-${Environment}"),
            TargetKeyId=Ref(key),
        )
    )
    return key


def _list_statements(folders: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "Sid": "LetTheAccountDecide",
            "Effect": "Allow",
            "Principal": {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
            "Action": "kms:*",
            "Resource": "*",
        },
        _let(
            "LetAlarmsPublish",
            "cloudwatch.amazonaws.com",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            {
                "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
                "ArnLike": {"aws:SourceArn": to_arn("cloudwatch", "alarm:@*")},
            },
        ),
        _let_log_groups_encrypt(folders),
        _let(
            "LetLogsBeDelivered",
            "delivery.logs.amazonaws.com",
            ["kms:Decrypt"],
            # the context ends in a star itself: it says whose logs, and all that AWS documents
            {"StringEquals": {"kms:EncryptionContext:SourceArn": to_arn("logs", "*")}},
        ),
    ]


def _list_senders(senders: Mapping[str, Sequence[Sub]]) -> Iterator[dict[str, Any]]:
    """Let services send to encrypted queues.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    for service, sources in senders.items():
        condition = {
            "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
            "ArnLike": {"aws:SourceArn": list(sources)},
        }
        actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
        yield _let(f"Let{service.title()}Send", f"{service}.amazonaws.com", actions, condition)


def _let_log_groups_encrypt(folders: Sequence[str]) -> dict[str, Any]:
    groups = [to_arn("logs", f"log-group:/aws/{folder}/@*") for folder in folders]
    return _let(
        "LetLogGroupsEncrypt",
        Sub("logs.${AWS::Region}.${AWS::URLSuffix}"),
        [
            "kms:Decrypt*",
            "kms:Describe*",
            "kms:Encrypt*",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )


def _let(sid: str, service: Any, actions: list[str], condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": actions,
        "Resource": "*",  # in a key's policy: this key
        "Condition": condition,
    }
