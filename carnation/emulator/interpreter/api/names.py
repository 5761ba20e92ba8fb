"""Names and ARNs of the Step Functions API: taken apart, checked, put together."""

from __future__ import annotations

import re

from carnation.emulator.interpreter.api.errors import ApiError, invalid_arn, validation_error
from carnation.records import NamedTuple

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
_FORBIDDEN = re.compile(
    r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\U00010000-\U0010ffff]"
)
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")


class StatesArn(NamedTuple):
    """An ARN of Step Functions, taken apart.

    `kind` is its resource type, `name` the first part after that, `qualifier` all the rest; `label`
    is that of a distributed Map.
    """

    text: str
    region: str
    account: str
    kind: str
    name: str
    label: str
    qualifier: str

    @property
    def machine(self) -> str:
        """The ARN of the state machine, without label, version or alias."""
        partition = self.text.partition(":states:")[0]
        return f"{partition}:states:{self.region}:{self.account}:stateMachine:{self.name}"


def parse_arn(text: str, *kinds: str) -> StatesArn:
    """Take an ARN apart; raises `ApiError` (InvalidArn) unless it is one of the kinds.

    >>> parse_arn("arn:aws:states:eu-west-1:123456789012:activity:a", "activity").name
    'a'
    """
    if not text.startswith("arn:"):
        raise invalid_arn(f"Invalid ARN prefix: {text}")
    parts = text.split(":", 6)
    if len(parts) < 7 or not all(parts):
        raise invalid_arn(f"Invalid ARN format: {text}")
    _, _, service, region, account, kind, rest = parts
    if service != "states":
        raise invalid_arn(f"Invalid ARN service: {text}")
    if kind not in kinds:
        raise invalid_arn(f"Resource type not valid in this context: {kind}")
    name, _, qualifier = rest.partition(":")
    name, _, label = name.partition("/")
    if not name:
        raise invalid_arn(f"Invalid ARN format: {text}")
    return StatesArn(text, region, account, kind, name, label, qualifier)


def parse_machine_arn(text: str) -> StatesArn:
    """Take apart the ARN of a state machine, a version or an alias; a Map's label is refused."""
    arn = parse_arn(text, "stateMachine")
    if arn.label:
        reason = "API_DOES_NOT_SUPPORT_LABELED_ARNS"
        raise validation_error(f"This operation does not support labeled ARNs: '{text}'", reason)
    return arn


def check_name(name: str) -> None:
    """Raise `ApiError` (InvalidName) for a name with a character that AWS forbids."""
    if _FORBIDDEN.search(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def check_role(arn: str) -> None:
    """Raise `ApiError` (InvalidArn) for what is not an ARN of a role."""
    if not _ROLE.fullmatch(arn):
        raise ApiError("InvalidArn", f"Invalid Role Arn: '{arn}'")
