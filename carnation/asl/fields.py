"""The fields of Amazon States Language as one table.

A row says where a field may stand, what it is called in Python, and what value it takes. The order
of the rows is the order in which fields are written, so that every state reads the same way: what
it is, what it does, what goes in, what comes out, what happens on errors, what comes next. The rest
of carnation asks this table and knows no field by heart.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html and the
pages of the state types below it; https://states-language.net/spec.html.
"""

from __future__ import annotations

from typing import NamedTuple

from carnation.asl.kinds import KINDS

STATE_TYPES = ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")


class Field(NamedTuple):
    """One row of the table.

    `name` is ASL's word, `argument` Python's; `places` are the state types (and `StateMachine`,
    `ItemProcessor`, `Retrier`, `Catcher`, `Rule`) that may carry it; `kind` names the check of its
    value in `carnation.asl.kinds`; `low` and `high` bound a number, both included.
    """

    name: str
    argument: str
    places: tuple[str, ...]
    kind: str
    low: float | None = None
    high: float | None = None


_OTHER_PLACES = ("StateMachine", "ItemProcessor", "Retrier", "Catcher", "Rule")
_FLOW = ("Pass", "Task", "Wait", "Parallel", "Map")
_WORK = ("Task", "Parallel", "Map")
_SHAPED = ("Pass", "Task", "Choice", "Wait", "Succeed", "Parallel", "Map")
_SECONDS = 99_999_999

_ROWS: tuple[tuple[str, tuple[str, ...], str, float | None, float | None], ...] = (
    ("Comment", (*STATE_TYPES, *_OTHER_PLACES), "text", None, None),
    ("Type", STATE_TYPES, "text", None, None),
    ("QueryLanguage", (*STATE_TYPES, "StateMachine"), "query_language", None, None),
    ("Version", ("StateMachine",), "text", None, None),
    ("ProcessorConfig", ("ItemProcessor",), "object", None, None),
    ("Resource", ("Task",), "text", None, None),
    ("Credentials", ("Task",), "payload", None, None),
    ("Seconds", ("Wait",), "whole", 0, _SECONDS),
    ("SecondsPath", ("Wait",), "path", None, None),
    ("Timestamp", ("Wait",), "text", None, None),
    ("TimestampPath", ("Wait",), "path", None, None),
    ("Error", ("Fail",), "text", None, None),
    ("ErrorPath", ("Fail",), "path", None, None),
    ("Cause", ("Fail",), "text", None, None),
    ("CausePath", ("Fail",), "path", None, None),
    ("ErrorEquals", ("Retrier", "Catcher"), "names", None, None),
    ("InputPath", _SHAPED, "optional_path", None, None),
    ("ItemReader", ("Map",), "payload", None, None),
    ("Items", ("Map",), "any", None, None),
    ("ItemsPath", ("Map",), "path", None, None),
    ("ItemSelector", ("Map",), "payload", None, None),
    ("ItemBatcher", ("Map",), "payload", None, None),
    ("Parameters", ("Pass", "Task", "Parallel"), "payload", None, None),
    ("Arguments", ("Task", "Parallel"), "payload", None, None),
    ("MaxConcurrency", ("Map",), "whole", 0, 2**63 - 1),
    ("MaxConcurrencyPath", ("Map",), "path", None, None),
    ("ToleratedFailurePercentage", ("Map",), "number", 0, 100),
    ("ToleratedFailurePercentagePath", ("Map",), "path", None, None),
    ("ToleratedFailureCount", ("Map",), "whole", 0, 2**31 - 1),
    ("ToleratedFailureCountPath", ("Map",), "path", None, None),
    ("Label", ("Map",), "text", None, None),
    ("Branches", ("Parallel",), "branches", None, None),
    ("ItemProcessor", ("Map",), "processor", None, None),
    ("Result", ("Pass",), "payload", None, None),
    ("ResultSelector", _WORK, "payload", None, None),
    ("ResultPath", ("Pass", *_WORK, "Catcher"), "optional_path", None, None),
    ("ResultWriter", ("Map",), "payload", None, None),
    ("OutputPath", _SHAPED, "optional_path", None, None),
    ("TimeoutSeconds", ("Task", "StateMachine"), "whole", 1, _SECONDS),
    ("TimeoutSecondsPath", ("Task",), "path", None, None),
    ("HeartbeatSeconds", ("Task",), "whole", 1, _SECONDS),
    ("HeartbeatSecondsPath", ("Task",), "path", None, None),
    ("IntervalSeconds", ("Retrier",), "whole", 1, _SECONDS),
    ("MaxAttempts", ("Retrier",), "whole", 0, _SECONDS),
    ("BackoffRate", ("Retrier",), "number", 1, None),
    ("MaxDelaySeconds", ("Retrier",), "whole", 1, 31_622_400),
    ("JitterStrategy", ("Retrier",), "jitter", None, None),
    ("Retry", _WORK, "retriers", None, None),
    ("Catch", _WORK, "catchers", None, None),
    ("Choices", ("Choice",), "choices", None, None),
    ("Default", ("Choice",), "target", None, None),
    ("Assign", (*_SHAPED, "Catcher", "Rule"), "payload", None, None),
    ("Output", (*_SHAPED, "Catcher", "Rule"), "payload", None, None),
    ("Condition", ("Rule",), "text", None, None),
    ("StartAt", ("StateMachine", "ItemProcessor"), "target", None, None),
    ("States", ("StateMachine", "ItemProcessor"), "states", None, None),
    ("Next", (*_FLOW, "Catcher", "Rule"), "target", None, None),
    ("End", _FLOW, "flag", None, None),
)  # fmt: skip


def argument_of(name: str) -> str:
    """Turn ASL's PascalCase into Python's snake_case.

    >>> argument_of("MaxDelaySeconds")
    'max_delay_seconds'
    """
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)[1:]


FIELDS = tuple(
    Field(name, argument_of(name), places, kind, low, high)
    for name, places, kind, low, high in _ROWS
)
_BY_PLACE: dict[str, tuple[Field, ...]] = {
    place: tuple(field for field in FIELDS if place in field.places)
    for place in (*STATE_TYPES, *_OTHER_PLACES)
}


def fields_of(place: str) -> tuple[Field, ...]:
    """Give the fields that may stand in a place, in the order in which they are written.

    >>> [field.name for field in fields_of("Retrier")][:3]
    ['Comment', 'ErrorEquals', 'IntervalSeconds']
    """
    return _BY_PLACE[place]


def find_problem(field: Field, value: object) -> str:
    """Say what is wrong with a field's value, in words that follow its name; '' if nothing is.

    >>> seconds = next(field for field in fields_of("Task") if field.name == "TimeoutSeconds")
    >>> find_problem(seconds, 0)
    'is 0; it takes a whole number from 1 to 99999999'
    >>> find_problem(seconds, 30)
    ''
    """
    fits, wanted = KINDS[field.kind]
    if not fits(value):
        return f"is {_shortened(value)}; it takes {wanted}{_range_of(field)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = field.low, field.high
        if (low is not None and value < low) or (high is not None and value > high):
            return f"is {value}; it takes {wanted}{_range_of(field)}"
    return ""


def _range_of(field: Field) -> str:
    if field.low is None:
        return ""
    return f" from {field.low:.0f}" + ("" if field.high is None else f" to {field.high:.0f}")


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
