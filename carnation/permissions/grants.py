"""Grants: a policy taken apart into who may do what, on what, under which condition.

Wildcards are compared as patterns, so a policy that says less in other words is seen to say less.
What CloudFormation only knows at deployment becomes a text: `${Key.Arn}`.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from carnation.document.values import Json
from carnation.records import NamedTuple

_ALWAYS = ""
_FEW = 200


class Grant(NamedTuple):
    """One action on one resource, allowed (or denied) to one principal; `pointer` to its statement.

    A policy of a role names no principal. `NotAction` and its like are kept as `!` and a list in
    JSON: `list_excluded` reads it.
    """

    effect: str
    action: str
    resource: str
    principal: str
    condition: str
    pointer: str

    @property
    def is_wide(self) -> bool:
        """Return whether it allows more than what is listed."""
        return "*" in self.action or self.resource == "*" or self.action.startswith("!")


def read_policy(policy: Json, pointer: str) -> Iterator[Grant]:
    """Yield what a policy grants and denies.

    >>> policy = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": {"Ref": "B"}}}
    >>> list(read_policy(policy, "/P"))[0][:3]
    ('Allow', 's3:*', '${B}')
    """
    statements = policy.get("Statement") if isinstance(policy, Mapping) else None
    single = isinstance(statements, Mapping)
    for index, statement in enumerate([statements] if single else _items(statements)):
        if isinstance(statement, Mapping):
            place = f"{pointer}/Statement" + ("" if single else f"/{index}")
            yield from _read_statement(statement, place)


def _read_statement(statement: Mapping[str, Json], pointer: str) -> Iterator[Grant]:
    condition = statement.get("Condition")
    when = json.dumps(condition, sort_keys=True) if condition else _ALWAYS
    effect = str(statement.get("Effect", "Allow"))
    for action in _read_element(statement, "Action"):
        for resource in _read_element(statement, "Resource"):
            for principal in _read_element(statement, "Principal"):
                yield Grant(effect, action, resource, principal, when, pointer)


def _read_element(statement: Mapping[str, Json], name: str) -> list[str]:
    if f"Not{name}" in statement:
        return [f"!{json.dumps(_texts(statement[f'Not{name}']))}"]
    value = statement.get(name)
    if name == "Principal" and isinstance(value, Mapping):
        return [f"{kind} {who}" for kind, names in value.items() for who in _texts(names)]
    return _texts(value) or [""]


def _texts(value: Json) -> list[str]:
    return [render_value(item) for item in _items(value)]


def _items(value: Json) -> list[Json]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def list_excluded(text: str) -> list[str] | None:
    """List what a `NotAction` or `NotResource` leaves out; None for a text that is none of these.

    >>> list_excluded('!["iam:*"]'), list_excluded("iam:*")
    (['iam:*'], None)
    """
    return list(map(str, json.loads(text[1:]))) if text.startswith("!") else None


def open_branches(policy: Json) -> Json:
    """Return a policy with both ways of each `Fn::If` in its lists, as if both were there.

    >>> resource = {"Fn::If": ["IsProd", "a", {"Ref": "AWS::NoValue"}]}
    >>> open_branches({"Statement": [{"Resource": resource}]})
    {'Statement': [{'Resource': ['a']}]}
    """
    if isinstance(policy, list):
        return [one for item in policy for one in _items(open_branches(item))
                if one != {"Ref": "AWS::NoValue"}]  # fmt: skip
    if not isinstance(policy, Mapping):
        return policy
    branches = policy.get("Fn::If")
    if isinstance(branches, list) and len(policy) == 1:
        return open_branches(branches[1:])
    return {key: open_branches(item) for key, item in policy.items()}


def render_value(value: Json) -> str:
    """Render a value of a template as a text, what is known at deployment as a placeholder."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        ((key, inner),) = value.items()
        if key == "Ref" and isinstance(inner, str):
            return f"${{{inner}}}"
        if key == "Fn::Sub" and isinstance(inner, str):
            return inner
        if key == "Fn::GetAtt" and isinstance(inner, list):
            return "${" + ".".join(map(str, inner)) + "}"
    return json.dumps(value, sort_keys=True)


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern with `*` and `?` takes in a text, which may be a pattern itself.

    >>> matches("sqs:*", "sqs:Send*"), matches("sqs:Send*", "sqs:*")
    (True, False)
    """
    if pattern in ("*", text):
        return True
    return ("*" in pattern or "?" in pattern) and _compile(pattern).fullmatch(text) is not None


def covers(wide: Grant, narrow: Grant) -> bool:
    """Return whether a grant holds all of another one."""
    return (
        wide.effect == narrow.effect
        and _holds_more(wide.condition, narrow.condition)
        and matches(wide.action.lower(), narrow.action.lower())
        and matches(wide.resource, narrow.resource)
        and (wide.principal == narrow.principal or wide.principal in ("*", "AWS *"))
    )


def _holds_more(wide: str, narrow: str) -> bool:
    """Return whether a condition holds wherever another one does, so far as their values say it.

    >>> _holds_more('{"StringLike": {"a": "x*"}}', '{"StringEquals": {"a": "xy", "b": "z"}}')
    True
    """
    if wide in (_ALWAYS, narrow) or narrow == _ALWAYS:
        return wide in (_ALWAYS, narrow)
    known = _read_condition(narrow)
    return all(
        any(
            _is_like(operator, other)
            and all(any(matches(one, text) for one in values) for text in theirs)
            for (other, other_key), theirs in known.items()
            if other_key == key
        )
        for (operator, key), values in _read_condition(wide).items()
    )


def _is_like(wide: str, narrow: str) -> bool:
    if wide == narrow:
        return wide.startswith(("StringEquals", "StringLike", "Arn", "Bool"))
    return (wide, narrow) == ("StringLike", "StringEquals")


@lru_cache(maxsize=1024)
def _read_condition(text: str) -> dict[tuple[str, str], list[str]]:
    condition = json.loads(text)
    return {
        (operator, key.lower()): _texts(values)
        for operator, keys in condition.items()
        if isinstance(keys, Mapping)
        for key, values in keys.items()
    }


def find_lost(old: Iterable[Grant], new: Iterable[Grant]) -> list[Grant]:
    """List the grants of the first that nothing in the second covers."""
    there = list(new)
    same = {grant[:5] for grant in there}
    patterns = [
        grant
        for grant in there
        if grant.condition == _ALWAYS or _is_pattern(grant) or grant.condition.count('"') < _FEW
    ]
    return [
        grant
        for grant in old
        if grant[:5] not in same and not any(covers(other, grant) for other in patterns)
    ]


def _is_pattern(grant: Grant) -> bool:
    return any(mark in text for text in grant[1:4] for mark in "*?")
