"""A policy with its reasons, for its reviewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.cloudformation.placeholders import Placeholders
from carnation.cloudformation.substitutions import fill_substitutions
from carnation.document.values import Json
from carnation.permissions.grants import Grant, open_branches, read_policy, render_value
from carnation.permissions.policy import MachineSettings, derive_policy, render_policy


def read_machine(properties: Mapping[str, Json]) -> MachineSettings:
    """Read what a template says of a state machine: its logs, its traces, its key.

    >>> read_machine({"TracingConfiguration": {"Enabled": True}})
    MachineSettings(logs=False, traces=True, key='', sealed=())
    """
    logging = _read(properties, "LoggingConfiguration", "Logging")
    tracing = _read(properties, "TracingConfiguration", "Tracing")
    key = _read(properties, "EncryptionConfiguration").get("KmsKeyId")
    return MachineSettings(
        logs=logging.get("Level", "OFF") != "OFF",
        traces=tracing.get("Enabled", False) is not False,
        key=render_value(key) if key else "",
    )


def read_grants(policy: Json, pointer: str, names: Mapping[str, str]) -> Iterator[Grant]:
    """Yield what a policy of a template grants, in the words of what its references represent."""
    spelled = Placeholders({}).replace(open_branches(policy))
    # a queue's Ref is its URL, which IAM does not take for the queue
    urls = {
        name: f"https://{name}"
        for name, arn in names.items()
        if ":sqs:" in arn and names.get(f"{name}.Arn") == arn
    }
    for grant in read_policy(spelled, pointer):
        resource = fill_substitutions(grant.resource, {**names, **urls})
        condition = fill_substitutions(grant.condition, names)
        yield grant._replace(resource=resource, condition=condition)


def _read(properties: Mapping[str, Json], *names: str) -> Mapping[str, Json]:
    for name in names:
        inner = properties.get(name)
        if isinstance(inner, Mapping):
            return inner
    return {}


def report_policy(
    definition: Mapping[str, Json], where: str, properties: Mapping[str, Json]
) -> dict[str, Json]:
    """Report the policy of a definition: the document, and for each statement its reasons."""
    statements = derive_policy(definition, read_machine(properties))
    policy = render_policy(statements)
    reasons = [
        {
            "sid": document["Sid"],
            "state": need.state or None,
            "action": need.action,
            "resource": need.resource,
            "why": need.why,
        }
        for document, statement in zip(policy["Statement"], statements, strict=True)
        for need in statement.needs
    ]
    return {"definition": where, "policy": policy, "reasons": reasons}
