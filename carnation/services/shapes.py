"""What an action of the AWS SDK takes and returns, spelled as Step Functions spells it.

Step Functions writes parameters and results as the AWS SDK for Java 2 names them, with a capital
in front: of the capitals that a name begins with only the first stays one (`DBInstanceArn` is
`DbInstanceArn`), whatever comes later stays (`MinTTL`, `ChecksumCRC32`).
Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from carnation.lazy import compile_lazily
from carnation.records import NamedTuple
from carnation.services.apis import Api, read_api

_KINDS = {
    "s": "string", "i": "integer", "l": "long", "d": "double", "b": "boolean",
    "t": "timestamp", "x": "blob", "j": "document",
}  # fmt: skip
# DynamoDB's NULL is no word in Java, and `equals` every object has
_RENAMED = {"NULL": "Nul", "Equals": "EqualsValue", "equals": "EqualsValue"}
_RUN = compile_lazily(r".(?:[A-Z](?![a-z]))*")
_NONE: Mapping[str, Shape] = MappingProxyType({})


class Shape(NamedTuple):
    """The shape of a value: one of twelve kinds, and what is inside.

    `kind` is 'structure', 'list', 'map', 'string', 'integer', 'long', 'double', 'boolean',
    'timestamp', 'blob' or 'document' (any JSON). `members` of a structure are in the model's order
    and are expanded when looked at, since shapes may hold themselves; `item` is what a list or a
    map holds; `enum` lists the values of a string where these are known.
    """

    kind: str
    members: Mapping[str, Shape] = _NONE
    required: tuple[str, ...] = ()
    item: Shape | None = None
    enum: tuple[str, ...] = ()


class _Members(Mapping[str, Shape]):
    """The members of a structure, each made when it is asked for."""

    def __init__(self, references: Mapping[str, str], expand: Callable[[str], Shape]) -> None:
        self._references = references
        self._expand = expand

    def __getitem__(self, name: str) -> Shape:
        return self._expand(self._references[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)

    def __repr__(self) -> str:
        return f"<members {', '.join(self)}>"


def to_member_name(name: str) -> str:
    """Render a member of AWS's model as Step Functions does.

    >>> [to_member_name(name) for name in ("DBInstanceArn", "SSEKMSKeyId", "MinTTL", "eTag")]
    ['DbInstanceArn', 'SsekmsKeyId', 'MinTTL', 'ETag']
    """
    if name in _RENAMED:
        return _RENAMED[name]
    run = len(_RUN.match(name).group())  # type: ignore[union-attr]  # it takes any letter
    return name[0].upper() + name[1:run].lower() + name[run:]


def to_plain_name(name: str) -> str:
    """Render a member as the older, optimized integrations do: only the first letter changes."""
    return name[0].upper() + name[1:]


def find_parameters(service: str, action: str) -> Shape | None:
    """Find what an action of `aws-sdk:service:action` takes; None where that is not known.

    >>> find_parameters("s3", "getObject").required
    ('Bucket', 'Key')
    >>> find_parameters("rds", "describeDBInstances").members["DbInstanceIdentifier"].kind
    'string'
    """
    return expand_action(service, action, 0, to_member_name)


def find_result(service: str, action: str) -> Shape | None:
    """Find what an action of `aws-sdk:service:action` gives; None where that is not known.

    An action that gives nothing has the result `{}`, a structure without members.

    >>> list(find_result("sqs", "sendMessage").members)[:2]
    ['Md5OfMessageBody', 'Md5OfMessageAttributes']
    """
    return expand_action(service, action, 1, to_member_name)


@lru_cache(maxsize=256)
def expand_action(
    service: str, action: str, end: int, to_name: Callable[[str], str]
) -> Shape | None:
    """Expand what an action takes (end 0) or gives (1), in one of the two spellings."""
    api = read_api(service)
    ends = api.actions.get(action) if api else None
    if api is None or ends is None:
        return None
    return Shape("structure") if ends[end] == "-" else _Expander(api, to_name).expand(ends[end])


class _Expander:
    """Makes shapes of one API, each once."""

    def __init__(self, api: Api, to_name: Callable[[str], str]) -> None:
        self._lines = api.lines
        self._to_name = to_name
        self._made: dict[str, Shape] = {}

    def expand(self, reference: str) -> Shape:
        if reference not in self._made:
            self._made[reference] = self._make(reference)
        return self._made[reference]

    def _make(self, reference: str) -> Shape:
        if reference in _KINDS:
            return Shape(_KINDS[reference])
        line = self._lines[int(reference)]
        rest = line[1:]
        if line[0] == "[":
            return Shape("list", item=self.expand(rest))
        if line[0] == "{":
            return Shape("map", item=self.expand(rest))
        if line[0] == "|":
            return Shape("string", enum=tuple(rest.split("|")))
        return self._make_structure(rest.split(" ") if rest else [])

    def _make_structure(self, words: list[str]) -> Shape:
        references, required = {}, []
        for word in words:
            name, mark, reference = re.split("([!=])", word)
            spelled = self._to_name(name)
            references[spelled] = reference
            if mark == "!":
                required.append(spelled)
        return Shape("structure", _Members(references, self.expand), tuple(required))
