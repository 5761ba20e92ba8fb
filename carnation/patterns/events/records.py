"""Events in payloads, parameters and messages: which they are, and which attempt of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from carnation.records import NamedTuple


def find_attempts(value: Any) -> Iterator[dict[str, int]]:
    """Find which attempts of which events are in a value: as events are, or as DynamoDB takes them.

    >>> list(find_attempts([{"sequence_no": 3, "retry_attempt": 1, "random_value": "x"}]))
    [{'sequence_no': 3, 'retry_attempt': 1}]
    >>> values = {":retryAttempt": {"N": "1"}}
    >>> update = {"Key": {"sequenceNo": {"N": "3"}}, "ExpressionAttributeValues": values}
    >>> list(find_attempts(update))
    [{'sequence_no': 3, 'retry_attempt': 1}]
    """
    if isinstance(value, Mapping):
        value = _read_update(value)
        if {"sequence_no", "retry_attempt"} <= set(value):
            yield {name: value[name] for name in ("sequence_no", "retry_attempt")}
        elif {"sequenceNo", "retryAttempt"} <= set(value):
            number, attempt = (value[name].get("N", 0) for name in ("sequenceNo", "retryAttempt"))
            yield {"sequence_no": int(number), "retry_attempt": int(attempt)}
        else:
            for part in value.values():
                yield from find_attempts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from find_attempts(part)


def _read_update(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read what an update of DynamoDB is given as the item that it makes."""
    key, values = parameters.get("Key"), parameters.get("ExpressionAttributeValues")
    if not isinstance(key, Mapping) or not isinstance(values, Mapping):
        return parameters
    return {**key, **{name.removeprefix(":"): part for name, part in values.items()}}


class Identity(NamedTuple):
    """An event by its key and its value: two events may share a key."""

    number: int
    made: int
    value: str


def find_identities(value: Any) -> Iterator[Identity]:
    """Find events by key and value, in JSON texts, in DynamoDB's items, and as a table lists them.

    >>> body = '{"sequence_no": 3, "generated_unix_time": 1, "random_value": "x"}'
    >>> list(find_identities({"MessageBody": body}))
    [Identity(number=3, made=1, value='x')]
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        yield from _read_identities(value) if "sequence" in value else ()
    elif isinstance(value, dict):
        found = next((one for names in _NAMES if (one := _identify(value, names))), None)
        if found:
            yield found
        else:
            for part in value.values():
                yield from find_identities(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from find_identities(part)


@lru_cache(maxsize=4096)
def _read_identities(text: str) -> tuple[Identity, ...]:
    """Find events in a text: the same messages are asked about at each point of a scenario."""
    return tuple(find_identities(_parse(text)))


@lru_cache(maxsize=4096)
def _read_numbers(text: str) -> tuple[int, ...]:
    """Find sequence numbers in a text."""
    return tuple(find_numbers(_parse(text)))


def _parse(text: str) -> Any:
    try:
        parsed = json.loads(text)
        return None if isinstance(parsed, str) else parsed
    except (ValueError, RecursionError):  # lines of JSON, or none
        return text.splitlines() if "\n" in text else None


_NAMES = (
    ("sequence_no", "generated_unix_time", "random_value"),
    ("sequenceNo", "generatedUnixTime", "randomStringValue"),
)


def _identify(value: Mapping[str, Any], names: tuple[str, ...]) -> Identity | None:
    """Read an event by these names of its fields; None if it has not all three."""
    if not all(name in value for name in names):
        return None
    found = [value.get(name) for name in names]
    plain = [next(iter(one.values()), None) if isinstance(one, Mapping) else one for one in found]
    try:
        number, made = (int(one) for one in plain[:2])  # type: ignore[arg-type]  # else no event
    except (TypeError, ValueError):
        return None
    return Identity(number, made, plain[2]) if isinstance(plain[2], str) else None


def find_numbers(value: Any) -> Iterator[int]:
    """Find the sequence numbers of the events in a value, in JSON texts and DynamoDB items too.

    >>> list(find_numbers({"MessageBody": '{"sequence_no": 3}'}))
    [3]
    """
    if isinstance(value, str):
        yield from _read_numbers(value) if value.startswith(("{", "[")) else ()
    elif isinstance(value, dict):
        if isinstance(value.get("sequence_no"), int):
            yield value["sequence_no"]
        elif isinstance(value.get("sequenceNo"), dict):
            yield int(value["sequenceNo"].get("N", 0))
        else:
            for part in value.values():
                yield from find_numbers(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from find_numbers(part)
    elif isinstance(value, bytes):
        yield from find_numbers(value.decode("utf-8", "replace"))
