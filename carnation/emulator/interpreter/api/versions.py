"""Operations on versions of state machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.interpreter.api.errors import ApiError, invalid_arn
from carnation.emulator.interpreter.api.names import parse_machine_arn
from carnation.emulator.interpreter.api.pages import cut_page
from carnation.emulator.interpreter.api.records import Region, StateMachine, Version, check_active

Params = Mapping[str, Any]
MAX_VERSIONS = 1000
INITIAL = "INITIAL"  # the revision before the first update


def publish_revision(machine: StateMachine, description: str | None) -> Version:
    """Publish a state machine as it is now, unless that has been done."""
    for version in machine.versions.values():
        if version.revision == machine.revision:
            return version
    if len(machine.versions) >= MAX_VERSIONS:
        text = f"A state machine has at most {MAX_VERSIONS} versions. Delete unused versions."
        raise ApiError("ServiceQuotaExceededException", text)
    machine.last_version += 1
    arn = f"{machine.arn}:{machine.last_version}"
    version = machine.versions[machine.last_version] = Version(arn, machine.revision, description)
    return version


def publish_state_machine_version(region: Region, params: Params) -> dict[str, Any]:
    """Publish the current revision, which has to be the one that is named."""
    machine = region.find_base_machine(params["stateMachineArn"])
    check_active(machine)
    wanted, current = params.get("revisionId"), machine.revision.id or INITIAL
    if wanted and wanted != current:
        raise ApiError(
            "ConflictException",
            f"Failed to publish the State Machine version for revision {wanted}. The current "
            f"State Machine revision is {current}.",
        )
    version = publish_revision(machine, params.get("description"))
    return {"stateMachineVersionArn": version.arn, "creationDate": version.created}


def list_state_machine_versions(region: Region, params: Params) -> dict[str, Any]:
    """List a state machine's versions, the newest first."""
    arn = parse_machine_arn(params["stateMachineArn"])
    machine = region.machines.get(arn.machine)
    rows = (
        [machine.versions[number] for number in sorted(machine.versions, reverse=True)]
        if machine
        else []
    )
    page, more = cut_page("ListStateMachineVersions", params, rows, lambda version: version.arn)
    described = [
        {"stateMachineVersionArn": version.arn, "creationDate": version.created} for version in page
    ]
    return {"stateMachineVersions": described, **more}


def delete_state_machine_version(region: Region, params: Params) -> dict[str, Any]:
    """Delete a version that no alias leads to; its number is not used again."""
    text = params["stateMachineVersionArn"]
    arn = parse_machine_arn(text)
    if not arn.qualifier.isdecimal():
        raise invalid_arn(f"Resource is not a state machine version: {text}")
    machine = region.machines.get(arn.machine)
    if machine is None:
        return {}
    names = [
        alias.name
        for alias in machine.aliases.values()
        if any(route.version_arn == text for route in alias.routes)
    ]
    if names:
        raise ApiError(
            "ConflictException",
            "Version to be deleted must not be referenced by an alias. Current list of aliases "
            f"referencing this version: [{', '.join(names)}]",
        )
    machine.versions.pop(int(arn.qualifier), None)
    return {}
