"""The graph of one iteration: do the work, and put the event away if it fails.

The states and transitions are the same in both query languages; a `Spelling` says in one of them
what a state takes, keeps and returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from carnation.states import Catch, Choice, Pass, Succeed, Task

QUEUE, DEAD_LETTERS = "${QueueUrl}", "${DeadLetterQueueUrl}"
EVENT_FIELDS = ("sequence_no", "random_value", "generated_unix_time")
KEY_FIELDS = ("sequence_no", "generated_unix_time")
GIVE_UP_ON = ("EventConflict",)


class Spelling(Protocol):
    """What the graph's states say, in one query language."""

    def keep_item(self, work: Task) -> None:
        """Let what follows the work find the item."""

    def catch(self, errors: Sequence[str], next_step: Any) -> Catch:
        """Catch a failure of the work, and keep its name."""

    def end(self, state_id: str) -> Succeed:
        """End an iteration whose event was written, with as little output as can be."""

    def make_failed_answer(self, state_id: str, key_fields: Sequence[str]) -> Pass:
        """End an iteration whose event was put away, with what the run needs to know of it."""

    def if_queued(self) -> Any:
        """Make the rule that holds when the event came out of the queue."""

    def if_kept(self) -> Any:
        """Make the rule that holds while the message of a failed event surely stays."""

    def if_last(self, retries: int) -> Any:
        """Make the rule that holds when this was the event's last retry."""

    def send(self, state_id: str, queue: str, event_fields: Sequence[str], more: int) -> Task:
        """Send the event to a queue, its `retry_attempt` raised by `more`."""

    def delete(self, state_id: str, next_step: Any) -> Task:
        """Delete the message that the event came from; a failure of that is none of the event."""


def draw_iteration(
    spell: Spelling,
    work: Task,
    *,
    event_fields: Sequence[str],
    key_fields: Sequence[str],
    retries: int,
    give_up_on: Sequence[str],
) -> Task:
    """Draw the graph of one iteration around its work, which it begins with."""
    written = spell.end("Written")
    was_queued = _choose_queued(spell, "WasQueued", spell.delete("DeleteMessage", written), written)
    failed = spell.make_failed_answer("Failed", key_fields)
    put_in_queue, put_in_dead_letters = _put_away(spell, event_fields, failed)
    attempts_left = Choice(
        "AttemptsLeft",
        choices=[(spell.if_kept(), failed), (spell.if_last(retries), put_in_dead_letters)],
        default=put_in_queue,
    )
    spell.keep_item(work)
    work.next(was_queued)
    if give_up_on:
        work.add_catch(spell.catch(give_up_on, put_in_dead_letters))
    work.add_catch(spell.catch(["States.ALL"], attempts_left))
    return work


def _put_away(spell: Spelling, event_fields: Sequence[str], failed: Pass) -> tuple[Task, Task]:
    """Make the two ways out for a failed event, which meet where its old message is deleted."""
    delete = spell.delete("DeleteOldMessage", failed)
    had_message = _choose_queued(spell, "HadMessage", delete, failed)
    ways = (
        spell.send("PutInQueue", QUEUE, event_fields, 1),
        spell.send("PutInDeadLetters", DEAD_LETTERS, event_fields, 0),
    )
    for way in ways:
        way.next(had_message)
    return ways


def _choose_queued(spell: Spelling, state_id: str, if_queued: Any, otherwise: Any) -> Choice:
    return Choice(state_id, choices=[(spell.if_queued(), if_queued)], default=otherwise)
