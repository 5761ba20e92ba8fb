"""The fields of Amazon States Language as one table.

A row says where a field may stand, what it is called in Python, what value it takes and in which
query language it exists. The order of the rows is the order in which fields are written, so that
every state reads the same way: what it is, what it does, what goes in, what comes out, what happens
on errors, what comes next. The rest of carnation asks this table and knows no field by heart.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html and the
pages of the state types below it; https://states-language.net/spec.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from carnation.asl.kinds import KINDS, is_placeholder
from carnation.lazy import re
from carnation.records import NamedTuple

STATE_TYPES = ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
PATH, ATA = "JSONPath", "JSONata"
"""The two query languages; a field of neither alone belongs to both."""


class Field(NamedTuple):
    """One row of the table.

    `name` is ASL's word; `places` are the state types (and `StateMachine`,
    `Retrier`, `ItemReader`, …) that may carry it; `kind` names the check of its value in
    `carnation.asl.kinds`; `low` and `high` bound a number, both included; `language` is the query
    language it belongs to ('' for both); `dynamic` fields take an expression in JSONata; `legacy`
    ones are read and never written.
    """

    name: str
    places: tuple[str, ...]
    kind: str
    low: float | None = None
    high: float | None = None
    language: str = ""
    dynamic: bool = False
    legacy: bool = False

    @property
    def argument(self) -> str:
        """Python's word for it."""
        return argument_of(self.name)


_CONFIGURED = ("ItemReader", "ReaderConfig", "ItemBatcher", "ResultWriter", "WriterConfig")
_SCOPES = ("StateMachine", "ItemProcessor", "Branch", "Iterator")
_COMMENTED = (*STATE_TYPES, *_SCOPES, "Retrier", "Catcher", "Rule")
PLACES = (*_COMMENTED, *_CONFIGURED, "ProcessorConfig", "Credentials")
_FLOW = ("Pass", "Task", "Wait", "Parallel", "Map")
_WORK = ("Task", "Parallel", "Map")
_SHAPED = ("Pass", "Task", "Choice", "Wait", "Succeed", "Parallel", "Map")
_ASSIGNING = ("Pass", "Task", "Choice", "Wait", "Parallel", "Map", "Catcher", "Rule")
_CONNECTORS = ("ItemReader", "ResultWriter")
_SECONDS = 99_999_999


@cache
def argument_of(name: str) -> str:
    """Turn ASL's PascalCase into Python's snake_case.

    >>> argument_of("MaxDelaySeconds"), argument_of("CSVHeaders")
    ('max_delay_seconds', 'csv_headers')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _row(
    name: str,
    places: tuple[str, ...],
    kind: str,
    low: float | None = None,
    high: float | None = None,
    *,
    language: str = "",
    dynamic: bool = False,
    legacy: bool = False,
) -> Field:
    return Field(name, places, kind, low, high, language, dynamic, legacy)


FIELDS = (
    _row("Comment", _COMMENTED, "text"),
    _row("Type", STATE_TYPES, "text"),
    _row("QueryLanguage", (*STATE_TYPES, "StateMachine"), "query_language"),
    _row("Version", ("StateMachine",), "text"),
    _row("ProcessorConfig", ("ItemProcessor", "Iterator"), "object"),
    _row("Mode", ("ProcessorConfig",), "mode"),
    _row("ExecutionType", ("ProcessorConfig",), "execution_type"),
    _row("Resource", ("Task", *_CONNECTORS), "text"),
    _row("Credentials", ("Task",), "payload"),
    _row("RoleArn", ("Credentials",), "text"),
    _row("RoleArn.$", ("Credentials",), "path", language=PATH),
    _row("Seconds", ("Wait",), "whole", 0, _SECONDS, dynamic=True),
    _row("SecondsPath", ("Wait",), "path", language=PATH),
    _row("Timestamp", ("Wait",), "timestamp", dynamic=True),
    _row("TimestampPath", ("Wait",), "path", language=PATH),
    _row("Error", ("Fail",), "text"),
    _row("ErrorPath", ("Fail",), "path", language=PATH),
    _row("Cause", ("Fail",), "text"),
    _row("CausePath", ("Fail",), "path", language=PATH),
    _row("ErrorEquals", ("Retrier", "Catcher"), "names"),
    _row("InputPath", _SHAPED, "optional_path", language=PATH),
    _row("ItemReader", ("Map",), "payload"),
    _row("ReaderConfig", ("ItemReader",), "object"),
    _row("InputType", ("ReaderConfig",), "input_type"),
    _row("ManifestType", ("ReaderConfig",), "manifest_type"),
    _row("Transformation", ("ReaderConfig",), "flattening"),
    _row("CSVHeaderLocation", ("ReaderConfig",), "header_location"),
    _row("CSVHeaders", ("ReaderConfig",), "names"),
    _row("CSVDelimiter", ("ReaderConfig",), "delimiter"),
    _row("MaxItems", ("ReaderConfig",), "whole", 0, 100_000_000, dynamic=True),
    _row("MaxItemsPath", ("ReaderConfig",), "path", language=PATH),
    _row("ItemsPointer", ("ReaderConfig",), "text"),
    _row("Items", ("Map",), "items", language=ATA, dynamic=True),
    _row("ItemsPath", ("Map",), "path", language=PATH),
    _row("ItemSelector", ("Map",), "payload"),
    _row("ItemBatcher", ("Map",), "payload"),
    _row("MaxItemsPerBatch", ("ItemBatcher",), "whole", 1, dynamic=True),
    _row("MaxItemsPerBatchPath", ("ItemBatcher",), "path", language=PATH),
    _row("MaxInputBytesPerBatch", ("ItemBatcher",), "whole", 1, 262_144, dynamic=True),
    _row("MaxInputBytesPerBatchPath", ("ItemBatcher",), "path", language=PATH),
    _row("BatchInput", ("ItemBatcher",), "payload"),
    _row("Parameters", ("Pass", "Task", "Parallel", *_CONNECTORS), "payload", language=PATH),
    _row("Parameters", ("Map",), "payload", language=PATH, legacy=True),
    _row("Arguments", ("Task", "Parallel", *_CONNECTORS), "payload", language=ATA),
    _row("MaxConcurrency", ("Map",), "whole", 0, 2**63 - 1, dynamic=True),
    _row("MaxConcurrencyPath", ("Map",), "path", language=PATH),
    _row("ToleratedFailurePercentage", ("Map",), "number", 0, 100, dynamic=True),
    _row("ToleratedFailurePercentagePath", ("Map",), "path", language=PATH),
    _row("ToleratedFailureCount", ("Map",), "whole", 0, 2**31 - 1, dynamic=True),
    _row("ToleratedFailureCountPath", ("Map",), "path", language=PATH),
    _row("Label", ("Map",), "text"),
    _row("Branches", ("Parallel",), "branches"),
    _row("ItemProcessor", ("Map",), "processor"),
    _row("Iterator", ("Map",), "processor", legacy=True),
    _row("Result", ("Pass",), "payload", language=PATH),
    _row("ResultSelector", _WORK, "payload", language=PATH),
    _row("ResultPath", ("Pass", *_WORK, "Catcher"), "optional_path", language=PATH),
    _row("ResultWriter", ("Map",), "payload"),
    _row("WriterConfig", ("ResultWriter",), "object"),
    _row("Transformation", ("WriterConfig",), "transformation"),
    _row("OutputType", ("WriterConfig",), "output_type"),
    _row("OutputPath", _SHAPED, "optional_path", language=PATH),
    _row("TimeoutSeconds", ("Task",), "whole", 1, _SECONDS, dynamic=True),
    _row("TimeoutSeconds", ("StateMachine",), "whole", 1, _SECONDS),
    _row("TimeoutSecondsPath", ("Task",), "path", language=PATH),
    _row("HeartbeatSeconds", ("Task",), "whole", 1, _SECONDS, dynamic=True),
    _row("HeartbeatSecondsPath", ("Task",), "path", language=PATH),
    _row("IntervalSeconds", ("Retrier",), "whole", 1, _SECONDS),
    _row("MaxAttempts", ("Retrier",), "whole", 0, _SECONDS),
    _row("BackoffRate", ("Retrier",), "number", 1),
    _row("MaxDelaySeconds", ("Retrier",), "whole", 1, 31_622_400),
    _row("JitterStrategy", ("Retrier",), "jitter"),
    _row("Retry", _WORK, "retriers"),
    _row("Catch", _WORK, "catchers"),
    _row("Choices", ("Choice",), "choices"),
    _row("Default", ("Choice",), "target"),
    _row("Assign", _ASSIGNING, "payload"),
    _row("Output", (*_SHAPED, "Catcher", "Rule"), "payload", language=ATA),
    _row("Condition", ("Rule",), "condition", language=ATA),
    _row("StartAt", _SCOPES, "target"),
    _row("States", _SCOPES, "states"),
    _row("Next", (*_FLOW, "Catcher", "Rule"), "target"),
    _row("End", _FLOW, "flag"),
)  # fmt: skip

KNOWN: Mapping[str, Mapping[str, Field]] = {
    place: {field.name: field for field in FIELDS if place in field.places} for place in PLACES
}
"""For each place, every field that may be there, by name, the legacy ones included."""

EXCLUSIONS: tuple[tuple[tuple[str, ...], tuple[str, ...], bool], ...] = (
    (("Wait",), ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"), True),
    (("Fail",), ("Error", "ErrorPath"), False),
    (("Fail",), ("Cause", "CausePath"), False),
    (("Task",), ("TimeoutSeconds", "TimeoutSecondsPath"), False),
    (("Task",), ("HeartbeatSeconds", "HeartbeatSecondsPath"), False),
    (_FLOW, ("Next", "End"), True),
    (("Map",), ("ItemProcessor", "Iterator"), True),
    (("Map",), ("ItemSelector", "Parameters"), False),
    (("Map",), ("MaxConcurrency", "MaxConcurrencyPath"), False),
    (("Map",), ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"), False),
    (("Map",), ("ToleratedFailureCount", "ToleratedFailureCountPath"), False),
    (("Credentials",), ("RoleArn", "RoleArn.$"), True),
    (("ReaderConfig",), ("MaxItems", "MaxItemsPath"), False),
    (("ItemBatcher",), ("MaxItemsPerBatch", "MaxItemsPerBatchPath"), False),
    (("ItemBatcher",), ("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"), False),
)
"""Places, fields of which at most one may be there, and whether one has to."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "StateMachine": ("StartAt", "States"),
    "ItemProcessor": ("StartAt", "States"),
    "Iterator": ("StartAt", "States"),
    "Branch": ("StartAt", "States"),
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
    "Retrier": ("ErrorEquals",),
    "Catcher": ("ErrorEquals", "Next"),
    "Rule": ("Next",),
    "ItemReader": ("Resource",),
}
"""The fields without which a part is none."""


@cache
def fields_of(place: str, *, legacy: bool = False) -> tuple[Field, ...]:
    """Return the fields that may be in a place, in the order in which they are written.

    With `legacy` also those that AWS still takes and advises against.

    >>> [field.name for field in fields_of("Retrier")][:3]
    ['Comment', 'ErrorEquals', 'IntervalSeconds']
    """
    known = KNOWN[place].values()
    return tuple(field for field in known if legacy or not field.legacy)


def find_problem(field: Field, value: object) -> str:
    """Describe what is wrong with a field's value, in words that follow its name; '' if nothing is.

    >>> seconds = next(field for field in fields_of("Task") if field.name == "TimeoutSeconds")
    >>> find_problem(seconds, 0)
    'is 0; expected an integer from 1 to 99999999'
    >>> find_problem(seconds, 30)
    ''
    """
    fits, wanted = KINDS[field.kind]
    if not fits(value):
        if is_placeholder(value) or (field.dynamic and is_expression(value)):
            return ""
        return f"is {_shortened(value)}; expected {wanted}{_range_of(field)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = field.low, field.high
        if (low is not None and value < low) or (high is not None and value > high):
            return f"is {value}; expected {wanted}{_range_of(field)}"
    return ""


def is_expression(value: object) -> bool:
    """Return whether a value is an expression of JSONata: a text between `{%` and `%}`."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def _range_of(field: Field) -> str:
    if field.low is None:
        return ""
    low, high = (None if one is None else int(one) for one in (field.low, field.high))
    return f" from {low}" + ("" if high is None else f" to {high}")


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
