"""Half a batch: what a service does when it answers 200 and lists what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def halve(action: str, parameters: Mapping[str, Any]) -> tuple[dict[str, Any] | None, Any]:
    """Return the call for the first half (None if there is none), and what the answer adds.

    >>> entries = [{"Id": "a"}, {"Id": "b"}]
    >>> given, added = halve("DeleteMessageBatch", {"QueueUrl": "q", "Entries": entries})
    >>> given["Entries"], [one["Id"] for one in added["Failed"]]
    ([{'Id': 'a'}], ['b'])
    """
    if action == "BatchWriteItem":
        pairs = [
            (table, request)
            for table, requests in parameters["RequestItems"].items()
            for request in requests
        ]
        done, undone = _split(pairs)
        given = {**parameters, "RequestItems": _by_table(done)} if done else None
        return given, {"UnprocessedItems": _by_table(undone)}
    done, undone = _split(parameters["Entries"])
    failed = [{"Id": one["Id"], "SenderFault": False, "Code": "InternalError"} for one in undone]
    return ({**parameters, "Entries": done} if done else None), {"Failed": failed}


def _split(entries: list[Any]) -> tuple[list[Any], list[Any]]:
    middle = len(entries) // 2
    return entries[:middle], entries[middle:]


def _by_table(pairs: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for table, request in pairs:
        found.setdefault(table, []).append(request)
    return found
