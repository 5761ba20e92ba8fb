"""The properties that a resource type has, from `properties.txt`.

`scripts/write_properties.py` makes that file.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import NamedTuple

_PATH = os.path.join(os.path.dirname(__file__), "properties.txt")


class Names(NamedTuple):
    """The names that a mapping of a resource's properties may have, and those it must have."""

    known: frozenset[str]
    required: frozenset[str]


@lru_cache(maxsize=1)
def _read_lines() -> dict[str, list[str]]:
    with open(_PATH, encoding="ascii") as file:
        rows = [line.split() for line in file if not line.startswith("#")]
    return {row[0]: row[1:] for row in rows}


@lru_cache(maxsize=128)
def read_properties(kind: str) -> dict[str, Names]:
    """Return, by the way to each mapping of a type, its names; empty for a type that is not known.

    A mapping that may hold anything is not there; `*` stands for any item.

    >>> sorted(read_properties("AWS::KMS::Alias")[""].required)
    ['AliasName', 'TargetKeyId']
    """
    known: dict[str, set[str]] = {}
    required: dict[str, set[str]] = {}
    for word in _read_lines().get(kind, ()):
        way, _, name = word.lstrip("!").rpartition("/")
        known.setdefault(way, set()).add(name)
        if word[0] == "!":
            required.setdefault(way, set()).add(name)
    return {
        way: Names(frozenset(names), frozenset(required.get(way, ())))
        for way, names in known.items()
    }
