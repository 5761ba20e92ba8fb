"""Key: one customer-managed KMS key behind everything that a workflow stores."""

from __future__ import annotations

from carnation.errors import UsageError
from carnation.records import record
from carnation.states.arguments import find_line


@record(frozen=True)
class Key:
    """A customer-managed key, which encrypts everything in the workflow's stacks.

    The stack makes it, unless the parameter KeyArn gives one at deployment; `Key.existing(arn=…)`
    never makes one: then its policy has to let CloudWatch's alarms, the log groups, and (where
    rules or topics send to queues) EventBridge and SNS use it.
    """

    given: object = None

    @classmethod
    def existing(cls, *, arn: object) -> Key:
        """Name a key that somebody else keeps, by its ARN or a `Parameter`."""
        if not arn or (isinstance(arn, str) and ":key/" not in arn and "${" not in arn):
            raise UsageError(
                f"Key.existing ({find_line()}): arn is {arn!r}; expected the ARN of a key, not of "
                "an alias, or a Parameter."
            )
        return cls(arn)
