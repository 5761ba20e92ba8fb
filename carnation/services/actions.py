"""The actions of the AWS SDK, from `actions.txt` (made by `scripts/write_actions.py`).

The file has one line for each service and is searched, never parsed as a whole: a definition names
a handful of services, and there are hundreds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

_PATH = os.path.join(os.path.dirname(__file__), "actions.txt")
_UNMODELLED = {"appsync": ("graphql",)}  # Step Functions takes it; no model has it


@lru_cache(maxsize=1)
def _read_file() -> bytes:
    with open(_PATH, "rb") as file:  # decoding all of it would cost more than searching
        return file.read()


@lru_cache(maxsize=64)
def _read_service(service: str) -> Mapping[str, tuple[str, ...]]:
    text = _read_file()
    start = text.find(f"\n{service} ".encode())
    if start < 0:
        return {}
    found: dict[str, tuple[str, ...]] = dict.fromkeys(_UNMODELLED.get(service, ()), ())
    line = text[start + 1 : text.index(b"\n", start + 1)].decode("ascii")
    for word in line.split(" ")[1:]:
        action, _, needed = word.partition("(")
        found[action] = tuple(needed[:-1].split(",")) if needed else ()
    return found


def find_action(service: str, action: str) -> tuple[str, ...] | None:
    """Give the parameters that an action needs; None if its service has no such action.

    Of a service that is not known here (newer than the file, or gone) every action is believed.

    >>> find_action("sfn", "sendTaskSuccess")
    ('Output', 'TaskToken')
    >>> find_action("s3", "getobject") is None, find_action("tomorrow", "invoke")
    (True, ())
    """
    actions = _read_service(service)
    return actions.get(action) if actions else ()


def list_actions(service: str) -> tuple[str, ...]:
    """List the actions of a service; none if it is not known here.

    >>> "getObject" in list_actions("s3")
    True
    """
    return tuple(_read_service(service))
