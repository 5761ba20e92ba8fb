"""Rules, buses, connections, destinations, pipes and schedules."""

from __future__ import annotations

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
    as_document,
    as_tag_rows,
    as_tags,
    call,
    change_tags,
    pick,
    without,
)
from carnation.services.schedules import parse_schedule


def _rows(properties: Properties) -> list[dict[str, str]] | None:
    return as_tag_rows(properties.get("Tags")) or None


def _make_rule(context: Context, properties: Properties) -> Made:
    events = context.connect("events")
    name = properties.get("Name") or context.make_name(64)
    bus = _bus_name(properties)
    if any(
        row["Name"] == name for row in events.list_rules(NamePrefix=name, EventBusName=bus)["Rules"]
    ):
        raise ResourceError(f"{name} already exists on event bus {bus}")
    return _put_rule(context, properties, {}, name)


def _bus_name(properties: Properties) -> str:
    return str(properties.get("EventBusName") or "default").rsplit("/", 1)[-1]


def _put_rule(context: Context, properties: Properties, had: Properties, name: str) -> Made:
    events, bus = context.connect("events"), _bus_name(properties)
    if properties.get("ScheduleExpression"):
        parse_schedule(properties["ScheduleExpression"])
    names = ("Description", "EventPattern", "RoleArn", "ScheduleExpression", "State")
    values = {"State": "ENABLED", **pick(properties, *names)}
    answer = call(events, "put_rule", values, Name=name, EventBusName=bus, Tags=_rows(properties))
    targets = properties.get("Targets") or []
    ids = [row["Id"] for row in targets]
    gone = [row["Id"] for row in had.get("Targets") or () if row["Id"] not in ids]
    if gone:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=gone)
    if targets:
        answered = call(events, "put_targets", {"Targets": targets}, Rule=name, EventBusName=bus)
        if answered.get("FailedEntryCount"):
            raise ResourceError(str(answered["FailedEntries"][0].get("ErrorMessage")))
    return Made(_rule_ref(bus, name), {"Arn": answer["RuleArn"]})


def _rule_ref(bus: str, name: str) -> str:
    return name if bus == "default" else f"{bus}|{name}"


def _update_rule(context: Context, ref: str, wanted: Properties, had: Properties) -> Made:
    return _put_rule(context, wanted, had, ref.rsplit("|", 1)[-1])


def _delete_rule(context: Context, ref: str, properties: Properties) -> None:
    events, bus, name = context.connect("events"), _bus_name(properties), ref.rsplit("|", 1)[-1]
    ids = [row["Id"] for row in events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]]
    if ids:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=ids)
    events.delete_rule(Name=name, EventBusName=bus)


def _make_bus(context: Context, properties: Properties) -> Made:
    events, name = context.connect("events"), properties["Name"]
    values = pick(
        properties, "Description", "EventSourceName", "KmsKeyIdentifier", "DeadLetterConfig"
    )
    arn = call(events, "create_event_bus", values, Name=name, Tags=_rows(properties))["EventBusArn"]
    return Made(name, {"Arn": arn, "Name": name, "Policy": ""})


def _update_bus(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    """Change the tags; moto has no UpdateEventBus, and nothing here reads the rest."""
    events, arn = context.connect("events"), context.arn("events", f"event-bus/{ref}")
    change_tags(
        wanted,
        had,
        lambda keys: events.untag_resource(ResourceARN=arn, TagKeys=keys),
        lambda tags: events.tag_resource(ResourceARN=arn, Tags=as_tag_rows(tags)),
    )


def _put_bus_policy(context: Context, properties: Properties) -> Made:
    events, statement = context.connect("events"), properties["StatementId"]
    bus = _bus_name(properties)
    if "Statement" in properties:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Sid": statement, **properties["Statement"]}],
        }
        events.put_permission(EventBusName=bus, Policy=as_document(document))
    else:
        values = pick(properties, "Action", "Principal", "Condition", "StatementId")
        call(events, "put_permission", values, EventBusName=bus)
    return Made(statement)


def _delete_bus_policy(context: Context, ref: str, properties: Properties) -> None:
    context.connect("events").remove_permission(StatementId=ref, EventBusName=_bus_name(properties))


def _connection(properties: Properties) -> dict[str, Any]:
    return pick(properties, "AuthorizationType", "AuthParameters", "Description")


def _make_connection(context: Context, properties: Properties) -> Made:
    events = context.connect("events")
    name = properties.get("Name") or context.make_name(64)
    arn = call(events, "create_connection", _connection(properties), Name=name)["ConnectionArn"]
    return Made(name, _describe_connection(events, name, arn))


def _describe_connection(events: Any, name: str, arn: str) -> dict[str, str]:
    secret = events.describe_connection(Name=name).get("SecretArn") or ""
    return {"Arn": arn, "SecretArn": secret}


def _update_connection(context: Context, ref: str, wanted: Properties, had: Properties) -> Made:
    events = context.connect("events")
    arn = call(events, "update_connection", _connection(wanted), Name=ref)["ConnectionArn"]
    return Made(ref, _describe_connection(events, ref, arn))


def _make_destination(context: Context, properties: Properties) -> Made:
    name = properties.get("Name") or context.make_name(64)
    values = without(properties, "Name")
    answer = call(context.connect("events"), "create_api_destination", values, Name=name)
    arn = answer["ApiDestinationArn"]
    return Made(name, {"Arn": arn, "ArnForPolicy": arn.rsplit("/", 1)[0]})


def _update_destination(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    call(context.connect("events"), "update_api_destination", without(wanted, "Name"), Name=ref)


def _make_archive(context: Context, properties: Properties) -> Made:
    name = properties.get("ArchiveName") or context.make_name(48)
    values = without(properties, "ArchiveName", "SourceArn")
    arn = call(
        context.connect("events"), "create_archive", values, ArchiveName=name,
        EventSourceArn=properties["SourceArn"],
    )["ArchiveArn"]  # fmt: skip
    return Made(name, {"Arn": arn, "ArchiveName": name})


def _update_archive(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    values = without(wanted, "ArchiveName", "SourceArn")
    call(context.connect("events"), "update_archive", values, ArchiveName=ref)


def _check_schedule(properties: Properties) -> None:
    zone = properties.get("ScheduleExpressionTimezone")
    parse_schedule(properties["ScheduleExpression"], zone)


def _make_schedule(context: Context, properties: Properties) -> Made:
    _check_schedule(properties)
    name = properties.get("Name") or context.make_name(64)
    values = {"State": "ENABLED", **without(properties, "Name")}
    answer = call(context.connect("scheduler"), "create_schedule", values, Name=name)
    return Made(name, {"Arn": answer["ScheduleArn"]})


def _update_schedule(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    _check_schedule(wanted)
    values = {"State": "ENABLED", **without(wanted, "Name")}
    call(context.connect("scheduler"), "update_schedule", values, Name=ref)


def _delete_schedule(context: Context, ref: str, properties: Properties) -> None:
    more = pick(properties, "GroupName")
    context.connect("scheduler").delete_schedule(Name=ref, **more)


def _make_group(context: Context, properties: Properties) -> Made:
    name = properties.get("Name") or context.make_name(64)
    scheduler = context.connect("scheduler")
    arn = scheduler.create_schedule_group(Name=name, Tags=_rows(properties) or [])[
        "ScheduleGroupArn"
    ]
    return Made(name, {"Arn": arn, "State": "ACTIVE"})


def _update_group(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    scheduler, arn = context.connect("scheduler"), context.arn("scheduler", f"schedule-group/{ref}")
    change_tags(
        wanted,
        had,
        lambda keys: scheduler.untag_resource(ResourceArn=arn, TagKeys=keys),
        lambda tags: scheduler.tag_resource(ResourceArn=arn, Tags=as_tag_rows(tags)),
    )


def _make_pipe(context: Context, properties: Properties) -> Made:
    name = properties.get("Name") or context.make_name(64)
    values = {"DesiredState": "RUNNING", **without(properties, "Name", "Tags")}
    answer = call(
        context.connect("pipes"), "create_pipe", values, Name=name,
        Tags=as_tags(properties.get("Tags")) or None,
    )  # fmt: skip
    return Made(name, {"Arn": answer["Arn"], "CurrentState": "RUNNING", "StateReason": ""})


def _update_pipe(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    values = {"DesiredState": "RUNNING", **without(wanted, "Name", "Tags", "Source")}
    source = dict(wanted.get("SourceParameters") or {})
    for inner in source.values():
        if isinstance(inner, dict):
            for fixed in ("StartingPosition", "StartingPositionTimestamp"):
                inner.pop(fixed, None)
    if source:
        values["SourceParameters"] = source
    call(context.connect("pipes"), "update_pipe", values, Name=ref)


KINDS = {
    "AWS::Events::Rule": Kind(_make_rule, _delete_rule, _update_rule, name="Name"),
    "AWS::Events::EventBus": Kind(
        _make_bus,
        delete_by("events", "delete_event_bus", "Name"),
        _update_bus,
        name="Name",
        unused=frozenset({"DeadLetterConfig", "LogConfig"}),
    ),
    "AWS::Events::EventBusPolicy": Kind(_put_bus_policy, _delete_bus_policy),
    "AWS::Events::Connection": Kind(
        _make_connection,
        delete_by("events", "delete_connection", "Name"),
        _update_connection,
        name="Name",
        refused=frozenset({"InvocationConnectivityParameters"}),
    ),
    "AWS::Events::ApiDestination": Kind(
        _make_destination,
        delete_by("events", "delete_api_destination", "Name"),
        _update_destination,
        name="Name",
    ),
    "AWS::Events::Archive": Kind(
        _make_archive,
        delete_by("events", "delete_archive", "ArchiveName"),
        _update_archive,
        name="ArchiveName",
        unused=frozenset({"RetentionDays"}),
    ),
    "AWS::Pipes::Pipe": Kind(
        _make_pipe,
        delete_by("pipes", "delete_pipe", "Name"),
        _update_pipe,
        name="Name",
        unused=frozenset({"LogConfiguration"}),
    ),
    "AWS::Scheduler::Schedule": Kind(
        _make_schedule, _delete_schedule, _update_schedule, name="Name"
    ),
    "AWS::Scheduler::ScheduleGroup": Kind(
        _make_group,
        delete_by("scheduler", "delete_schedule_group", "Name"),
        _update_group,
        name="Name",
    ),
}
