"""The properties that a resource type has, from `properties.txt`.

`scripts/write_properties.py` makes that file.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnation.lazy import compile_lazily
from carnation.records import NamedTuple
from carnation.services.lines import read_words

_WORD = compile_lazily(r"(!?)([#?\[{]?)(.*)")


class Names(NamedTuple):
    """The names that a mapping of a resource's properties may have, and those it must have.

    `marks` says of what type they are: `#` number, `?` boolean, `[` list, `{` mapping.
    """

    known: frozenset[str]
    required: frozenset[str]
    marks: Mapping[str, str]


def _list_words(kind: str) -> tuple[str, ...]:
    return read_words("properties.txt", kind) or ()


@lru_cache(maxsize=128)
def read_properties(kind: str) -> dict[str, Names]:
    """Return, by the way to each mapping of a type, its names; empty for a type that is not known.

    A mapping that may hold anything is not there; `*` represents any item.

    >>> sorted(read_properties("AWS::KMS::Alias")[""].required)
    ['AliasName', 'TargetKeyId']
    """
    known: dict[str, dict[str, str]] = {}
    required: dict[str, set[str]] = {}
    for word in _list_words(kind):
        must, mark, path = _split_word(word)
        way, _, name = path.rpartition("/")
        if path[:1] not in (".", "="):
            known.setdefault(way, {})[name] = mark
        if must:
            required.setdefault(way, set()).add(name)
    return {
        way: Names(frozenset(marks), frozenset(required.get(way, ())), marks)
        for way, marks in known.items()
    }


def _split_word(word: str) -> tuple[str, str, str]:
    found = _WORD.match(word)
    return (found[1], found[2], found[3]) if found else ("", "", word)


def read_attributes(kind: str) -> frozenset[str]:
    """Return the attributes of a type next to its properties; empty for a type not known.

    >>> sorted(read_attributes("AWS::SQS::Queue"))
    ['Arn', 'QueueUrl']
    """
    return frozenset(word[1:] for word in _list_words(kind) if word.startswith("."))


@lru_cache(maxsize=128)
def read_values(kind: str) -> dict[str, tuple[str, ...]]:
    """Return the values there may be, by the way to a property whose schema lists them all.

    >>> read_values("AWS::DynamoDB::Table")["BillingMode"]
    ('PAY_PER_REQUEST', 'PROVISIONED')
    """
    words = (word[1:].split("|") for word in _list_words(kind) if word[0] == "=")
    return {way: tuple(values) for way, *values in words}
