"""Invariants of a workflow of events: none lost, none twice, dead letters after the third retry.

They hold for workflows whose runs take `{"start_seq": a, "end_seq": b}`, whose events have a
`sequence_no`, a `generated_unix_time` and a `retry_attempt`, and whose root stack names a table or
bucket, a queue and a dead-letter queue, as the reference workflow and its variants do.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.patterns.events.records import Identity, find_attempts, find_identities, find_numbers
from carnation.testing.proofs.environment import Environment

RETRIES = 3
_QUEUES = ("QueueUrl", "DeadLetterQueueUrl")


def all_invariants(environment: Environment) -> Iterator[str]:
    """Report an event that is lost, applied twice, or dead too early."""
    yield from no_event_lost(environment)
    yield from applied_exactly_once(environment)
    yield from retries_before_dead_letter(environment)
    yield from no_value_lost(environment)
    yield from no_message_lost(environment)


def no_event_lost(environment: Environment) -> Iterator[str]:
    """Report an event that is nowhere.

    At every point each event is in the store, in the queue, in the dead-letter queue, or held by
    an execution that runs or can be redriven; when all has settled, in the store or among the dead
    letters.
    """
    safe = environment.derive("numbers put away", lambda: _find_put_away(environment))
    place = "in the store nor among the dead letters"
    if not environment.is_settled:
        safe = safe | environment.derive("numbers queued", lambda: _find_queued(environment))
        safe |= set(_find_held(environment))
        place = "in the store, in a queue, nor in an execution that runs or can be redriven"
    for number in _find_asked(environment):
        if number not in safe:
            yield f"event {number} is lost: it is neither {place}"


def no_value_lost(environment: Environment) -> Iterator[str]:
    """Report an event of which only another one under its key is left.

    An event that was to be written is, with its own value, in the store, in a queue, or held by an
    execution. That another event has its key does not make it safe.
    """
    tried = environment.derive(
        "identities tried", lambda: _find_tried(environment), len(environment.attempts)
    )
    if not tried:
        return
    safe = environment.derive("identities stored", lambda: _find_kept(environment))
    rest = [event for event in tried if event not in safe]
    held = set(find_identities(environment.held)) if rest else set()
    for event in rest:
        if event not in held:
            yield (
                f"event {event.number} of {event.made} with the value '{event.value[:20]}' is "
                "lost: there is at most another one under its key"
            )


def _find_tried(environment: Environment) -> list[Identity]:
    payloads = [one.payload for one in environment.attempts]
    return list(dict.fromkeys(find_identities([payloads, *environment.queued])))


def _find_kept(environment: Environment) -> set[Identity]:
    places = [environment.items(), list(environment.objects().values())]
    return set(find_identities([places, *map(environment.bodies, _QUEUES)]))


def _find_put_away(environment: Environment) -> set[int]:
    return {*find_stored(environment), *find_numbers(environment.bodies("DeadLetterQueueUrl"))}


def _find_queued(environment: Environment) -> set[int]:
    return set(find_numbers(environment.bodies("QueueUrl")))


def no_message_lost(environment: Environment) -> Iterator[str]:
    """Report a message that is no event and is in no queue any more."""
    if not environment.queued:
        return
    left = {message.body for name in _QUEUES for message in environment.messages(name)}
    for body in environment.queued:
        if body not in left and not any(find_identities(body)):
            yield f"the message '{body[:40]}' is lost"


def applied_exactly_once(environment: Environment) -> Iterator[str]:
    """Report a key of the store that was written twice, and of an event that is stored twice."""
    stores = {environment.outputs[name] for name in _find_store(environment)}
    for (store, key), times in environment.writes.items():
        if times > 1 and store in stores:
            yield f"key {key} of {store} was written {times} times"
    asked = Counter(_find_asked(environment))
    stored = environment.derive("times stored", lambda: Counter(find_stored(environment)))
    for number, times in stored.items():
        if times > max(1, asked[number]):
            yield f"event {number} was applied {times} times"


def retries_before_dead_letter(environment: Environment) -> Iterator[str]:
    """Report a dead letter that did not fail its first attempt and three retries.

    An event that was in the queue before the first run begins with the attempt that it has there.
    """
    waiting = [one for body in environment.queued for one in find_attempts(_parse(body))]
    begun = {one["sequence_no"]: one["retry_attempt"] for one in waiting}
    for body in environment.bodies("DeadLetterQueueUrl"):
        if not isinstance(body, Mapping) or "sequence_no" not in body or not is_workable(body):
            continue
        number, attempt = body["sequence_no"], body.get("retry_attempt")
        if begun.get(number, 0) > RETRIES:
            continue  # it was in the queue like this, and is no event
        failed = {
            event["retry_attempt"]
            for one in environment.attempts
            if one.error is not None
            for event in find_attempts(one.payload)
            if event["sequence_no"] == number
        }
        if _is_conflict(environment, body):
            continue
        first = begun.get(number, 0)
        if attempt != RETRIES or failed != set(range(first, RETRIES + 1)):
            yield (
                f"event {number} is among the dead letters with retry_attempt {attempt}, and its "
                f"attempts {sorted(failed)} failed; it takes {first} to {RETRIES}"
            )


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_workable(body: Mapping[str, Any]) -> bool:
    """Return whether a message is an event that a service can accept."""
    if not isinstance(body.get("sequence_no"), int):
        return False
    try:
        str(body.get("random_value")).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_conflict(environment: Environment, body: Mapping[str, Any]) -> bool:
    """Return whether a dead letter lost its key to another event: trying again cannot help."""
    dead = next(find_identities(body), None)
    stored = find_identities([environment.items(), list(environment.objects().values())])
    return any(
        dead is not None and one[:2] == dead[:2] and one.value != dead.value for one in stored
    )


def find_stored(environment: Environment) -> Iterator[int]:
    """Find the sequence numbers of what was written to the store."""
    for name in _find_store(environment):
        if name == "TableName":
            yield from (int(item["sequenceNo"]) for item in environment.items())
        else:
            yield from find_numbers(list(environment.objects().values()))


def _find_store(environment: Environment) -> list[str]:
    """Name the output of the store: the table, or without one the bucket."""
    return [name for name in ("TableName", "BucketName") if name in environment.outputs][:1]


def _find_asked(environment: Environment) -> Iterator[int]:
    for given in environment.inputs:
        yield from range(given["start_seq"], given["end_seq"])


def _find_held(environment: Environment) -> Iterator[int]:
    for value in environment.held:
        if isinstance(value, Mapping) and {"start_seq", "end_seq"} <= set(value):
            yield from range(int(value["start_seq"]), int(value["end_seq"]))
        else:
            yield from find_numbers(value)


keep_promise = all_invariants
"""The name until 0.1, for one release."""
