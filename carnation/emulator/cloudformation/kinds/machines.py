"""State machines, their versions and aliases, and activities.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from carnation.cloudformation.parameters import as_text
from carnation.emulator.cloudformation.kind import (
    Context,
    Kind,
    Made,
    Properties,
    ResourceError,
    already_exists,
    delete_by,
)
from carnation.emulator.cloudformation.requests import (
    as_tags,
    call,
    change_tags,
    make_request,
    pick,
)

_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9_.:-]+)\}")
_CONFIGURATIONS = ("LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration")


def substitute_definition(definition: str, substitutions: Mapping[str, Any], where: str) -> str:
    """Fill `${Name}` of a state machine's definition; one that is not given is an error.

    >>> substitute_definition('{"Resource": "${Arn}"}', {"Arn": "arn:aws:x"}, "'m'")
    '{"Resource": "arn:aws:x"}'
    """

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in substitutions:
            raise ResourceError(
                f"{where}: the definition uses ${{{name}}}, which DefinitionSubstitutions does "
                f"not define; defined: {', '.join(sorted(substitutions)) or 'nothing'}."
            )
        value = substitutions[name]
        return json.dumps(value) if isinstance(value, (dict, list)) else as_text(value)

    return _SUBSTITUTION.sub(replace, definition)


def _read_definition(context: Context, name: str, properties: Properties) -> str:
    names = ("Definition", "DefinitionString", "DefinitionS3Location")
    given = [key for key in names if key in properties]
    if len(given) != 1:
        raise ResourceError(
            f"state machine '{name}' has {' and '.join(given) or 'no definition'}; expected one "
            f"of Definition, DefinitionString, and DefinitionS3Location."
        )
    value = properties[given[0]]
    if given[0] == "Definition":
        return json.dumps(value)
    if given[0] == "DefinitionString":
        return str(value)
    location = pick(value, "Bucket", "Key", Version="VersionId")
    answer = context.connect("s3").get_object(**location)
    text: str = answer["Body"].read().decode("utf-8")
    return text


def _make_request(context: Context, name: str, properties: Properties) -> dict[str, Any]:
    text = _read_definition(context, name, properties)
    definition = substitute_definition(
        text, properties.get("DefinitionSubstitutions") or {}, f"state machine '{name}'"
    )
    values = pick(properties, "RoleArn", *_CONFIGURATIONS)
    client = context.connect("stepfunctions")
    return make_request(client, "update_state_machine", values, definition=definition)


def _make_machine(context: Context, properties: Properties) -> Made:
    name = properties.get("StateMachineName") or context.make_name(80)
    client = context.connect("stepfunctions")
    arn = context.arn("states", f"stateMachine:{name}")
    if any(
        row["stateMachineArn"] == arn
        for page in client.get_paginator("list_state_machines").paginate()
        for row in page["stateMachines"]
    ):
        raise already_exists("AWS::StepFunctions::StateMachine", arn)
    tags = [{"key": key, "value": value} for key, value in as_tags(properties.get("Tags")).items()]
    request = _make_request(context, name, properties)
    kind = properties.get("StateMachineType", "STANDARD")
    try:
        client.create_state_machine(name=name, type=kind, tags=tags, **request)
    except ClientError as error:
        _explain(error)
        raise
    return _describe(client, arn, name)


def _explain(error: ClientError) -> None:
    """Name a definition that cannot run as the cause."""
    if error.response["Error"]["Code"] in ("InvalidDefinition", ""):
        # a parser's complaint continues with every word that it expected instead
        reason = error.response["Error"]["Message"].split(" expecting ")[0]
        raise ResourceError(f"its definition is not one that can run: {reason}") from error


def _describe(client: Any, arn: str, name: str) -> Made:
    found = client.describe_state_machine(stateMachineArn=arn)
    revision = found.get("revisionId") or "INITIAL"  # the API names revisions from the second on
    return Made(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": revision})


def _update_machine(context: Context, ref: str, wanted: Properties, had: Properties) -> Made:
    name = ref.rsplit(":", 1)[1]
    client = context.connect("stepfunctions")
    try:
        client.update_state_machine(stateMachineArn=ref, **_make_request(context, name, wanted))
    except ClientError as error:
        _explain(error)
        raise
    _change_tags(client, ref, wanted, had)
    return _describe(client, ref, name)


def _read_machine(context: Context, ref: str, properties: Properties) -> Properties:
    found = context.connect("stepfunctions").describe_state_machine(stateMachineArn=ref)
    made = {"RoleArn": found["roleArn"], "StateMachineType": found["type"]}
    text = substitute_definition(
        _read_definition(context, ref, properties),
        properties.get("DefinitionSubstitutions") or {}, ref,
    )  # fmt: skip
    if json.loads(text) != json.loads(found["definition"]):
        key = next(key for key in properties if key.startswith("Definition"))
        made[key] = found["definition"]
    return {key: value for key, value in made.items() if key in properties}


def _delete_machine(context: Context, ref: str, properties: Properties) -> None:
    """Delete a state machine; an execution that waits would keep it from being deleted."""
    client = context.connect("stepfunctions")
    if client.describe_state_machine(stateMachineArn=ref)["type"] == "STANDARD":
        for page in client.get_paginator("list_executions").paginate(
            stateMachineArn=ref, statusFilter="RUNNING"
        ):
            for row in page["executions"]:
                client.stop_execution(executionArn=row["executionArn"])
    client.delete_state_machine(stateMachineArn=ref)


def _make_version(context: Context, properties: Properties) -> Made:
    values = {
        "stateMachineArn": properties["StateMachineArn"],
        "revisionId": properties.get("StateMachineRevisionId"),
        "description": properties.get("Description"),
    }
    client = context.connect("stepfunctions")
    arn = call(client, "publish_state_machine_version", values)["stateMachineVersionArn"]
    return Made(arn, {"Arn": arn})


def _delete_version(context: Context, ref: str, properties: Properties) -> None:
    client = context.connect("stepfunctions")
    client.delete_state_machine_version(stateMachineVersionArn=ref)


def _make_alias(context: Context, properties: Properties) -> Made:
    list(_list_percentages(properties.get("DeploymentPreference") or {}))  # checked from the first
    request = {"name": properties.get("Name") or context.make_name(80), **_route(properties)}
    client = context.connect("stepfunctions")
    arn = client.create_state_machine_alias(**request)["stateMachineAliasArn"]
    return Made(arn, {"Arn": arn})


def _update_alias(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    """Route an alias, in the steps of its `DeploymentPreference`; an alarm moves it back.

    Here no time passes between the steps, but the alarms are looked at before each.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-stepfunctions-statemachinealias-deploymentpreference.html
    """
    client = context.connect("stepfunctions")
    before = client.describe_state_machine_alias(stateMachineAliasArn=ref)["routingConfiguration"]
    preference = wanted.get("DeploymentPreference") or {}
    request = _route(wanted)
    target = request["routingConfiguration"][0]["stateMachineVersionArn"]
    moves = before[0]["stateMachineVersionArn"] != target
    for percentage in _list_percentages(preference) if moves else ():
        alarm = _find_alarm(context, preference)
        if alarm:
            client.update_state_machine_alias(stateMachineAliasArn=ref, routingConfiguration=before)
            raise ResourceError(
                f"alarm '{alarm}' is in ALARM, so that the alias was moved back to where it was"
            )
        routes = [
            {**before[0], "weight": 100 - percentage},
            {"stateMachineVersionArn": target, "weight": percentage},
        ]
        client.update_state_machine_alias(stateMachineAliasArn=ref, routingConfiguration=routes)
    client.update_state_machine_alias(stateMachineAliasArn=ref, **request)


def _list_percentages(preference: Properties) -> Iterator[int]:
    """List the percentages that a gradual deployment sends to the new version before all."""
    kind = preference.get("Type", "ALL_AT_ONCE")
    if kind == "ALL_AT_ONCE":
        return
    missing = [name for name in ("Percentage", "Interval") if name not in preference]
    if missing:
        raise ResourceError(f"a deployment preference of type {kind} requires {missing[0]}.")
    step = int(preference["Percentage"])
    yield from (step,) if kind == "CANARY" else range(step, 100, step)


def _find_alarm(context: Context, preference: Properties) -> str:
    """Find an alarm that goes off; one that does not exist is quiet, as with AWS."""
    names = list(preference.get("Alarms") or ())
    if not names:
        return ""
    rows = context.connect("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return next((row["AlarmName"] for row in rows if row["StateValue"] == "ALARM"), "")


def _route(properties: Properties) -> dict[str, Any]:
    routes = properties.get("RoutingConfiguration")
    if not routes:
        version = (properties.get("DeploymentPreference") or {}).get("StateMachineVersionArn")
        if version is None:
            raise ResourceError(
                "the alias has neither RoutingConfiguration nor DeploymentPreference; set one."
            )
        # the first deployment of an alias moves all traffic at once, whatever the preference
        routes = [{"StateMachineVersionArn": version, "Weight": 100}]
    rows = [
        {"stateMachineVersionArn": row["StateMachineVersionArn"], "weight": int(row["Weight"])}
        for row in routes
    ]
    return {"routingConfiguration": rows, **pick(properties, Description="description")}


def _make_activity(context: Context, properties: Properties) -> Made:
    client = context.connect("stepfunctions")
    name = properties["Name"]
    arn = context.arn("states", f"activity:{name}")
    if any(
        row["activityArn"] == arn
        for page in client.get_paginator("list_activities").paginate()
        for row in page["activities"]
    ):
        raise already_exists("AWS::StepFunctions::Activity", arn)
    tags = [{"key": key, "value": value} for key, value in as_tags(properties.get("Tags")).items()]
    values = pick(properties, "EncryptionConfiguration")
    call(client, "create_activity", values, name=name, tags=tags or None)
    return Made(arn, {"Arn": arn, "Name": name})


def _update_activity(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    _change_tags(context.connect("stepfunctions"), ref, wanted, had)


def _change_tags(client: Any, ref: str, wanted: Properties, had: Properties) -> None:
    change_tags(
        wanted,
        had,
        lambda keys: client.untag_resource(resourceArn=ref, tagKeys=keys),
        lambda tags: client.tag_resource(
            resourceArn=ref, tags=[{"key": key, "value": value} for key, value in tags.items()]
        ),
    )


KINDS = {
    "AWS::StepFunctions::StateMachine": Kind(
        _make_machine, _delete_machine, _update_machine, _read_machine, "StateMachineName"
    ),
    "AWS::StepFunctions::StateMachineVersion": Kind(_make_version, _delete_version),
    "AWS::StepFunctions::StateMachineAlias": Kind(
        _make_alias,
        delete_by("stepfunctions", "delete_state_machine_alias", "stateMachineAliasArn"),
        _update_alias,
        name="Name",
    ),
    "AWS::StepFunctions::Activity": Kind(
        _make_activity,
        delete_by("stepfunctions", "delete_activity", "activityArn"),
        _update_activity,
        name="Name",
    ),
}
