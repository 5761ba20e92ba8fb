"""Bus, Connection and Secret: events to others, HTTP calls, and the keys that these take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from carnation.errors import DefinitionError
from carnation.records import KW_ONLY, record
from carnation.resources.grants import Grant, Grants
from carnation.resources.references import Reference, make_arn
from carnation.resources.resource import Existing, Problem, Resource
from carnation.states.arguments import find_line

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from carnation.resources import calls
    from carnation.states import Pattern, Task


@record(frozen=True, repr=False)
class Bus(Resource):
    """An EventBridge event bus.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html
    """

    kind: ClassVar[str] = "Bus"
    service: ClassVar[str] = "events"
    fields: ClassVar[Mapping[str, str]] = {"name": "", "arn": "Arn"}

    @classmethod
    def existing(
        cls, id: str, *, name: object = None, arn: object = None, export: str = "", ssm: str = ""
    ) -> Bus:
        """Name a bus that somebody else makes; `name="default"` is the account's own."""
        return cls(id, origin=Existing(name, arn, export, ssm))

    def arn_of(self, name: str) -> str:
        """Make the ARN of a bus."""
        return make_arn("events", f"event-bus/{name}")

    @property
    def name(self) -> Reference:
        """The bus's name."""
        return self.refer("name")

    @property
    def arn(self) -> Reference:
        """The bus's ARN."""
        return self.refer("arn")

    @property
    def grants(self) -> BusGrants:
        """What can be granted on the bus."""
        return BusGrants(self)

    def put_events(
        self,
        state_id: str,
        *,
        Entries: Sequence[Mapping[str, Any]],  # noqa: N803
        pattern: Pattern = "",
        **given: Unpack[calls.StateFields],
    ) -> Task:
        """Make the state that sends events to this bus; `pattern` may be `.waitForTaskToken`."""
        from carnation.resources.steps import call_api

        if not all(hasattr(entry, "keys") for entry in Entries):
            raise DefinitionError(
                f"state '{state_id}' ({find_line()}): Entries is {Entries!r}; expected a list of "
                "events, each a mapping with Source, DetailType and Detail."
            )
        entries = [{"EventBusName": self.name, **entry} for entry in Entries]
        fixed = {"Entries": entries}
        return call_api(repr(self), state_id, "events:putEvents", fixed, given, pattern=pattern)


class BusGrants(Grants):
    """What can be granted on a bus."""

    def put_events(self) -> Grant:
        """Allow sending events."""
        return self.allow("PutEvents")


@record(frozen=True, repr=False)
class Secret(Resource):
    """A secret, made with a random value: put the real one in with AWS's console or CLI.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/create_secret.html
    """

    description: str = ""

    kind: ClassVar[str] = "Secret"
    service: ClassVar[str] = "secretsmanager"
    fields: ClassVar[Mapping[str, str]] = {"arn": ""}

    @classmethod
    def existing(
        cls, id: str, *, name: object = None, arn: object = None, export: str = "", ssm: str = ""
    ) -> Secret:
        """Name a secret that somebody else keeps."""
        return cls(id, origin=Existing(name, arn, export, ssm))

    def arn_of(self, name: str) -> str:
        """Make the ARN of a secret, which ends in six characters that AWS chooses."""
        return make_arn("secretsmanager", f"secret:{name}-??????")

    @property
    def arn(self) -> Reference:
        """The secret's ARN."""
        return self.refer("arn")

    @property
    def grants(self) -> SecretGrants:
        """What can be granted on the secret."""
        return SecretGrants(self)


class SecretGrants(Grants):
    """What can be granted on a secret."""

    def read(self) -> Grant:
        """Allow reading the value."""
        return self.allow("DescribeSecret", "GetSecretValue")


@record(frozen=True, repr=False)
class Connection(Resource):
    """A connection to an HTTP API at `endpoint`, which sends the key in `secret` with each call.

    `header` is the name of the header that holds the key.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
    """

    _: KW_ONLY
    endpoint: str = ""
    secret: Secret | None = None
    header: str = "Authorization"

    kind: ClassVar[str] = "Connection"
    service: ClassVar[str] = "events"
    fields: ClassVar[Mapping[str, str]] = {"arn": "Arn"}

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not str(self.endpoint).startswith(("https://", "${")):
            yield "endpoint", self.endpoint, "an https URL"
        if not isinstance(self.secret, Secret):
            yield "secret", self.secret, "a Secret"

    def arn_of(self, name: str) -> str:
        """Make the ARN of a connection, which ends in an id that AWS chooses."""
        return make_arn("events", f"connection/{name}/*")

    @property
    def arn(self) -> Reference:
        """The connection's ARN."""
        return self.refer("arn")

    def call(
        self, state_id: str, method: str, path: str = "", **given: Unpack[calls.CallEndpoint]
    ) -> Task:
        """Make the state that calls the API."""
        from carnation.resources.steps import call_api

        fixed = {
            "ApiEndpoint": f"{self.endpoint.rstrip('/')}{path}",
            "Method": method,
            "Authentication": {"ConnectionArn": self.arn},
        }
        return call_api(repr(self), state_id, "http:invoke", fixed, given)
