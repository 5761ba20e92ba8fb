"""Queues and topics."""

from __future__ import annotations

from typing import Any

from carnation.emulator.cloudformation.kind import (
    Context,
    Kind,
    Made,
    Properties,
    already_exists,
    delete_by,
)
from carnation.emulator.cloudformation.requests import (
    as_boolean,
    as_document,
    as_plain_text,
    as_tag_rows,
    as_tags,
    change_tags,
    read_answer,
)

_QUEUE = (
    *("ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue"),
    *("FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId"),
    *("MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds"),
    *("RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout"),
)
_QUEUE_DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    **dict.fromkeys(("KmsMasterKeyId", "RedrivePolicy", "RedriveAllowPolicy"), ""),
}


def _make_queue(context: Context, properties: Properties) -> Made:
    sqs = context.connect("sqs")
    is_fifo = as_boolean(properties.get("FifoQueue"))
    name = properties.get("QueueName") or context.make_name(75) + (".fifo" if is_fifo else "")
    if name in {url.rsplit("/", 1)[1] for url in _list_urls(sqs, name)}:
        raise already_exists("AWS::SQS::Queue", name)
    attributes = {key: as_plain_text(properties[key]) for key in _QUEUE if key in properties}
    if not is_fifo:
        attributes.pop("FifoQueue", None)
    tags = as_tags(properties.get("Tags"))
    url = sqs.create_queue(QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"]
    return Made(url, {"Arn": context.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def describe_queue(sqs: Any, name: str) -> Made:
    """Return what a queue is to a stack."""
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    return Made(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _list_urls(sqs: Any, name: str) -> list[str]:
    return list(sqs.list_queues(QueueNamePrefix=name).get("QueueUrls", ()))


def _update_queue(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    names = [key for key in _QUEUE if key in wanted or key in had]
    attributes = {
        key: as_plain_text(wanted[key]) if key in wanted else _QUEUE_DEFAULTS.get(key)
        for key in names
        if wanted.get(key) != had.get(key)
    }
    given = {key: value for key, value in attributes.items() if value is not None}
    sqs = context.connect("sqs")
    if given:
        sqs.set_queue_attributes(QueueUrl=ref, Attributes=given)
    change_tags(
        wanted,
        had,
        lambda keys: sqs.untag_queue(QueueUrl=ref, TagKeys=keys),
        lambda tags: sqs.tag_queue(QueueUrl=ref, Tags=tags),
    )


def _read_queue(context: Context, ref: str, properties: Properties) -> Properties:
    answer = context.connect("sqs").get_queue_attributes(QueueUrl=ref, AttributeNames=["All"])
    found = read_answer(answer["Attributes"], properties)
    for key in ("KmsMasterKeyId", "RedrivePolicy", "RedriveAllowPolicy"):
        found.setdefault(key, "")
    return {key: value for key, value in found.items() if key in properties}


def _make_queue_policy(context: Context, properties: Properties) -> Made:
    _set_queue_policy(context, properties["Queues"], as_document(properties["PolicyDocument"]))
    name = context.make_name()
    return Made(name, {"Id": name})


def _set_queue_policy(context: Context, queues: list[str], policy: str) -> None:
    for url in queues:
        context.connect("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _update_queue_policy(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    gone = [url for url in had["Queues"] if url not in wanted["Queues"]]
    _set_queue_policy(context, gone, "")
    _set_queue_policy(context, wanted["Queues"], as_document(wanted["PolicyDocument"]))


def _delete_queue_policy(context: Context, ref: str, properties: Properties) -> None:
    _set_queue_policy(context, properties["Queues"], "")


_TOPIC = (
    *("ContentBasedDeduplication", "DisplayName", "FifoThroughputScope", "FifoTopic"),
    *("KmsMasterKeyId", "SignatureVersion", "TracingConfig", "ArchivePolicy"),
)


def _make_topic(context: Context, properties: Properties) -> Made:
    sns = context.connect("sns")
    is_fifo = as_boolean(properties.get("FifoTopic"))
    name = properties.get("TopicName") or context.make_name(240) + (".fifo" if is_fifo else "")
    arn = context.arn("sns", name)
    if any(
        row["TopicArn"] == arn
        for page in sns.get_paginator("list_topics").paginate()
        for row in page["Topics"]
    ):
        raise already_exists("AWS::SNS::Topic", arn)
    attributes = {key: as_plain_text(properties[key]) for key in _TOPIC if key in properties}
    tags = [{"Key": key, "Value": value} for key, value in as_tags(properties.get("Tags")).items()]
    sns.create_topic(Name=name, Attributes=attributes, Tags=tags)
    for row in properties.get("Subscription", ()):
        sns.subscribe(TopicArn=arn, Protocol=row["Protocol"], Endpoint=row["Endpoint"])
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _update_topic(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    sns = context.connect("sns")
    for key in _TOPIC:
        if wanted.get(key) != had.get(key):
            value = as_plain_text(wanted.get(key, ""))
            sns.set_topic_attributes(TopicArn=ref, AttributeName=key, AttributeValue=value)
    change_tags(
        wanted,
        had,
        lambda keys: sns.untag_resource(ResourceArn=ref, TagKeys=keys),
        lambda tags: sns.tag_resource(ResourceArn=ref, Tags=as_tag_rows(tags)),
    )


def _read_topic(context: Context, ref: str, properties: Properties) -> Properties:
    answer = context.connect("sns").get_topic_attributes(TopicArn=ref)
    return read_answer(
        answer["Attributes"], {key: properties[key] for key in _TOPIC if key in properties}
    )


def _delete_topic(context: Context, ref: str, properties: Properties) -> None:
    sns = context.connect("sns")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=ref)
    owned = [(row["Protocol"], row["Endpoint"]) for row in properties.get("Subscription", ())]
    for row in [row for page in pages for row in page["Subscriptions"]]:
        if (row["Protocol"], row["Endpoint"]) in owned:
            sns.unsubscribe(SubscriptionArn=row["SubscriptionArn"])
    sns.delete_topic(TopicArn=ref)


_OPEN_POLICY = '{"Version":"2008-10-17","Statement":[]}'


def _set_topic_policy(context: Context, topics: list[str], policy: str) -> None:
    for topic in topics:
        context.connect("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=policy
        )


def _make_topic_policy(context: Context, properties: Properties) -> Made:
    _set_topic_policy(context, properties["Topics"], as_document(properties["PolicyDocument"]))
    name = context.make_name()
    return Made(name, {"Id": name})


def _update_topic_policy(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    gone = [topic for topic in had["Topics"] if topic not in wanted["Topics"]]
    _set_topic_policy(context, gone, _OPEN_POLICY)
    _set_topic_policy(context, wanted["Topics"], as_document(wanted["PolicyDocument"]))


def _delete_topic_policy(context: Context, ref: str, properties: Properties) -> None:
    _set_topic_policy(context, properties["Topics"], _OPEN_POLICY)


_SUBSCRIPTION = (
    *("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery"),
    *("RedrivePolicy", "SubscriptionRoleArn", "ReplayPolicy"),
)


def _make_subscription(context: Context, properties: Properties) -> Made:
    attributes = {key: as_plain_text(properties[key]) for key in _SUBSCRIPTION if key in properties}
    arn = context.connect("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties.get("Endpoint", ""),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Made(arn, {"Arn": arn})


def _update_subscription(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    for key in _SUBSCRIPTION:
        if wanted.get(key) != had.get(key):
            context.connect("sns").set_subscription_attributes(
                SubscriptionArn=ref,
                AttributeName=key,
                AttributeValue=as_plain_text(wanted.get(key, "")),
            )


def _read_subscription(context: Context, ref: str, properties: Properties) -> Properties:
    answer = context.connect("sns").get_subscription_attributes(SubscriptionArn=ref)
    return read_answer(
        answer["Attributes"], {k: properties[k] for k in _SUBSCRIPTION if k in properties}
    )


KINDS = {
    "AWS::SQS::Queue": Kind(
        _make_queue, delete_by("sqs", "delete_queue", "QueueUrl"),
        _update_queue, _read_queue, "QueueName"
    ),
    "AWS::SQS::QueuePolicy": Kind(
        _make_queue_policy, _delete_queue_policy, _update_queue_policy
    ),
    "AWS::SNS::Topic": Kind(
        _make_topic, _delete_topic, _update_topic, _read_topic, "TopicName",
        unused=frozenset({"DataProtectionPolicy", "DeliveryStatusLogging", "MaximumMessageSize"}),
    ),
    "AWS::SNS::TopicPolicy": Kind(
        _make_topic_policy, _delete_topic_policy, _update_topic_policy
    ),
    "AWS::SNS::Subscription": Kind(
        _make_subscription, delete_by("sns", "unsubscribe", "SubscriptionArn"),
        _update_subscription, _read_subscription,
        unused=frozenset({"DeliveryPolicy", "RedrivePolicy", "ReplayPolicy"}),
    ),
}  # fmt: skip
