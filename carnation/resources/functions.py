"""Function: a Lambda function, made of `lambdas/<id>/`, or one that exists elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from carnation.lazy import compile_lazily
from carnation.records import KW_ONLY, field, record
from carnation.resources.grants import Grant, Grants, keep_tuples
from carnation.resources.references import Reference, Value, make_arn
from carnation.resources.resource import Existing, Problem, Resource
from carnation.services.limits import MAX_MEMORY, MIN_MEMORY
from carnation.states import Retry

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from carnation.resources.calls import StateFields
    from carnation.states import Pattern, Task

RUNTIME, ARCHITECTURE = "python3.13", "arm64"
RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")
ARCHITECTURES = ("arm64", "x86_64")
_VARIABLE = compile_lazily(r"(?!AWS_)[A-Za-z][A-Za-z0-9_]+\Z")
_IMAGE = compile_lazily(r".+@sha256:[0-9a-f]{64}\Z")
_MARGIN = 10  # seconds: a state that gives up first hides the function's own error

TRANSIENT_ERRORS = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
"""What AWS advises to retry on every Lambda task.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
"""


@record(frozen=True, repr=False)
class Function(Resource):
    """A Lambda function.

    Its code is `lambdas/<id>/` with `handler.handle`, unless `zip` (the path of an archive in any
    language) or `image` (a container image, with its digest) is given. `timeout` is in seconds (1
    to 900), `memory` in MB (128 to 10,240). `uses` lists what the function may do; the first
    reference of each resource in it is in the environment, next to the values of `environment`.
    Raises `UsageError` for what AWS would reject. Source:
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

    >>> Function("process_event", description="Writes one event").title
    'ProcessEvent'
    """

    description: str = ""
    _: KW_ONLY
    timeout: int = 30
    memory: int = 256
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    uses: Sequence[Grant] = ()
    runtime: str = RUNTIME
    architecture: str = ARCHITECTURE
    handler: str = "handler.handle"
    zip: str = ""
    image: str = ""
    layers: Sequence[str] = ()

    kind: ClassVar[str] = "Function"
    service: ClassVar[str] = "lambda"
    fields: ClassVar[Mapping[str, str]] = {"arn": ""}

    @classmethod
    def existing(
        cls, id: str, *, name: object = None, arn: object = None, export: str = "", ssm: str = ""
    ) -> Function:
        """Name a function that somebody else deploys, in any language, Region or account."""
        return cls(id, origin=Existing(name, arn, export, ssm))

    def __post_init__(self) -> None:
        """Accept lists where tuples are kept, then check every field."""
        keep_tuples(self, "uses", "layers")
        super().__post_init__()

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        for name, valid, form in (
            ("description", _is_text(self.description), "text of up to 256 characters"),
            ("timeout", is_within(self.timeout, 1, 900), "whole seconds from 1 to 900"),
            ("memory", is_within(self.memory, MIN_MEMORY, MAX_MEMORY),
             "whole MB from 128 to 10,240"),
            ("environment", _is_environment(self.environment), _ENVIRONMENT_FORM),
            ("uses", _is_all(self.uses, Grant), "a list of grants, as in [TABLE.grants.query()]"),
            ("runtime", self.zip or self.runtime in RUNTIMES, f"one of {', '.join(RUNTIMES)}"),
            ("architecture", self.architecture in ARCHITECTURES, "arm64 or x86_64"),
            ("image", not self.image or _IMAGE.match(self.image),
             "an image with its digest, as in REPOSITORY@sha256:DIGEST"),
            ("layers", _is_all(self.layers, str), "a list of layer ARNs"),
        ):  # fmt: skip
            if not valid:
                yield name, getattr(self, name), form

    @property
    def is_packed(self) -> bool:
        """Return whether its code is packed out of `lambdas/`."""
        return not (self.zip or self.image or self.is_existing)

    @property
    def version_id(self) -> str:
        """The logical ID of its version."""
        return f"{self.title}Version"

    def arn_of(self, name: str) -> str:
        """Make the ARN of a function, all its versions included where they are ours."""
        return make_arn("lambda", f"function:{name}")

    def name_from_arn(self, arn: Value) -> Value:
        """Return the ARN, which Lambda takes for a name."""
        return arn

    def find_value(self, name: str) -> Value:
        """Return the version's ARN: a state invokes the version that it was deployed with."""
        return super().find_value(name) if self.is_existing else {"Ref": self.version_id}

    def find_name(self, name: str) -> str:
        """Return the ARN of all versions, since running executions continue with older ones."""
        return self.full_arn if self.is_existing else f"{self.full_arn}:*"

    @property
    def arn(self) -> Reference:
        """The ARN of the function's version."""
        return self.refer("arn")

    @property
    def grants(self) -> FunctionGrants:
        """What can be granted on the function."""
        return FunctionGrants(self)

    def invoke(
        self,
        state_id: str,
        payload: Any = None,
        *,
        pattern: Pattern = "",
        **given: Unpack[StateFields],
    ) -> Task:
        """Make the state that invokes the function with `payload` (default: the state's input).

        It gives up 10 seconds after the function does, and retries the errors of Lambda itself.
        With the pattern `.waitForTaskToken` it waits for the holder of the payload's token.
        """
        from carnation.resources.steps import call_api

        fixed: dict[str, Any] = {"FunctionName": self.arn}
        paths = {**fixed, "Payload.$": "$"} if payload is None else None
        fixed["Payload"] = "{% $states.input %}" if payload is None else payload
        fields: dict[str, Any] = {"retry": _retry_transient_errors(), **given}
        seconds = self.timeout + _MARGIN
        return call_api(
            repr(self), state_id, "lambda:invoke", fixed, fields,
            pattern=pattern, timeout_seconds=seconds, in_jsonpath=paths,
        )  # fmt: skip


class FunctionGrants(Grants):
    """What can be granted on a function."""

    def invoke(self) -> Grant:
        """Allow invoking it."""
        return Grant(("lambda:InvokeFunction",), (str(self.resource.arn),), given=self.resource)


def _retry_transient_errors() -> Retry:
    return Retry(
        error_equals=TRANSIENT_ERRORS,
        interval_seconds=2,
        max_attempts=2,
        max_delay_seconds=10,
        jitter_strategy="FULL",
    )


_MAX_BYTES = 4096  # bytes of all variables
_ENVIRONMENT_FORM = (
    "text by names of letters, digits and underscores, none beginning with AWS_, of 4 KB in all"
)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 256


def is_within(value: object, low: int, high: int) -> bool:
    """Return whether a value is an integer between two others."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_all(values: object, kind: type) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, kind) for value in values)


def _is_environment(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and all(
            isinstance(name, str) and _VARIABLE.match(name) and isinstance(text, str)
            for name, text in value.items()
        )
        and sum(len((name + text).encode()) for name, text in value.items()) <= _MAX_BYTES
    )
