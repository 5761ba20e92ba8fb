"""Snapshots: what is in the stores of a deployed emulator, to be put back after a test.

Deploying costs half a second, putting back a millisecond. Only what is in tables, queues and
buckets is put back; where anything else may have changed, the snapshot says so.
"""

from __future__ import annotations

import copy
from typing import Any

from moto.awslambda.utils import get_backend
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from carnation.emulator import interpreter

# what these hold beyond tables, queues and buckets is made by templates, and not by executions
_PLAIN = frozenset(
    (
        *("cloudformation", "cloudwatch", "dynamodb", "dynamodbstreams", "events", "iam", "kms"),
        *("lambda", "lambda-simple", "logs", "s3", "scheduler", "sns", "sqs", "stepfunctions"),
    )
)


class Snapshot:
    """The contents of all tables, queues and buckets of an account in a region."""

    def __init__(self, account: str, region: str) -> None:
        """Take it."""
        self._account, self._region = account, region
        self._names = self._list_names()
        self._tables = {name: copy.deepcopy(table.items) for name, table in self._find_tables()}
        self._queues = {name: list(queue._messages) for name, queue in self._find_queues()}
        self._objects = {
            name: {key: bucket.keys.getlist(key) for key in list(bucket.keys)}
            for name, bucket in self._find_buckets()
        }

    def _find_tables(self) -> list[tuple[str, Any]]:
        return list(dynamodb_backends[self._account][self._region].tables.items())

    def _find_queues(self) -> list[tuple[str, Any]]:
        return list(sqs_backends[self._account][self._region].queues.items())

    def _find_buckets(self) -> list[tuple[str, Any]]:
        return list(s3_backends[self._account]["aws"].buckets.items())

    def _list_rules(self) -> list[tuple[str, str]]:
        buses = events_backends[self._account][self._region].event_buses
        return [(name, rule) for name, bus in buses.items() for rule in bus.rules]

    def _list_names(self) -> set[str]:
        """List what exists, by names that change when something is made or deleted."""
        functions = get_backend(self._account, self._region).list_functions()
        return {
            *(f"table {name}" for name, _ in self._find_tables()),
            *(f"queue {name}" for name, _ in self._find_queues()),
            *(f"bucket {name}" for name, _ in self._find_buckets()),
            *(f"rule {bus} {name}" for bus, name in self._list_rules()),
            *(f"machine {name}" for name in interpreter.list_machines(self._region)),
            *(
                f"function {function.function_arn} {getattr(function, 'code_digest', None)}"
                for function in functions
            ),
            *(f"service {name}" for name in self._list_services()),
        }

    def _list_services(self) -> set[str]:
        """List the services in use.

        One that only tells who asks changes nothing; each execution looks for rules of events,
        which are listed by name.
        """
        in_use: list[Any] = BackendDict._instances  # type: ignore[misc]
        return {str(backend.service_name) for backend in in_use} - {"events", "sts"}

    @property
    def is_whole(self) -> bool:
        """Whether all that an execution may change is in it."""
        return self._list_services() <= _PLAIN

    def restore(self) -> bool:
        """Put the contents back; False if other things exist than when it was taken."""
        if not self.is_whole or self._list_names() != self._names:
            return False
        for name, table in self._find_tables():
            table.items = copy.deepcopy(self._tables[name])
        for name, queue in self._find_queues():
            queue._messages[:] = self._queues[name]
            queue._pending_messages.clear()
            queue.deleted_messages.clear()
        for name, bucket in self._find_buckets():
            bucket.keys.clear()
            for key, versions in self._objects[name].items():
                bucket.keys.setlist(key, list(versions))
        interpreter.forget_executions(self._region)
        return True
