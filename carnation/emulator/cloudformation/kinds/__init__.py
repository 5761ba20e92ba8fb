"""The resource types that the emulator makes, one row a type, by the services' own APIs.

A type without a row is rejected by name before anything of its stack is made.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html
"""

from __future__ import annotations

from carnation.emulator.cloudformation.kind import Kind
from carnation.emulator.cloudformation.kinds import (
    apis,
    buckets,
    custom,
    events,
    functions,
    keys,
    machines,
    messaging,
    roles,
    tables,
    watching,
)

KINDS: dict[str, Kind] = {
    **apis.KINDS,
    **buckets.KINDS,
    **custom.KINDS,
    **events.KINDS,
    **functions.KINDS,
    **machines.KINDS,
    **messaging.KINDS,
    **keys.KINDS,
    **roles.KINDS,
    **tables.KINDS,
    **watching.KINDS,
}


def find_kind(resource_type: str) -> Kind | None:
    """Return the row of a type; `Custom::…` is a custom resource."""
    if resource_type.startswith("Custom::"):
        return custom.KINDS["AWS::CloudFormation::CustomResource"]
    return KINDS.get(resource_type)
