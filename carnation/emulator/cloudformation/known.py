"""What a stack's templates may refer to: its resources, exports of others, and stored values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from carnation.cloudformation.dynamic_references import DynamicReference, replace_references
from carnation.cloudformation.intrinsics import Resolver, UnknownValueError
from carnation.cloudformation.template import Template
from carnation.emulator.cloudformation.ahead import missing_export
from carnation.emulator.cloudformation.kind import Connect
from carnation.emulator.cloudformation.stacks import STACK_TYPE, Resource, Stack, Store
from carnation.errors import TemplateError, suggest_name
from carnation.services.partitions import find_partition


class StackResources:
    """The resources of a stack, as far as they are made."""

    def __init__(self, stack: Stack, store: Store, connect: Connect) -> None:
        """Take the stack, and where to find what is outside of it."""
        self.stack, self._store, self._connect = stack, store, connect
        self.imports: set[str] = set()

    def _find(self, name: str) -> Resource:
        found = self.stack.resources.get(name)
        if found is None or not found.physical_id:
            raise UnknownValueError(f"resource '{name}' is not created yet.")
        return found

    def ref(self, name: str) -> Any:
        """Return the physical ID of a resource."""
        return self._find(name).physical_id

    def attribute(self, name: str, attribute: str) -> Any:
        """Return an attribute of a resource."""
        found = self._find(name)
        if attribute in found.attributes:
            return found.attributes[attribute]
        what = "the nested stack" if found.kind == STACK_TYPE else found.kind
        raise TemplateError(
            f"the template uses the attribute '{attribute}' of '{name}', which the emulator "
            f"does not support; supported for {what}: {', '.join(found.attributes) or 'none'}."
            f"{suggest_name(attribute, found.attributes)}"
        )

    def export(self, name: str) -> str:
        """Return the value of an export of another stack."""
        exports = {row["Name"]: row["Value"] for row in self._store.list_exports()}
        if name not in exports:
            raise missing_export(name, exports)
        self.imports.add(name)
        return exports[name]

    def zones(self, region: str) -> list[str]:
        """Return the Availability Zones of a Region."""
        found = self._connect("ec2").describe_availability_zones()["AvailabilityZones"]
        own = str(found[0]["RegionName"])
        return [str(row["ZoneName"]).replace(own, region) for row in found]


def make_values(stack: Stack, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters and the pseudo parameters of a stack."""
    return {
        **parameters,
        "AWS::AccountId": stack.account,
        "AWS::NotificationARNs": stack.notification_arns,
        "AWS::Partition": stack.partition,
        "AWS::Region": stack.region,
        "AWS::StackId": stack.stack_id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": find_partition(stack.region).dns_suffix,
    }


def make_resolver(
    stack: Stack, template: Template, parameters: Mapping[str, Any], known: StackResources
) -> Resolver:
    """Make what resolves a template's values for a stack."""
    return Resolver(template, make_values(stack, parameters), known)


class StoredValues:
    """Values that parameters and dynamic references read from SSM and Secrets Manager."""

    def __init__(self, connect: Connect) -> None:
        """Take the clients of the stack's account and Region."""
        self._connect = connect

    def read_parameter(self, name: str) -> str:
        """Return the value of a parameter of SSM."""
        try:
            found = self._connect("ssm").get_parameter(Name=name, WithDecryption=True)
        except ClientError as error:
            raise TemplateError(
                f"Unable to fetch parameters [{name}] from parameter store for this account."
            ) from error
        return str(found["Parameter"]["Value"])

    def replace(self, value: Any) -> Any:
        """Replace the dynamic references in a value."""
        return replace_references(value, self._read)

    def _read(self, reference: DynamicReference) -> str:
        if reference.service != "secretsmanager":
            version = f":{reference.version}" if reference.version else ""
            return self.read_parameter(f"{reference.name}{version}")
        return self._read_secret(reference)

    def _read_secret(self, reference: DynamicReference) -> str:
        more = {"VersionStage": reference.version_stage, "VersionId": reference.version_id}
        given = {key: value for key, value in more.items() if value}
        try:
            secrets = self._connect("secretsmanager")
            text = str(secrets.get_secret_value(SecretId=reference.name, **given)["SecretString"])
        except ClientError as error:
            message = error.response["Error"]["Message"]
            raise TemplateError(f"{reference} cannot be resolved: {message}") from error
        if not reference.json_key:
            return text
        try:
            return str(json.loads(text)[reference.json_key])
        except (ValueError, KeyError, TypeError) as error:
            raise TemplateError(
                f"{reference} cannot be resolved: the secret has no JSON key "
                f"'{reference.json_key}'."
            ) from error
