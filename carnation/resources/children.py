"""Child and Activity: what Step Functions itself runs, an execution or a worker's job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from carnation.records import KW_ONLY, record
from carnation.resources.grants import Grant, Grants
from carnation.resources.references import Reference, Value, make_arn
from carnation.resources.resource import Resource

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from carnation.resources import calls
    from carnation.states import Pattern, Task


@record(frozen=True, repr=False)
class Child(Resource):
    """Another workflow of `definitions/`, by the name of its module; deployed by itself.

    It is named by its ARN, made of its name and the Environment, so it may be deployed before or
    after.

    >>> Child("ship_item").arn
    '${ShipItemArn}'
    """

    _: KW_ONLY
    alias: str = "live"

    kind: ClassVar[str] = "Child"
    service: ClassVar[str] = "states"
    fields: ClassVar[Mapping[str, str]] = {"arn": ""}
    max_id: ClassVar[int] = 40

    @property
    def is_existing(self) -> bool:
        """Return that another workflow's stack creates it."""
        return True

    @property
    def full_name(self) -> str:
        """The state machine's name as `Fn::Sub` takes it."""
        return f"{self.name_part[:23].rstrip('-')}-${{Environment}}-state-machine"

    def arn_of(self, name: str) -> str:
        """Make the ARN of the state machine."""
        return make_arn("states", f"stateMachine:{name}")

    def find_value(self, name: str) -> Value:
        """Return the ARN of the alias: the version that is deployed when the child is started."""
        return {"Fn::Sub": f"{self.full_arn}:{self.alias}"}

    def find_name(self, name: str) -> str:
        """Return the ARN of the alias."""
        return f"{self.full_arn}:{self.alias}"

    @property
    def arn(self) -> Reference:
        """The ARN of the child's alias."""
        return self.refer("arn")

    @property
    def grants(self) -> ChildGrants:
        """What can be granted on the child."""
        return ChildGrants(self)

    def start_execution(
        self,
        state_id: str,
        *,
        pattern: Pattern = ".sync:2",
        **given: Unpack[calls.StartExecution],
    ) -> Task:
        """Make the state that starts the child, and waits for its end unless `pattern` is ''.

        The child's input is `Input`, by default the state's own.
        """
        from carnation.resources.steps import call_api

        fixed: dict[str, Any] = {"StateMachineArn": self.arn}
        paths = None
        if "Input" not in given:
            paths = {**fixed, "Input.$": "$"}
            fixed["Input"] = "{% $states.input %}"
        return call_api(
            repr(self), state_id, "states:startExecution", fixed, given,
            pattern=pattern, timeout_seconds=None, in_jsonpath=paths,
        )  # fmt: skip


class ChildGrants(Grants):
    """What can be granted on another workflow."""

    def start(self) -> Grant:
        """Allow starting executions."""
        return self.allow("StartExecution")


@record(frozen=True, repr=False)
class Activity(Resource):
    """An activity: a worker anywhere polls for its jobs, and answers by task token.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
    """

    kind: ClassVar[str] = "Activity"
    service: ClassVar[str] = "states"
    fields: ClassVar[Mapping[str, str]] = {"arn": ""}

    @property
    def name_attribute(self) -> str:
        """How `Fn::Sub` gets the name."""
        return f"{self.resource_id}.Name"

    def arn_of(self, name: str) -> str:
        """Make the ARN of an activity."""
        return make_arn("states", f"activity:{name}")

    @property
    def arn(self) -> Reference:
        """The activity's ARN."""
        return self.refer("arn")

    @property
    def grants(self) -> ActivityGrants:
        """What can be granted on the activity."""
        return ActivityGrants(self)

    def wait(self, state_id: str, payload: Any = None, **given: Any) -> Task:
        """Make the state that waits for a worker, which gets `payload` (default: the input)."""
        from carnation.states import Task
        from carnation.states.integrations import Call, CallTask

        if payload is None:
            return Task(state_id, resource=str(self.arn), **given)
        return CallTask(state_id, Call(payload, payload), resource=self.arn, **given)


class ActivityGrants(Grants):
    """What can be granted on an activity."""

    def work(self) -> Grant:
        """Allow asking for jobs; answering takes `ANSWER`."""
        return self.allow("GetActivityTask")
