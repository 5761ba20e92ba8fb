"""What moto remembers of calls and AWS does not, bounded: a server would grow with each call.

Messages that were published, mails, sessions of roles, receipt handles of messages that are gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from moto.sqs.models import Message, Queue

from carnation.emulator.patching import Patches

KEPT = 10_000  # of each kind, in each queue or topic
_KEPT_HANDLES = 100  # of a message that is received again and again
_LOOKED_AFTER = 1_000  # calls of a service


class RecentHandles(dict[str, None]):
    """Receipt handles of deleted messages: deleting one of them again does nothing.

    >>> handles = RecentHandles()
    >>> handles.update(map(str, range(KEPT + 3)))
    >>> len(handles), "2" in handles, "3" in handles
    (10000, False, True)
    """

    def update(self, handles: Iterable[str]) -> None:  # type: ignore[override]
        """Add some; the oldest go."""
        super().update(dict.fromkeys(handles))
        drop_oldest(self, KEPT)


def drop_oldest(records: Any, kept: int) -> None:
    """Leave so many of a list or a dictionary, the newest ones."""
    if isinstance(records, list):
        del records[:-kept]
        return
    for key in list(islice(records, max(0, len(records) - kept))):
        records.pop(key, None)


def bound_records(patches: Patches) -> Callable[[str], None]:
    """Bound what queues remember; returns what is told of the service of each call."""
    make, receive = Queue.__init__, Message.mark_received

    def make_queue(queue: Queue, *args: Any, **more: Any) -> None:
        make(queue, *args, **more)
        queue.deleted_messages = RecentHandles()  # type: ignore[assignment]

    def mark_received(message: Message, *args: Any, **more: Any) -> None:
        receive(message, *args, **more)
        drop_oldest(message._old_receipt_handles, _KEPT_HANDLES)

    patches.set(Queue, "__init__", make_queue)
    patches.set(Message, "mark_received", mark_received)
    calls: Counter[str] = Counter()

    def see(service: str) -> None:
        calls[service] += 1
        if service in _RECORDS and calls[service] % _LOOKED_AFTER == 0:
            for records in _list_records(service):
                drop_oldest(records, KEPT)

    return see


def _list_records(service: str) -> Iterator[Any]:
    module = import_module(f"moto.{service}.models")
    for account in list(vars(module)[f"{service}_backends"].values()):
        for backend in list(account.values()):
            yield from _RECORDS[service](backend)


def _list_published(backend: Any) -> Iterator[Any]:
    yield from (topic.sent_notifications for topic in list(backend.topics.values()))
    yield from (backend.sms_messages, backend.sms_message_objects)


_RECORDS: dict[str, Callable[[Any], Iterable[Any]]] = {
    "ses": lambda backend: [backend.sent_messages],
    "sns": _list_published,
    "sts": lambda backend: [backend.assumed_roles],
}
