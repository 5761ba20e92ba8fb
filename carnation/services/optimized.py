"""What Tasks take and give: the optimized integrations next to those of the AWS SDK.

The facts of an integration are its row in `integrations`.

Most optimized integrations call one action of an API and pass it on, spelled as the model spells
it. A few are no API's; of some, JSON stands where the API has text; and `.sync` gives what the
job's own describing action gives.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnation.services.integrations import AS_API, INTEGRATIONS, METADATA, Job
from carnation.services.shapes import (
    Shape,
    expand_action,
    find_parameters,
    find_result,
    to_plain_name,
)

APIS: Mapping[str, str] = {
    "elasticmapreduce": "emr",
    "emr-containers": "emrcontainers",
    "emr-serverless": "emrserverless",
    "events": "eventbridge",
    "states": "sfn",
}
"""Optimized services whose API the SDK calls otherwise."""

_JSON = Shape("document")


@lru_cache(maxsize=256)
def find_task_parameters(call: str) -> Shape | None:
    """Find what a Task takes, by the end of its Resource; None where that is not known.

    >>> find_task_parameters("aws-sdk:s3:getObject").required
    ('Bucket', 'Key')
    >>> find_task_parameters("lambda:invoke").members["Payload"].kind
    'document'
    """
    service, action, _ = _split(call)
    if service.startswith("aws-sdk:"):
        return find_parameters(service.removeprefix("aws-sdk:"), action)
    row = INTEGRATIONS.get(f"{service}:{action}")
    if row is None or row.takes is not AS_API:
        return row and row.takes
    shape = _expand(row.api, 0)
    if shape is None:
        return None
    members = dict(shape.members) | dict.fromkeys(row.json, _JSON) | dict(row.added)
    return shape._replace(members=members)


@lru_cache(maxsize=256)
def find_task_result(call: str) -> Shape | None:
    """Find what a Task gives, by the end of its Resource; None where that is not known.

    What a callback gives is up to who calls back. `.sync` of a state machine gives the output as
    text, `.sync:2` as JSON.

    >>> find_task_result("states:startExecution.sync").members["Output"].kind
    'string'
    >>> find_task_result("states:startExecution.sync:2").members["Output"].kind
    'document'
    """
    service, action, pattern = _split(call)
    if pattern == "waitForTaskToken":
        return None
    if service.startswith("aws-sdk:"):
        return find_result(service.removeprefix("aws-sdk:"), action)
    row = INTEGRATIONS.get(f"{service}:{action}")
    if row is None:
        return None
    if pattern:
        return row.job and _find_job(row.job, pattern)
    if row.gives is not AS_API:
        return row.gives
    shape = _expand(row.api, 1)
    return shape and shape._replace(members=dict(shape.members) | dict(METADATA))


def _find_job(job: Job, pattern: str) -> Shape | None:
    shape = _expand(job.describes, 1) if job.describes else None
    if shape is None:
        return None
    if job.member:
        inner = shape.members[job.member]
        return inner.item if inner.kind == "list" else inner
    if pattern == "sync:2":
        return shape._replace(members=dict(shape.members) | {"Input": _JSON, "Output": _JSON})
    return shape


def _expand(name: str, end: int) -> Shape | None:
    service, _, action = name.partition(":")
    return expand_action(service, action, end, to_plain_name)


def _split(call: str) -> tuple[str, str, str]:
    name, _, pattern = call.rpartition(":::")[2].partition(".")
    service, _, action = name.rpartition(":")
    return service, action, pattern
