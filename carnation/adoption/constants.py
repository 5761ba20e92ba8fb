"""What a module says once and uses often: ARNs, URLs, retriers and payloads that are repeated."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.adoption.names import split_words
from carnation.services.arns import split_arn

_MIN_LENGTH = 24  # characters; a shorter text reads better where it stands
_ADDRESS = re.compile(r"(?:arn:|https?://|s3://)\S+\Z")
_MAX_NAME_LENGTH = 40
_KINDS = {"function": "function", "secret": "secret", "table": "table", "activity": "activity"}
_SERVICES = {"sns": "topic", "sqs": "queue", "s3": "bucket", "states": "machine"}
_PAYLOADS = (
    "Credentials", "Parameters", "Arguments", "ResultSelector", "ItemSelector", "ItemReader",
    "ResultWriter", "Assign", "Output",
)  # fmt: skip


def find_texts(states: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Find the addresses that states repeat: each with the name that says what it is.

    >>> queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/dead-letters"
    >>> find_texts([{"Parameters": {"QueueUrl": queue}}] * 2)
    {'https://sqs.eu-west-1.amazonaws.com/111122223333/dead-letters': 'DEAD_LETTERS_URL'}
    """
    counts = Counter(text for state in states for text in _list_texts(state))
    return {
        text: _address_name(text)
        for text, count in counts.items()
        if count > 1 and len(text) >= _MIN_LENGTH and _ADDRESS.match(text)
    }


def find_retriers(states: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, str]]:
    """Find the retriers, and the lists of them, that states repeat: by key, with their name.

    A retrier of a repeated list counts once for all its uses.
    """
    lists = [state["Retry"] for state in states if state.get("Retry")]
    counts = Counter(make_key(retriers) for retriers in lists)
    found = {}
    for retriers in lists:
        if len(retriers) > 1 and counts[make_key(retriers)] > 1:
            found[make_key(retriers)] = (retriers, "RETRIERS")
    distinct = {make_key(retriers): retriers for retriers in lists}
    singles: Counter[str] = Counter()
    for key, retriers in distinct.items():
        for retrier in retriers:
            singles[make_key(retrier)] += 1 if key in found else counts[key]
    repeated = {
        make_key(retrier): (retrier, _retrier_name(retrier))
        for retriers in lists
        for retrier in retriers
        if singles[make_key(retrier)] > 1
    }
    return {**repeated, **found}


def find_payloads(states: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, str]]:
    """Find the payloads of some size that states repeat to the letter: by key, with their name."""
    payloads = [
        (state[field], split_words(field))
        for state in states
        for field in _PAYLOADS
        if isinstance(state.get(field), (dict, list))
    ]
    counts = Counter(make_key(payload, ordered=True) for payload, _ in payloads)
    return {
        key: (payload, "_".join(words).upper())
        for payload, words in payloads
        if len(key := make_key(payload, ordered=True)) > _MAX_NAME_LENGTH and counts[key] > 1
    }


def make_key(value: Any, *, ordered: bool = False) -> str:
    """Return equal values an equal text; where `ordered`, in the same order of keys only.

    A number keeps how it was written, so that 2 and 2.0 stay what they are.
    """
    return json.dumps(value, sort_keys=not ordered)


def _list_texts(state: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of a state, not those of the states inside it."""
    waiting = [
        state[field]
        for field in state
        if field not in ("Branches", "ItemProcessor", "Iterator", "Comment", "Next", "Default")
    ]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (dict, list)):
            waiting += item.values() if isinstance(item, dict) else item


def _address_name(address: str) -> str:
    """Name an ARN or a URL after its last part and what it is."""
    parts = split_arn(address)
    if len(parts) == 6 and parts[2:5] == ("states", "", ""):
        words = split_words(parts[5].replace("aws-sdk:", ""))
    elif address.startswith("arn:"):
        words = _resource_words(address)
    else:
        words = [*split_words(address.rstrip("/").rpartition("/")[2]), "url"]
    if not words or words[0].isdigit():
        words = ["address", *words]
    name = words[0][:_MAX_NAME_LENGTH]
    for word in words[1:]:
        if len(name) + len(word) >= _MAX_NAME_LENGTH:
            break
        name += f"_{word}"
    return name.upper()


def _resource_words(arn: str) -> list[str]:
    """`arn:partition:service:region:account:` and then the resource, often with its kind."""
    parts = re.split(r":(?![^{}]*\})", arn, maxsplit=5)
    service, resource = parts[2] if len(parts) > 2 else "", parts[-1]
    pieces = [piece for piece in re.split(r"[:/](?![^{}]*\})", resource) if piece]
    kind = next((_KINDS[piece] for piece in pieces if piece in _KINDS), _SERVICES.get(service))
    named = [piece for piece in pieces if piece not in (*_KINDS, "stateMachine", "$LATEST")]
    words = split_words(named[0] if named else "resource")
    return words if kind is None or kind in words else [*words, kind]


def _retrier_name(retrier: Mapping[str, Any]) -> str:
    errors = [error for error in retrier.get("ErrorEquals", []) if isinstance(error, str)]
    if errors and all(error.startswith("Lambda.") for error in errors):
        return "RETRY_LAMBDA"
    words = split_words(errors[0].rpartition(".")[2]) if len(errors) == 1 else []
    return "_".join(["retry", *words[:4]]).upper()
