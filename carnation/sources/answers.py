"""What other programs print: answers of AWS's CLI, manifests of Kubernetes, Terraform's JSON.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html,
https://aws-controllers-k8s.github.io/community/reference/sfn/v1alpha1/statemachine/
and https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.document import Document, join_pointer
from carnation.lazy import TYPE_CHECKING
from carnation.sources.source import EXPRESS, STANDARD, Source, Unseen

if TYPE_CHECKING:
    from typing import Any

Found = Source | Unseen
_KIND = "StateMachine"
_MAX_DEPTH = 20
TERRAFORM = {
    "aws_sfn_state_machine": ("definition", "type"),
    "awscc_stepfunctions_state_machine": ("definition_string", "state_machine_type"),
}


def is_description(value: Mapping[str, Any]) -> bool:
    """Return whether a document is the answer of `describe-state-machine`."""
    return "stateMachineArn" in value and "definition" in value


def find_in_description(document: Document) -> Iterator[Found]:
    """Yield the definition that `describe-state-machine` tells."""
    value = document.value
    properties = {
        "RoleArn": value.get("roleArn"),
        "LoggingConfiguration": _pascal(value.get("loggingConfiguration")),
        "TracingConfiguration": _pascal(value.get("tracingConfiguration")),
        "EncryptionConfiguration": _pascal(value.get("encryptionConfiguration")),
    }
    name = str(value.get("name") or str(value["stateMachineArn"]).rpartition(":")[2])
    yield _read(name, document, "/definition", value["definition"], value.get("type"), properties)


def is_history(value: object) -> bool:
    """Return whether a document is the answer of `get-execution-history`."""
    events = value.get("events") if isinstance(value, Mapping) else None
    first = events[0] if isinstance(events, list) and events else None
    return isinstance(first, Mapping) and "type" in first and "timestamp" in first


def is_manifest(value: Mapping[str, Any]) -> bool:
    """Return whether a document is a manifest of Kubernetes."""
    return isinstance(value.get("apiVersion"), str) and isinstance(value.get("kind"), str)


def find_in_manifest(document: Document, pointer: str = "", value: Any = None) -> Iterator[Found]:
    """Yield the state machines of a manifest: ACK's, Crossplane's, those in a list."""
    manifest = document.value if not pointer else value
    if not isinstance(manifest, Mapping) or pointer.count("/items/") > _MAX_DEPTH:
        return
    if isinstance(manifest.get("items"), list):
        for index, item in enumerate(manifest["items"]):
            yield from find_in_manifest(document, f"{pointer}/items/{index}", item)
    spec = manifest.get("spec")
    if manifest.get("kind") != _KIND or not isinstance(spec, Mapping):
        return
    pointer = f"{pointer}/spec"
    if isinstance(spec.get("forProvider"), Mapping):
        spec, pointer = spec["forProvider"], f"{pointer}/forProvider"
    metadata = manifest.get("metadata")
    named = metadata.get("name") if isinstance(metadata, Mapping) else None
    properties = {
        "RoleArn": spec.get("roleARN", spec.get("roleArn")),
        "LoggingConfiguration": _pascal(spec.get("loggingConfiguration")),
        "TracingConfiguration": _pascal(spec.get("tracingConfiguration")),
    }
    name, written = str(spec.get("name") or named or _KIND), spec.get("definition")
    yield _read(name, document, f"{pointer}/definition", written, spec.get("type"), properties)


def is_terraform(value: Mapping[str, Any]) -> bool:
    """Return whether a document is Terraform's: a configuration, a plan or a state in JSON."""
    return (
        "terraform_version" in value
        or (
            isinstance(value.get("resource"), Mapping)
            and any(kind in value["resource"] for kind in TERRAFORM)
        )
        or ("planned_values" in value and "format_version" in value)
        or ("terraform" in value and ("provider" in value or "module" in value))
    )


def find_in_terraform(document: Document) -> Iterator[Found]:
    """Yield the state machines of a plan or a state, as `terraform show -json` tells them."""
    value = document.value
    held = "planned_values" if "planned_values" in value else "values"
    root = value.get(held)
    if isinstance(root, Mapping):
        module = root.get("root_module")
        yield from _find_in_module(document, f"/{held}/root_module", module)
    for index, resource in enumerate(_list(value.get("resources"))):
        if isinstance(resource, Mapping) and str(resource.get("type")) in TERRAFORM:
            for at, instance in enumerate(_list(resource.get("instances"))):
                pointer = f"/resources/{index}/instances/{at}/attributes"
                attributes = instance.get("attributes") if isinstance(instance, Mapping) else None
                name, kind = str(resource.get("name")), str(resource["type"])
                yield _read_attributes(document, pointer, name, kind, attributes)


def _find_in_module(document: Document, pointer: str, module: Any) -> Iterator[Found]:
    if not isinstance(module, Mapping):
        return
    for index, resource in enumerate(_list(module.get("resources"))):
        if isinstance(resource, Mapping) and str(resource.get("type")) in TERRAFORM:
            place, kind = f"{pointer}/resources/{index}/values", str(resource["type"])
            name = str(resource.get("address") or resource.get("name"))
            name = name.removeprefix(f"{kind}.")
            yield _read_attributes(document, place, name, kind, resource.get("values"))
    for index, child in enumerate(_list(module.get("child_modules"))):
        yield from _find_in_module(document, f"{pointer}/child_modules/{index}", child)


def _read_attributes(
    document: Document, pointer: str, name: str, kind: str, attributes: Any
) -> Found:
    field, type_field = TERRAFORM[kind]
    values = attributes if isinstance(attributes, Mapping) else {}
    properties = read_terraform_properties(values)
    place = join_pointer(pointer, field)
    return _read(name, document, place, values.get(field), values.get(type_field), properties)


def read_terraform_properties(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Terraform says of a state machine in CloudFormation's words."""
    logging, tracing = (
        _first(values, "logging_configuration"),
        _first(values, "tracing_configuration"),
    )
    key = _first(values, "encryption_configuration").get("kms_key_id")
    properties: dict[str, Any] = {"RoleArn": values.get("role_arn")}
    if logging:
        properties["LoggingConfiguration"] = {"Level": logging.get("level", "OFF")}
        if logging.get("log_destination"):
            properties["LoggingConfiguration"]["Destinations"] = [logging["log_destination"]]
    if tracing:
        properties["TracingConfiguration"] = {"Enabled": tracing.get("enabled", False)}
    if key:
        properties["EncryptionConfiguration"] = {"KmsKeyId": key}
    return properties


def _first(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = values.get(name)
    block = block[0] if isinstance(block, list) and block else block
    return block if isinstance(block, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read(
    name: str, document: Document, pointer: str, written: Any, kind: Any, properties: dict[str, Any]
) -> Found:
    given = {key: value for key, value in properties.items() if value}
    found = Source(name, document, pointer, given)
    found.type = EXPRESS if kind == EXPRESS else STANDARD
    if isinstance(written, Mapping):
        found.value = written
        return found
    if isinstance(written, str) and written.strip():
        found.read_text(written)
        return found
    span = document.locate(pointer)
    why = (
        "its definition is only known when it is deployed"
        if written is None
        else ("its definition is neither an object nor a text")
    )
    return Unseen(name, document.where, span.line, span.column, why)


def _pascal(value: Any) -> Any:
    """Return an answer's fields the names that templates have for them."""
    if isinstance(value, Mapping):
        return {f"{key[:1].upper()}{key[1:]}": _pascal(item) for key, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value
