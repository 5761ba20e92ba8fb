"""Operations on state machines: create, update, describe, list, delete."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnation.asl import walk_states
from carnation.emulator.interpreter.api.definitions import check_definition
from carnation.emulator.interpreter.api.encryption import check_key, read_encryption
from carnation.emulator.interpreter.api.errors import ApiError, no_state_machine, validation_error
from carnation.emulator.interpreter.api.names import (
    StatesArn,
    check_name,
    check_role,
    parse_arn,
)
from carnation.emulator.interpreter.api.pages import cut_page
from carnation.emulator.interpreter.api.records import (
    NO_LOGGING,
    Region,
    StateMachine,
    Version,
    check_active,
)
from carnation.emulator.interpreter.api.tags import read_tags
from carnation.emulator.interpreter.api.variables import list_variables
from carnation.emulator.interpreter.api.versions import publish_revision
from carnation.emulator.interpreter.requests import Revision

Params = Mapping[str, Any]
_UPDATED = (
    *("definition", "roleArn", "loggingConfiguration", "tracingConfiguration"),
    "encryptionConfiguration",
)


def create_state_machine(region: Region, params: Params) -> dict[str, Any]:
    """Create a state machine; the same request again gives the same answer."""
    check_name(params["name"])
    check_role(params["roleArn"])
    _check_publish(params)
    kind = params.get("type", "STANDARD")
    revision = Revision(
        definition=params["definition"],
        role_arn=params["roleArn"],
        logging=_read_logging(params.get("loggingConfiguration")),
        tracing=_read_tracing(params.get("tracingConfiguration")),
        encryption=read_encryption(region, params.get("encryptionConfiguration")),
    )
    check_definition(revision.definition, kind)
    tags = read_tags({}, params.get("tags", ()))
    arn = region.arn("stateMachine", params["name"])
    published = (bool(params.get("publish")), params.get("versionDescription"))
    machine = region.machines.get(arn)
    if machine is None:
        machine = StateMachine(arn, params["name"], kind, revision, published, tags)
        region.machines[arn] = machine
    check_active(machine)
    if not _is_same(machine, kind, revision) or machine.published_first != published:
        raise ApiError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
    found = {"stateMachineArn": arn, "creationDate": machine.created}
    if params.get("publish"):
        version = publish_revision(machine, params.get("versionDescription"))
        found["stateMachineVersionArn"] = version.arn
    return found


def _is_same(machine: StateMachine, kind: str, revision: Revision) -> bool:
    """Compare what AWS compares: neither the role nor the tags."""
    before = machine.revision
    return machine.type == kind and replace(
        before, role_arn="", id=None, date=revision.date
    ) == replace(revision, role_arn="")


def _check_publish(params: Params) -> None:
    if "versionDescription" in params and not params.get("publish"):
        raise validation_error("Version description can only be set when publish is true")


def update_state_machine(region: Region, params: Params) -> dict[str, Any]:
    """Return a state machine another revision."""
    machine = region.find_base_machine(params["stateMachineArn"])
    check_active(machine)
    if not any(name in params for name in _UPDATED):
        raise ApiError(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the "
            "TracingConfiguration must be specified",
        )
    _check_publish(params)
    revision = _revise(region, machine.revision, params)
    check_definition(revision.definition, machine.type)
    machine.revision = revision
    found: dict[str, Any] = {"updateDate": revision.date, "revisionId": revision.id}
    if params.get("publish"):
        version = publish_revision(machine, params.get("versionDescription"))
        found["stateMachineVersionArn"] = version.arn
    return found


def _revise(region: Region, before: Revision, params: Params) -> Revision:
    if "roleArn" in params:
        check_role(params["roleArn"])
    logging, tracing, encryption = (params.get(name) for name in _UPDATED[2:])
    return Revision(
        definition=params.get("definition", before.definition),
        role_arn=params.get("roleArn", before.role_arn),
        logging=before.logging if logging is None else _read_logging(logging),
        tracing=before.tracing if tracing is None else _read_tracing(tracing),
        encryption=before.encryption if encryption is None else read_encryption(region, encryption),
        id=str(uuid.uuid4()),
    )


def _read_logging(given: Mapping[str, Any] | None) -> dict[str, Any]:
    found = {**NO_LOGGING, **(given or {})}
    destinations = found.get("destinations") or ()
    if (found["level"] != "OFF" and len(destinations) != 1) or len(destinations) > 1:
        raise _invalid_logging("Must specify exactly one Log Destination.")
    for destination in destinations:
        group = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        if not (group.startswith("arn:") and ":logs:" in group and group.endswith(":*")):
            raise _invalid_logging(
                "Log Destination must be a CloudWatch Logs log group ARN ending in :*"
            )
    return found


def _invalid_logging(detail: str) -> ApiError:
    text = f"Invalid Logging Configuration: {detail}"
    return ApiError("InvalidLoggingConfiguration", text)


def _read_tracing(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"enabled": bool((given or {}).get("enabled", False))}


def describe_state_machine(region: Region, params: Params) -> dict[str, Any]:
    """Describe a state machine, one of its versions, or a distributed Map of it."""
    machine, arn = region.find_machine(params["stateMachineArn"], labeled=True)
    version = find_version(machine, arn.qualifier) if arn.qualifier else None
    if arn.qualifier and version is None:
        raise no_state_machine(params["stateMachineArn"])
    revision = version.revision if version else machine.revision
    if arn.label:
        revision = replace(revision, definition=_find_labeled(revision.definition, arn))
    return {
        "stateMachineArn": arn.text,
        "name": machine.name,
        "status": machine.status,
        "type": machine.type,
        "creationDate": version.created if version else machine.created,
        "description": version.description if version else None,
        "label": arn.label or None,
        "revisionId": revision.id,
        **describe_revision(region, revision, params),
    }


def _find_labeled(definition: str, arn: StatesArn) -> str:
    """Return what the children of a distributed Map run, or raise `ApiError`."""
    for place in walk_states(json.loads(definition)):
        if place.body.get("Label") == arn.label:
            return json.dumps(place.body.get("ItemProcessor", place.body.get("Iterator")))
    raise no_state_machine(arn.text)


def describe_revision(region: Region, revision: Revision, params: Params) -> dict[str, Any]:
    """Describe what a revision holds; the definition only where it is asked for."""
    whole = params.get("includedData", "ALL_DATA") == "ALL_DATA"
    if whole:
        check_key(region, revision.encryption)
    return {
        "definition": revision.definition if whole else "{}",
        "roleArn": revision.role_arn,
        "loggingConfiguration": revision.logging,
        "tracingConfiguration": revision.tracing,
        "encryptionConfiguration": revision.encryption,
        "variableReferences": list_variables(revision.definition) or None if whole else None,
    }


def find_version(machine: StateMachine, qualifier: str) -> Version | None:
    """Find a version by its number."""
    return machine.versions.get(int(qualifier)) if qualifier.isdecimal() else None


def list_state_machines(region: Region, params: Params) -> dict[str, Any]:
    """List state machines, in the order of their names."""
    rows = sorted(region.machines.values(), key=lambda machine: machine.name)
    page, more = cut_page("ListStateMachines", params, rows, lambda machine: machine.arn)
    described = [
        {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "type": machine.type,
            "creationDate": machine.created,
        }
        for machine in page
    ]
    return {"stateMachines": described, **more}


def delete_state_machine(region: Region, params: Params) -> dict[str, Any]:
    """Delete a state machine with its versions and aliases.

    Its running executions end at their next transition; until the last has ended, the state machine
    is DELETING.
    """
    arn = parse_arn(params["stateMachineArn"], "stateMachine")
    if arn.label or arn.qualifier:
        raise validation_error(f"This operation does not support qualified ARNs: '{arn.text}'")
    machine = region.machines.get(arn.machine)
    if machine is not None:
        machine.status = "DELETING"
        for run in region.list_executions_of(machine):
            run.stop_soon()
        region.remove_deleted()
    return {}
