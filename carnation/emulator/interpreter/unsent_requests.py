"""What a service answers to a request that botocore does not send: what is wrong, in AWS's words.

AWS's own client sends such a request, and the service lists what its model forbids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FAILED = "failed to satisfy constraint: Member must"
_MISSING = re.compile(r'Missing required parameter in (.+): "(.+)"')
_TOO_LITTLE = re.compile(
    r"Invalid (length|value) for parameter (.+?), value: (.*), valid min \1: (.+)", re.DOTALL
)
_TYPE = re.compile(
    r"Invalid type for parameter (.+?), value: (.*), type: <class '\w+'>, valid types: (.+)",
    re.DOTALL,
)
_TYPES = {"str": "String", "int": "Integer", "float": "Float", "bool": "Boolean"}
_NAMES = {**_TYPES, "dict": "structure", "list": "list", "bytes": "blob"}


def describe_violations(report: str) -> str:
    """Write botocore's report as a service's validation does.

    >>> describe_violations('Missing required parameter in input: "TableName"')
    "1 validation error detected: Value null at 'tableName' failed to ...: Member must not be null"
    """
    found = list(_find_violations(report))
    return f"{len(found)} validation error{'s'[: len(found) - 1]} detected: {'; '.join(found)}"


def _find_violations(report: str) -> Iterator[str]:
    # a value may hold line breaks
    for line in re.split(r"\n(?=[A-Z][a-z]+ [a-z]+ )", report):
        if found := _MISSING.fullmatch(line):
            outer = "" if found[1] == "input" else f"{found[1]}."
            yield f"Value null at '{_path(outer + found[2])}' {_FAILED} not be null"
        elif found := _TOO_LITTLE.fullmatch(line):
            what, name, value, least = found.groups()
            limit = f"have {what} greater than or equal to {least}"
            yield f"Value '{value}' at '{_path(name)}' {_FAILED} {limit}"
        elif found := _TYPE.fullmatch(line):
            kind = next((_NAMES[name] for name in _NAMES if f"'{name}'" in found[3]), "another")
            yield f"Value '{found[2]}' at '{_path(found[1])}' {_FAILED} be of type {kind}"
        else:
            yield line


def _path(name: str) -> str:
    """Name a member as the service does: the first letter is small, places count from 1.

    >>> _path("Entries[0].Detail")
    'entries.1.member.detail'
    """
    counted = re.sub(r"\[(\d+)\]", lambda found: f".{int(found[1]) + 1}.member", name)
    return ".".join(part[:1].lower() + part[1:] for part in counted.split("."))
