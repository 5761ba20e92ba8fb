"""Deploying artifacts in the emulator: a bucket, an upload, a stack with its nested stacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from carnation.account import Account, find_deployed
from carnation.account.deployed import list_resources
from carnation.account.deployment.change_sets import make_change_set, read_validations
from carnation.account.deployment.execution import begin
from carnation.account.deployment.stack_events import follow
from carnation.errors import AccountError, EmulatorError

Connect = Callable[[str], Any]


@dataclass(frozen=True)
class Deployment:
    """A deployed stack: its outputs, and the physical IDs of each stack's resources.

    `resources` maps a stack's name to `{logical ID: physical ID}`; the root stack comes first.
    """

    stack_name: str
    stack_id: str
    outputs: Mapping[str, str]
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    """Properties that have no effect here, each with its resource."""


class _EmulatedAccount(Account):
    """The emulator's account, over the clients that it has already."""

    def __init__(self, connect: Connect, region: str) -> None:
        self.region, self.profile, self.endpoint_url = region, None, None
        self._connect = connect

    def _client(self, service: str) -> Any:
        return self._connect(service)


def deploy_stack(
    connect: Connect,
    stack_name: str,
    artifacts: Mapping[str, bytes],
    template_key: str,
    parameters: Mapping[str, str],
    bucket: str,
    region: str,
) -> Deployment:
    """Upload the artifacts and execute the change set that `carnation deploy` would make."""
    if template_key not in artifacts:
        raise EmulatorError(
            f"the template '{template_key}' is not among the artifacts: "
            f"{', '.join(sorted(artifacts)) or 'none'}."
        )
    _upload(connect("s3"), artifacts, bucket, region)
    account = _EmulatedAccount(connect, region)
    url = f"https://{bucket}.s3.{region}.amazonaws.com/{template_key}"
    try:
        if find_deployed(account, stack_name):
            raise EmulatorError(f"stack '{stack_name}' could not be created: it exists already.")
        change_set = make_change_set(
            account, stack_name, url, parameters, (),
            is_new=True, pause=_never_wait, reads_rows=False,
        )  # fmt: skip
    except AccountError as error:
        raise EmulatorError(
            f"stack '{stack_name}' could not be created: {error.message}"
        ) from error
    if change_set is None:
        raise EmulatorError(f"stack '{stack_name}' could not be created: it has no resources.")
    begin(account, change_set)
    deployed = find_deployed(account, change_set.stack_id)
    if deployed is None or deployed.status != "CREATE_COMPLETE":
        raise EmulatorError(_describe_failure(account, change_set.stack_id))
    resources: dict[str, dict[str, str]] = {stack_name: {}}
    for row in list_resources(account, change_set.stack_id):
        name = row["Stack"].split("/")[1]
        resources.setdefault(name, {})[row["LogicalResourceId"]] = row["PhysicalResourceId"]
    warnings = tuple(row.text for row in read_validations(account, StackName=deployed.stack_id))
    return Deployment(stack_name, deployed.stack_id, deployed.outputs, resources, warnings)


def _never_wait(seconds: float) -> None:
    """Wait for nothing: the emulator has done a thing when it answers."""


def _describe_failure(account: Account, stack_id: str) -> str:
    """Return the first cause of a failure, with the stack and the resource that it is in."""
    deployed, cause = find_deployed(account, stack_id), follow(account, stack_id).cause
    if cause is None or cause.kind == "AWS::CloudFormation::Stack":
        status, why = (deployed.status, deployed.reason) if deployed else ("DELETE_COMPLETE", "")
        why = cause.reason if cause else why
        return f"stack '{stack_id.split('/')[1]}' is {status}: {why or 'no event says why.'}"
    return (
        f"stack '{cause.stack}': resource '{cause.path.rpartition('/')[2]}' ({cause.kind}) "
        f"could not be created: {cause.reason}"
    )


def _upload(s3: Any, artifacts: Mapping[str, bytes], bucket: str, region: str) -> None:
    place = {"LocationConstraint": region}
    settings = {} if region == "us-east-1" else {"CreateBucketConfiguration": place}
    if bucket not in {row["Name"] for row in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=bucket, **settings)
    for key, content in artifacts.items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)
