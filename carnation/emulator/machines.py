"""State machines, their versions and aliases, made from a template's properties.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from carnation.emulator import interpreter
from carnation.emulator.templates import as_boolean, substitute_definition
from carnation.errors import EmulatorError

Properties = Mapping[str, Any]
Connect = Callable[[str], Any]


def make_machine(connect: Connect, name: str, properties: Properties) -> tuple[str, dict[str, Any]]:
    """Make a state machine; gives its ARN and its attributes."""
    name = properties.get("StateMachineName", name)
    request = _make_request(connect, name, properties)
    request |= {
        "name": name,
        "type": properties.get("StateMachineType", "STANDARD"),
        "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags", ())],
    }
    try:
        arn = connect("stepfunctions").create_state_machine(**request)["stateMachineArn"]
    except ClientError as error:
        # the parser's complaint goes on with every word that it expected instead
        reason = error.response["Error"]["Message"].split(" expecting ")[0]
        raise EmulatorError(f"its definition is not one that can run: {reason}") from error
    return arn, _describe(arn, name)


def update_machine(
    connect: Connect, arn: str, properties: Properties
) -> tuple[str, dict[str, Any]]:
    """Give a state machine another definition, role or configuration; its versions stay."""
    name = arn.rsplit(":", 1)[1]
    request = _make_request(connect, name, properties)
    connect("stepfunctions").update_state_machine(stateMachineArn=arn, **request)
    return arn, _describe(arn, name)


def _describe(arn: str, name: str) -> dict[str, Any]:
    revision = interpreter.find_revision(arn)
    return {"Arn": arn, "Name": name, "StateMachineRevisionId": revision}


def _make_request(connect: Connect, name: str, properties: Properties) -> dict[str, Any]:
    text = _read_definition(connect, name, properties)
    definition = substitute_definition(
        text, properties.get("DefinitionSubstitutions") or {}, f"state machine '{name}'"
    )
    interpreter.refuse_beyond_reach(definition)
    request: dict[str, Any] = {"definition": definition, "roleArn": properties["RoleArn"]}
    for field in ("LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration"):
        if field in properties:
            value = _lower_names(properties[field])
            request[field[0].lower() + field[1:]] = value
    return request


def _read_definition(connect: Connect, name: str, properties: Properties) -> str:
    given = [
        key
        for key in ("Definition", "DefinitionString", "DefinitionS3Location")
        if key in properties
    ]
    if len(given) != 1:
        raise EmulatorError(
            f"state machine '{name}' has {' and '.join(given) or 'no definition'}; it takes one of "
            "Definition, DefinitionString and DefinitionS3Location."
        )
    value = properties[given[0]]
    if given[0] == "Definition":
        return json.dumps(value)
    if given[0] == "DefinitionString":
        return str(value)
    answer = connect("s3").get_object(Bucket=value["Bucket"], Key=value["Key"])
    text: str = answer["Body"].read().decode("utf-8")
    return text


_BOOLEANS = ("enabled", "includeExecutionData")


def _lower_names(value: Any) -> Any:
    """Write a configuration's field names as the API does: `IncludeExecutionData` → `include…`."""
    if isinstance(value, list):
        return [_lower_names(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    lowered = {key[0].lower() + key[1:]: _lower_names(item) for key, item in value.items()}
    for key in _BOOLEANS:
        if key in lowered:
            lowered[key] = as_boolean(lowered[key])
    if "kmsDataKeyReusePeriodSeconds" in lowered:
        lowered["kmsDataKeyReusePeriodSeconds"] = int(lowered["kmsDataKeyReusePeriodSeconds"])
    return lowered


def make_version(connect: Connect, name: str, properties: Properties) -> tuple[str, dict[str, Any]]:
    """Publish a version of a state machine; gives its ARN and its attributes."""
    arn = interpreter.publish_version(
        properties["StateMachineArn"],
        properties.get("StateMachineRevisionId"),
        properties.get("Description"),
    )
    return arn, {"Arn": arn}


def make_alias(connect: Connect, name: str, properties: Properties) -> tuple[str, dict[str, Any]]:
    """Make an alias that routes to a version, or as `DeploymentPreference` says."""
    list(_list_shares(properties.get("DeploymentPreference") or {}))  # refused from the first
    request = {"name": properties.get("Name", name), **_route(properties)}
    answer = connect("stepfunctions").create_state_machine_alias(**request)
    arn = answer["stateMachineAliasArn"]
    return arn, {"Arn": arn}


def update_alias(connect: Connect, arn: str, properties: Properties) -> None:
    """Route an alias anew, in the steps of its `DeploymentPreference`; an alarm moves it back.

    Here no time passes between the steps, but the alarms are looked at before each.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-stepfunctions-statemachinealias-deploymentpreference.html
    """
    client = connect("stepfunctions")
    before = client.describe_state_machine_alias(stateMachineAliasArn=arn)["routingConfiguration"]
    preference = properties.get("DeploymentPreference") or {}
    request = _route(properties)
    target = request["routingConfiguration"][0]["stateMachineVersionArn"]
    moves = [{**before[0], "weight": 100}] if before[0]["stateMachineVersionArn"] != target else []
    for share in _list_shares(preference) if moves else ():
        alarm = _find_alarm(connect, preference)
        if alarm:
            client.update_state_machine_alias(stateMachineAliasArn=arn, routingConfiguration=before)
            raise EmulatorError(
                f"alarm '{alarm}' is in ALARM, so that the alias was moved back to where it was"
            )
        routes = [
            {**moves[0], "weight": 100 - share},
            {"stateMachineVersionArn": target, "weight": share},
        ]
        client.update_state_machine_alias(stateMachineAliasArn=arn, routingConfiguration=routes)
    client.update_state_machine_alias(stateMachineAliasArn=arn, **request)


def _list_shares(preference: Properties) -> Iterator[int]:
    """List the percentages that a gradual deployment sends to the new version before all."""
    kind = preference.get("Type", "ALL_AT_ONCE")
    if kind not in ("ALL_AT_ONCE", "CANARY", "LINEAR"):
        raise EmulatorError(f"an alias moves ALL_AT_ONCE, as CANARY or LINEAR, not '{kind}'.")
    if kind == "ALL_AT_ONCE":
        return
    missing = [name for name in ("Percentage", "Interval") if name not in preference]
    if missing:
        raise EmulatorError(f"a deployment preference of type {kind} takes {missing[0]}, too.")
    step = int(preference["Percentage"])
    yield from (step,) if kind == "CANARY" else range(step, 100, step)


def _find_alarm(connect: Connect, preference: Properties) -> str:
    """Find an alarm that goes off; one that does not exist is quiet, as with AWS."""
    names = list(preference.get("Alarms") or ())
    rows = connect("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"] if names else ()
    return next((row["AlarmName"] for row in rows if row["StateValue"] == "ALARM"), "")


def _route(properties: Properties) -> dict[str, Any]:
    routes = properties.get("RoutingConfiguration")
    if not routes:
        version = (properties.get("DeploymentPreference") or {}).get("StateMachineVersionArn")
        if version is None:
            raise EmulatorError(
                "the alias has neither RoutingConfiguration nor DeploymentPreference; give one."
            )
        # the first deployment of an alias moves all traffic at once, whatever the preference
        routes = [{"StateMachineVersionArn": version, "Weight": 100}]
    request: dict[str, Any] = {
        "routingConfiguration": [
            {
                "stateMachineVersionArn": route["StateMachineVersionArn"],
                "weight": int(route["Weight"]),
            }
            for route in routes
        ],
    }
    if "Description" in properties:
        request["description"] = properties["Description"]
    return request
