"""Which IAM actions an action of the AWS SDK needs, from `iam.bin`.

`scripts/write_iam.py` makes it. The block of a service lists ARNs, then, behind an empty line, one
action a line, with what it needs: `putItem dynamodb:PutItem/0!/2` is authorized as
`dynamodb:PutItem`, always about the first ARN and at times about the third. `?` marks an action
that AWS's reference does not list.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnation.records import NamedTuple
from carnation.services.packed_files import read_block

FILE = "iam.bin"


class Authorization(NamedTuple):
    """An IAM action that a call is authorized as.

    `always` and `at_times` are the patterns of what it is about, with placeholders
    (`${TableName}`); it is never narrower than `*` where there are none. `is_listed` is False where
    AWS's reference lacks it.
    """

    action: str
    always: tuple[str, ...]
    at_times: tuple[str, ...]
    is_listed: bool


@lru_cache(maxsize=64)
def _read_service(service: str) -> Mapping[str, tuple[Authorization, ...]]:
    text = read_block(FILE, service)
    if text is None:
        return {}
    head, _, rows = text.partition("\n\n") if not text.startswith("\n") else ("", "", text[1:])
    arns = head.split("\n")
    found = {}
    for row in rows.split("\n"):
        action, *words = row.split(" ")
        found[action] = tuple(_read_word(word, arns) for word in words)
    return found


def _read_word(word: str, arns: list[str]) -> Authorization:
    name, *places = word.split("/")
    always = tuple(arns[int(place[:-1])] for place in places if place.endswith("!"))
    at_times = tuple(arns[int(place)] for place in places if not place.endswith("!"))
    return Authorization(name.rstrip("?"), always, at_times, name[-1] != "?")


def find_authorizations(service: str, action: str) -> tuple[Authorization, ...]:
    """Find what `aws-sdk:service:action` is authorized as; none if it is not known here.

    >>> [needed.action for needed in find_authorizations("s3", "copyObject")]
    ['s3:GetObject', 's3:PutObject']
    >>> find_authorizations("lambda", "invoke")[0].always
    ('arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}',)
    """
    return _read_service(service).get(action, ())
