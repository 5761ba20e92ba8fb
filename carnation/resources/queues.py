"""Queue: an SQS queue, with the dead-letter queue behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from carnation.records import KW_ONLY, record
from carnation.resources.functions import is_within
from carnation.resources.grants import Grant, Grants
from carnation.resources.references import Reference, Value, make_arn
from carnation.resources.resource import Existing, Problem, Resource, pick_part

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from carnation.resources import calls
    from carnation.states import Pattern, Task


_DAY = 24 * 3600
_MAX_FIFO_ID = 27  # of a queue's 80 characters, less project, environment, -dead-letters.fifo


@record(frozen=True, repr=False)
class Queue(Resource):
    """An SQS queue that keeps a message for `days`.

    A received message stays hidden for `visibility_seconds`; after `receives` it moves to the
    dead-letter queue. `fifo=True` makes the queue first in, first out.
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """

    _: KW_ONLY
    days: int = 7
    receives: int = 5
    visibility_seconds: int = 60
    dead_letters: bool = True
    fifo: bool = False

    kind: ClassVar[str] = "Queue"
    service: ClassVar[str] = "sqs"
    fields: ClassVar[Mapping[str, str]] = {"url": "", "arn": "Arn"}

    @classmethod
    def existing(
        cls, id: str, *, name: object = None, arn: object = None, export: str = "", ssm: str = ""
    ) -> Queue:
        """Name a queue that another stack makes."""
        return cls(id, origin=Existing(name, arn, export, ssm))

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if self.fifo and self.dead_letters and len(self.id) > _MAX_FIFO_ID:
            yield "id", self.id, f"up to {_MAX_FIFO_ID} characters, for a FIFO queue's dead letters"
        for name, low, high in (
            ("days", 1, 14), ("receives", 1, 1000), ("visibility_seconds", 0, 43_200),
        ):  # fmt: skip
            if not is_within(getattr(self, name), low, high):
                yield name, getattr(self, name), f"an integer from {low} to {high:,}"
                return
        if self.dead_letters and self.receives * self.visibility_seconds >= self.days * _DAY:
            most = (self.days * _DAY - 1) // self.visibility_seconds
            reason = "so that a message reaches the dead letters before the queue deletes it"
            yield "receives", self.receives, f"at most {most} with this visibility, {reason}"

    @property
    def full_name(self) -> str:
        """The name as `Fn::Sub` takes it."""
        name = super().full_name
        return f"{name}.fifo" if self.fifo and self.named and not self.is_existing else name

    @property
    def name_attribute(self) -> str:
        """How `Fn::Sub` gets the name."""
        return f"{self.resource_id}.QueueName"

    def arn_of(self, name: str) -> str:
        """Make the ARN of a queue out of its name."""
        return make_arn("sqs", name)

    def _find_existing(self, name: str) -> Value:
        if name == "arn":
            return super()._find_existing(name)
        arn = super()._find_existing("arn")
        return _make_url(arn)

    def find_name(self, name: str) -> str:
        """Return the ARN, which roles name whether a call takes the URL or the ARN."""
        return self.full_arn

    @property
    def url(self) -> Reference:
        """The queue's URL."""
        return self.refer("url")

    @property
    def arn(self) -> Reference:
        """The queue's ARN."""
        return self.refer("arn")

    @property
    def grants(self) -> QueueGrants:
        """What can be granted on the queue."""
        return QueueGrants(self)

    def send_message(
        self, state_id: str, *, pattern: Pattern = "", **given: Unpack[calls.SendMessage]
    ) -> Task:
        """Make the state that sends a message; `pattern` may be `.waitForTaskToken`."""
        from carnation.resources.steps import call_api

        queue = {"QueueUrl": self.url}
        return call_api(repr(self), state_id, "sqs:sendMessage", queue, given, pattern=pattern)


class QueueGrants(Grants):
    """What can be granted on a queue."""

    def send(self) -> Grant:
        """Allow sending messages."""
        return self.allow("GetQueueAttributes", "GetQueueUrl", "SendMessage")

    def receive(self) -> Grant:
        """Allow receiving messages, hiding them longer, and deleting them."""
        return self.allow(
            "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
            "ReceiveMessage",
        )  # fmt: skip


def _make_url(arn: Value) -> Value:
    """Make a queue's URL out of its ARN."""
    region, account, name = (pick_part(arn, ":", index) for index in (3, 4, 5))
    given = {"QueueRegion": region, "QueueAccount": account, "QueueName": name}
    url = "https://sqs.${QueueRegion}.${AWS::URLSuffix}/${QueueAccount}/${QueueName}"
    return {"Fn::Sub": [url, given]}
