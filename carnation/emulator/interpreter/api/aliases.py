"""Operations on aliases of state machines, and the choice of the version that one leads to."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from carnation.emulator.interpreter.api.errors import (
    ApiError,
    invalid_arn,
    no_referenced_resource,
    no_state_machine,
    validation_error,
)
from carnation.emulator.interpreter.api.names import StatesArn, parse_machine_arn
from carnation.emulator.interpreter.api.pages import cut_page
from carnation.emulator.interpreter.api.records import (
    Alias,
    Region,
    Route,
    StateMachine,
    Version,
    check_active,
)
from carnation.emulator.interpreter.requests import read_time

Params = Mapping[str, Any]
MAX_ALIASES = 100


def create_state_machine_alias(region: Region, params: Params) -> dict[str, Any]:
    """Create an alias; the same request again gives the same answer."""
    machine, routes = _read_routes(region, params["routingConfiguration"])
    check_active(machine)
    name, description = params["name"], params.get("description")
    alias = machine.aliases.get(name)
    if alias is None and len(machine.aliases) >= MAX_ALIASES:
        text = f"A state machine has at most {MAX_ALIASES} aliases. Delete unused aliases."
        raise ApiError("ServiceQuotaExceededException", text)
    if alias is None:
        alias = Alias(f"{machine.arn}:{name}", name, routes, description)
        machine.aliases[name] = alias
    elif (alias.routes, alias.description) != (routes, description):
        raise ApiError(
            "ConflictException",
            "Failed to create alias because an alias with the same name and a different routing "
            "configuration already exists.",
        )
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}


def _read_routes(
    region: Region, given: Sequence[Mapping[str, Any]]
) -> tuple[StateMachine, tuple[Route, ...]]:
    routes = tuple(Route(item["stateMachineVersionArn"], item["weight"]) for item in given)
    texts = [route.version_arn for route in routes]
    arns = [parse_machine_arn(text) for text in texts]
    received = f"Received: [{', '.join(texts)}]"
    if not all(arn.qualifier.isdecimal() for arn in arns):
        raise _invalid(f"Routing configuration must contain state machine version ARNs. {received}")
    if len(set(texts)) < len(texts):
        raise _invalid(
            f"Routing configuration must contain distinct state machine version ARNs. {received}"
        )
    if len({arn.machine for arn in arns}) > 1:
        raise _invalid(
            "Routing configuration must contain version ARNs of the same state machine. " + received
        )
    weights = [route.weight for route in routes]
    if sum(weights) != 100:
        raise _invalid(f"Sum of routing configuration weights must equal 100. Received: {weights}")
    machine = region.machines.get(arns[0].machine)
    if machine is None or not all(int(arn.qualifier) in machine.versions for arn in arns):
        raise no_referenced_resource()
    return machine, routes


def _invalid(message: str) -> ApiError:
    return validation_error(message, "INVALID_ROUTING_CONFIGURATION")


def _find_alias(region: Region, text: str) -> tuple[StateMachine, Alias]:
    arn = _parse_alias(text)
    machine = region.machines.get(arn.machine)
    alias = machine.aliases.get(arn.qualifier) if machine else None
    if machine is None or alias is None:
        raise no_referenced_resource()
    return machine, alias


def _parse_alias(text: str) -> StatesArn:
    arn = parse_machine_arn(text)
    if not arn.qualifier or arn.qualifier.isdecimal():
        raise invalid_arn(f"Resource is not a state machine alias: {text}")
    return arn


def describe_state_machine_alias(region: Region, params: Params) -> dict[str, Any]:
    """Describe an alias."""
    _, alias = _find_alias(region, params["stateMachineAliasArn"])
    return {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "description": alias.description,
        "routingConfiguration": [
            {"stateMachineVersionArn": route.version_arn, "weight": route.weight}
            for route in alias.routes
        ],
        "creationDate": alias.created,
        "updateDate": alias.updated or alias.created,
    }


def update_state_machine_alias(region: Region, params: Params) -> dict[str, Any]:
    """Lead an alias elsewhere, or describe it in other words."""
    machine, alias = _find_alias(region, params["stateMachineAliasArn"])
    check_active(machine)
    if "routingConfiguration" not in params and "description" not in params:
        raise validation_error(
            "Either the description or the routing configuration must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    if "routingConfiguration" in params:
        owner, routes = _read_routes(region, params["routingConfiguration"])
        if owner is not machine:
            texts = ", ".join(route.version_arn for route in routes)
            raise _invalid(
                "Routing configuration must contain version ARNs of the alias's state machine. "
                f"Received: [{texts}]"
            )
        alias.routes = routes
    alias.description = params.get("description", alias.description)
    alias.updated = read_time()
    return {"updateDate": alias.updated}


def delete_state_machine_alias(region: Region, params: Params) -> dict[str, Any]:
    """Delete an alias, if there is one."""
    arn = _parse_alias(params["stateMachineAliasArn"])
    machine = region.machines.get(arn.machine)
    if machine is not None:
        machine.aliases.pop(arn.qualifier, None)
    return {}


def list_state_machine_aliases(region: Region, params: Params) -> dict[str, Any]:
    """List the aliases of a state machine, or those that lead to a version."""
    machine, arn = region.find_machine(params["stateMachineArn"])
    check_active(machine)
    rows = [
        alias
        for alias in machine.aliases.values()
        if not arn.qualifier or any(route.version_arn == arn.text for route in alias.routes)
    ]
    page, more = cut_page("ListStateMachineAliases", params, rows, lambda alias: alias.arn)
    described = [
        {"stateMachineAliasArn": alias.arn, "creationDate": alias.created} for alias in page
    ]
    return {"stateMachineAliases": described, **more}


def choose_version(machine: StateMachine, arn: StatesArn) -> tuple[Version | None, Alias | None]:
    """Return the version to run by an ARN (None: the state machine as it is), and the alias.

    Raises `ApiError` (StateMachineDoesNotExist) for a version or an alias that is not there.
    """
    if not arn.qualifier:
        return None, None
    alias = machine.aliases.get(arn.qualifier)
    qualifier = arn.qualifier
    if alias is not None:
        weights = [route.weight for route in alias.routes]
        (route,) = random.choices(alias.routes, weights)  # noqa: S311 - no secret
        qualifier = route.version_arn.rpartition(":")[2]
    version = machine.versions.get(int(qualifier)) if qualifier.isdecimal() else None
    if version is None:
        raise no_state_machine(arn.text)
    return version, alias
