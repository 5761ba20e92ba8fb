"""Topic: an SNS topic and its subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from carnation.records import KW_ONLY, record
from carnation.resources.functions import Function
from carnation.resources.grants import Grant, Grants, keep_tuples
from carnation.resources.queues import Queue
from carnation.resources.references import Reference, make_arn
from carnation.resources.resource import Existing, Problem, Resource

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from carnation.resources import calls
    from carnation.states import Pattern, Task

Subscriber = Queue | Function | str
"""What receives a topic's messages: a queue, a function, or an https URL."""


@record(frozen=True, repr=False)
class Topic(Resource):
    """An SNS topic, with subscribers: `emails`, and queues, functions or https URLs.

    An e-mail address may be a parameter's value, since each environment has its own.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html
    """

    _: KW_ONLY
    emails: Sequence[str] = ()
    subscribers: Sequence[Subscriber] = ()

    kind: ClassVar[str] = "Topic"
    service: ClassVar[str] = "sns"
    fields: ClassVar[Mapping[str, str]] = {"arn": ""}

    @classmethod
    def existing(
        cls, id: str, *, name: object = None, arn: object = None, export: str = "", ssm: str = ""
    ) -> Topic:
        """Name a topic that another stack makes."""
        return cls(id, origin=Existing(name, arn, export, ssm))

    def __post_init__(self) -> None:
        """Accept lists where tuples are kept, then check every field."""
        keep_tuples(self, "emails", "subscribers")
        super().__post_init__()

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        for email in self.emails if isinstance(self.emails, tuple) else (None,):
            if not isinstance(email, str) or not ("@" in email or "${" in email):
                yield "emails", self.emails, "a list of e-mail addresses, or values of parameters"
        for one in self.subscribers if isinstance(self.subscribers, tuple) else (None,):
            if not isinstance(one, (Queue, Function)) and not str(one).startswith("https://"):
                yield "subscribers", self.subscribers, "a list of queues, functions and https URLs"

    @property
    def name_attribute(self) -> str:
        """How `Fn::Sub` gets the name."""
        return f"{self.resource_id}.TopicName"

    def arn_of(self, name: str) -> str:
        """Make the ARN of a topic out of its name."""
        return make_arn("sns", name)

    @property
    def arn(self) -> Reference:
        """The topic's ARN."""
        return self.refer("arn")

    @property
    def grants(self) -> TopicGrants:
        """What can be granted on the topic."""
        return TopicGrants(self)

    def publish(
        self, state_id: str, *, pattern: Pattern = "", **given: Unpack[calls.Publish]
    ) -> Task:
        """Make the state that publishes a message; `pattern` may be `.waitForTaskToken`."""
        from carnation.resources.steps import call_api

        topic = {"TopicArn": self.arn}
        return call_api(repr(self), state_id, "sns:publish", topic, given, pattern=pattern)


class TopicGrants(Grants):
    """What can be granted on a topic."""

    def publish(self) -> Grant:
        """Allow publishing messages."""
        return self.allow("Publish")
