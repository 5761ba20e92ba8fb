"""Grants: what a function or a state machine may do beyond what its definition says.

Nouns give them by the API's own verbs: `STOCK.grants.query()`. `Grant` allows anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from carnation.errors import UsageError
from carnation.permissions.required import Condition
from carnation.records import field, record
from carnation.states.arguments import find_line

if TYPE_CHECKING:
    from carnation.resources.resource import Resource


def keep_tuples(record: object, *names: str) -> None:
    """Keep lists as tuples, so that a record can be compared and looked up."""
    for name in names:
        value = getattr(record, name)
        if isinstance(value, list):
            object.__setattr__(record, name, tuple(value))


@record(frozen=True)
class Grant:
    """Permission for `actions` on `resources` (ARNs, in which references may stand).

    `because` gives the reason, and is required where an action or resource is as wide as `*`.
    `states` limits the grant to what these states of the definition leave open; `condition` holds
    tests as (operator, key, values). `given` is the resource whose first reference a function
    receives in its environment.

    >>> Grant(("iam:PassRole",), ("*",))
    Traceback (most recent call last):
    carnation.errors.UsageError: Grant (...): ... allows * without a reason. Add because='...'.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    because: str = ""
    states: Sequence[str] = ()
    condition: Condition = ()
    given: Resource | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Check the grant; raise `UsageError` for an empty one, and a wide one without a reason."""
        keep_tuples(self, "actions", "resources", "states")
        for name in ("actions", "resources", "states"):
            values = getattr(self, name)
            texts = isinstance(values, tuple) and all(isinstance(value, str) for value in values)
            if not texts or not (values or name == "states"):
                raise UsageError(
                    f"Grant ({find_line()}): {name} is {values!r}; expected a list of strings, "
                    "as in ['s3:GetObject']."
                )
        for action in self.actions:
            if action != "*" and ":" not in action:
                raise UsageError(
                    f"Grant ({find_line()}): action '{action}' has no service; expected "
                    "service:Action, as in 's3:GetObject'."
                )
        for text in self.resources:
            if text != "*" and not text.startswith(("arn:", "${")):
                raise UsageError(
                    f"Grant ({find_line()}): resource '{text}' is not an ARN; expected one, a "
                    "reference, or '*'."
                )
        if not self.because and self.wide_parts():
            raise UsageError(
                f"Grant ({find_line()}): {', '.join(self.actions)} on {', '.join(self.resources)} "
                f"allows {self.wide_parts()[0]} without a reason. Add because='...'."
            )

    def wide_parts(self) -> list[str]:
        """List the actions and resources that allow everything."""
        actions = [action for action in self.actions if action.endswith("*")]
        return [*actions, *(text for text in self.resources if text == "*")]


ANSWER = Grant(
    ("states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"),
    ("*",),
    because="a task token names no resource",
)
"""The grant for a function that answers a `.waitForTaskToken` state."""


class Grants:
    """What can be granted on one resource; one method for each verb."""

    def __init__(self, resource: Any) -> None:
        self.resource = resource

    def allow(self, *actions: str, on: str = "") -> Grant:
        """Make the grant of actions on the resource, or on what lies `on` it."""
        service, names = self.resource.service, sorted(actions)
        return Grant(
            tuple(f"{service}:{name}" for name in names),
            (f"{self.resource.arn}{on}",),
            given=self.resource,
        )


def list_given(grants: Sequence[Grant]) -> Iterator[Resource]:
    """Yield the resources that grants are about, each once."""
    seen = []
    for grant in grants:
        if grant.given is not None and grant.given not in seen:
            seen.append(grant.given)
            yield grant.given
