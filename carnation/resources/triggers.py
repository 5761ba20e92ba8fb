"""Triggers: what starts executions of a workflow. Each has a role that may do just that.

What a rule, a schedule or an upload cannot deliver goes to the dead-letter queue `undelivered`,
which all triggers of a workflow share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from carnation.lazy import compile_lazily
from carnation.records import KW_ONLY, field, record
from carnation.resources.functions import is_within
from carnation.resources.grants import keep_tuples
from carnation.resources.references import Reference, Value
from carnation.resources.resource import Problem, Resource

if TYPE_CHECKING:
    from carnation.resources.buckets import Bucket
    from carnation.resources.connections import Bus
    from carnation.resources.functions import Function
    from carnation.resources.queues import Queue
    from carnation.resources.tables import Table

_EXPRESSION = compile_lazily(
    r"rate\(\d+ (minutes?|hours?|days?)\)|cron\(\S+( \S+){5}\)"
    r"|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)"
)
_ROUTE = compile_lazily(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) /\S*\Z|\$default\Z")


def _is_zone(name: object) -> bool:
    """Return whether there may be such a time zone; a machine without zones knows none."""
    if name == "UTC":
        return True
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (ValueError, OSError):
        return False
    except ZoneInfoNotFoundError:
        from zoneinfo import available_timezones

        return not available_timezones()


@record(frozen=True, repr=False)
class Trigger(Resource):
    """What starts executions of a workflow."""

    uses_undelivered: ClassVar[bool] = True
    """Whether what it cannot deliver goes to the dead-letter queue."""

    def list_resources(self) -> list[Resource]:
        """List the resources that the trigger reads from or calls."""
        return []


@record(frozen=True, repr=False)
class EventRule(Trigger):
    """An EventBridge rule: starts an execution for each event of `source` and `detail_type`.

    `detail` narrows it by values inside the event; `pattern` is a whole event pattern in place of
    the three. The execution's input is the event's detail, with `whole_event` the event itself.
    `bus` is another bus than the account's default.
    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """

    _: KW_ONLY
    source: str | Sequence[str] = ()
    detail_type: str | Sequence[str] = ()
    detail: Mapping[str, Any] = field(default_factory=dict, hash=False)
    pattern: Mapping[str, Any] = field(default_factory=dict, hash=False)
    whole_event: bool = False
    bus: Bus | None = None

    kind: ClassVar[str] = "Rule"

    def __post_init__(self) -> None:
        """Accept lists where tuples are kept, then check every field."""
        keep_tuples(self, "source", "detail_type")
        super().__post_init__()

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        parts = self.source or self.detail_type or self.detail
        if bool(parts) == bool(self.pattern):
            yield "pattern", self.pattern, "a pattern, or source=, detail_type= and detail="
        if self.bus is not None and not hasattr(self.bus, "put_events"):
            yield "bus", self.bus, "a Bus"

    def list_resources(self) -> list[Resource]:
        """List the bus, where there is one."""
        return [self.bus] if self.bus else []

    def make_pattern(self) -> dict[str, Any]:
        """Make the event pattern."""
        if self.pattern:
            return dict(self.pattern)
        named = (("source", self.source), ("detail-type", self.detail_type))
        pattern: dict[str, Any] = {
            name: [value] if isinstance(value, str) else list(value)
            for name, value in named
            if value
        }
        return {**pattern, **({"detail": dict(self.detail)} if self.detail else {})}


@record(frozen=True, repr=False)
class Schedule(Trigger):
    """A schedule of EventBridge Scheduler: `rate(…)`, `cron(…)` or `at(…)`, in a time zone.

    `input` is the input of each execution.
    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """

    expression: str = ""
    _: KW_ONLY
    timezone: str = "UTC"
    input: Mapping[str, Any] = field(default_factory=dict, hash=False)

    kind: ClassVar[str] = "Schedule"

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not isinstance(self.expression, str) or not _EXPRESSION.fullmatch(self.expression):
            form = "rate(5 minutes), cron(0 3 * * ? *) with six fields, or at(2027-01-31T08:00:00)"
            yield "expression", self.expression, form
        if not _is_zone(self.timezone):
            yield "timezone", self.timezone, "a time zone's name, as in Europe/Berlin"


@record(frozen=True, repr=False)
class QueueSource(Trigger):
    """A pipe from a queue: an execution for each batch of messages, its input a list of them.

    An Express workflow's answer is waited for, so that a batch whose execution fails goes back to
    the queue. A Standard workflow is started; its failure leaves no message behind.
    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html
    """

    _: KW_ONLY
    queue: Queue | None = None
    batch_size: int = 10
    window_seconds: int = 0

    kind: ClassVar[str] = "Pipe"
    uses_undelivered: ClassVar[bool] = False

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not hasattr(self.queue, "url"):
            yield "queue", self.queue, "a Queue"
        if not is_within(self.batch_size, 1, 10_000):
            yield "batch_size", self.batch_size, "an integer from 1 to 10,000"
        if not is_within(self.window_seconds, 0, 300):
            yield "window_seconds", self.window_seconds, "whole seconds from 0 to 300"
        elif getattr(self.queue, "fifo", False) and (self.window_seconds or self.batch_size > 10):
            yield "batch_size", self.batch_size, "up to 10, and no window, of a FIFO queue"
        elif self.batch_size > 10 and not self.window_seconds:
            yield "batch_size", self.batch_size, "up to 10, unless window_seconds is 1 or more"

    def list_resources(self) -> list[Resource]:
        """List the queue."""
        return [self.queue] if self.queue else []


@record(frozen=True, repr=False)
class TableSource(Trigger):
    """A pipe from a table's stream: an execution for each batch of changes, its input a list.

    `starting_position` is LATEST or TRIM_HORIZON. A batch that fails is tried again `retries` times
    and then goes to the dead-letter queue.
    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html
    """

    _: KW_ONLY
    table: Table | None = None
    batch_size: int = 10
    starting_position: str = "LATEST"
    retries: int = 5

    kind: ClassVar[str] = "Pipe"

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not getattr(self.table, "has_stream", False):
            form = "a Table with stream='NEW_AND_OLD_IMAGES'"
            if getattr(self.table, "is_existing", False):
                form = "the ARN of its stream, too: Table.existing(…, stream_arn=…)"
            yield "table", self.table, form
        if not is_within(self.batch_size, 1, 10_000):
            yield "batch_size", self.batch_size, "an integer from 1 to 10,000"
        if self.starting_position not in ("LATEST", "TRIM_HORIZON"):
            yield "starting_position", self.starting_position, "LATEST or TRIM_HORIZON"
        if not is_within(self.retries, 0, 10_000):
            yield "retries", self.retries, "an integer from 0 to 10,000"

    def list_resources(self) -> list[Resource]:
        """List the table."""
        return [self.table] if self.table else []


@record(frozen=True, repr=False)
class Upload(Trigger):
    """An execution for each object that is written to a bucket, below `prefix` if given.

    Its input is the event's detail: `bucket.name`, `object.key`, `object.size`. An existing bucket
    has to send its events to EventBridge already: nothing of it is changed here.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
    """

    _: KW_ONLY
    bucket: Bucket | None = None
    prefix: str = ""
    suffix: str = ""

    kind: ClassVar[str] = "Rule"

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not hasattr(self.bucket, "read_csv"):
            yield "bucket", self.bucket, "a Bucket"

    def list_resources(self) -> list[Resource]:
        """List the bucket."""
        return [self.bucket] if self.bucket else []


@record(frozen=True, repr=False)
class HttpApi(Trigger):
    """An HTTP API: `routes` gives what answers each, None for this workflow, or a function.

    Every route asks for IAM's signature, unless `authorization` says `"NONE"` for it: then anybody
    may call. The body is the execution's input. A Standard workflow is started, and the answer
    names the execution; an Express workflow ends first, and the answer has its status and output.
    A function is given the request, and makes the answer.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html
    """

    _: KW_ONLY
    routes: Mapping[str, Function | None] = field(default_factory=dict, hash=False)
    authorization: Mapping[str, str] = field(default_factory=dict, hash=False)

    kind: ClassVar[str] = "Api"
    fields: ClassVar[Mapping[str, str]] = {"url": "ApiEndpoint"}
    uses_undelivered: ClassVar[bool] = False

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not self.routes or not hasattr(self.routes, "items"):
            yield "routes", self.routes, "one route or more, as in {'POST /orders': None}"
        if not hasattr(self.authorization, "items"):
            yield "authorization", self.authorization, "'AWS_IAM' or 'NONE' by route"
        for route, function in self.routes.items():
            if not isinstance(route, str) or not _ROUTE.match(route):
                yield "routes", route, "a method and a path, as in 'POST /orders'"
            if function is not None and not hasattr(function, "invoke"):
                yield f"routes[{route!r}]", function, "None, for this workflow, or a Function"
        for route, kind in self.authorization.items():
            if route not in self.routes:
                yield "authorization", route, f"one of the routes {', '.join(self.routes)}"
            if kind not in ("AWS_IAM", "NONE"):
                yield f"authorization[{route!r}]", kind, "'AWS_IAM' or 'NONE'"

    def list_resources(self) -> list[Resource]:
        """List the functions that answer."""
        return [function for function in self.routes.values() if function is not None]

    def find_value(self, name: str) -> Value:
        """Return the URL of the API."""
        return {"Fn::GetAtt": [self.resource_id, "ApiEndpoint"]}

    def find_name(self, name: str) -> str:
        """Return nothing: no role is about a URL."""
        return ""

    @property
    def url(self) -> Reference:
        """The API's URL."""
        return self.refer("url")
