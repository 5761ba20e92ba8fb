"""Resources of Tasks: the ARN of an integration, taken apart."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from carnation.asl.fields import ATA
from carnation.asl.graph import Node
from carnation.services.arns import split_arn

_INTEGRATION = re.compile(
    r"(?P<sdk>aws-sdk:)?(?P<service>[^:.]+):(?P<action>[^:.]+)(?:\.(?P<pattern>.*))?\Z"
)
_OTHER_KINDS = ("activity", "stateMachine", "execution", "express", "mapRun")


class Resource(NamedTuple):
    """An integration: `lambda:invoke`, `aws-sdk:s3:getObject`, and the pattern behind it."""

    service: str
    action: str
    pattern: str
    is_sdk: bool

    @property
    def call(self) -> str:
        """The call without its pattern: `aws-sdk:s3:getObject`."""
        return f"{'aws-sdk:' if self.is_sdk else ''}{self.service}:{self.action}"


@lru_cache(maxsize=4096)
def parse_resource(text: str) -> Resource | None:
    """Take the ARN of an integration apart; None for a function, an activity, a substitution.

    >>> parse_resource("arn:aws:states:::ecs:runTask.sync")
    Resource(service='ecs', action='runTask', pattern='sync', is_sdk=False)
    """
    parts = split_arn(text)
    if len(parts) < 6 or parts[0] != "arn" or not parts[1] or parts[2] != "states":
        return None
    match = _INTEGRATION.match(parts[5])
    if match is None or match["service"] in _OTHER_KINDS or "${" in "".join(parts[3:]):
        return None
    return Resource(
        match["service"], match["action"], match["pattern"] or "", match["sdk"] is not None
    )


def resource_of(state: Node) -> Resource | None:
    """Give a Task's resource, taken apart, if it is an integration of Step Functions."""
    text = state.body.get("Resource")
    return parse_resource(text) if isinstance(text, str) else None


def payload_of(state: Node) -> object:
    """Give what a Task sends: its `Parameters` or `Arguments`; None where there are none."""
    return state.body.get("Arguments" if state.language == ATA else "Parameters")
