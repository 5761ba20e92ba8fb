"""One check of a call for everybody: what a Task sends, next to the model of the API that it calls.

Names are compared as deep as they are written, types and enumerations as far as they are certain. A
value that is made while the execution runs (`Name.$`, JSONata, a substitution) passes; a value of
an enumeration that nobody knows may be newer: AWS adds some every week. Optimized integrations take
more than the model says (`"status": "open"` for an attribute of DynamoDB), so only what is surely
wrong is found in them.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from carnation.errors import suggest_name
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.services.call_rules import find_rule_problems
from carnation.services.optimized import find_task_parameters
from carnation.services.shapes import Shape, to_member_name
from carnation.services.task_calls import MISSING, NEWER, UNKNOWN, WRONG, CallProblem

if TYPE_CHECKING:
    from typing import Any

_NUMBERS = frozenset({"integer", "long", "double"})
_MAX_HINTS = 25  # comparing names is expensive
_MAX_NAME_LENGTH = 200
_NUMERIC = compile_lazily(r"\s*[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?\s*\Z")
_WANTED = {
    "structure": "a mapping",
    "map": "a mapping",
    "list": "a list",
    "boolean": "true or false",
    **dict.fromkeys(_NUMBERS, "a number"),
}


def never(value: object) -> bool:
    """Return False: no value is made later."""
    return False


def check_call(
    call: str, given: Any, *, is_dynamic: Callable[[object], bool] = never
) -> Iterator[CallProblem]:
    """Find what is wrong with the parameters of a call, by the end of a Task's Resource.

    `given` is None where nothing is sent; `is_dynamic` says which values are made later.

    >>> [problem.message for problem in check_call("aws-sdk:s3:getObject", {"bucket": "b"})]
    ["s3:getObject has no parameter 'bucket'; it is 'Bucket'", "s3:getObject requires 'Key'"]
    """
    name = call.rpartition(":::")[2].partition(".")[0]
    shape = find_task_parameters(name)
    if shape is None or (given is not None and not isinstance(given, Mapping)):
        return
    check = _Check(name, is_dynamic)
    yield from check.find_problems(shape, {} if given is None else given, ())
    if given or not check.is_strict:
        for keys, message in find_rule_problems(check.owner, given or {}):
            yield CallProblem(WRONG, keys, f"{check.owner} {message}")


_TEXT = Shape("string")
_CONNECTORS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("ItemReader", "getObject"): ("Bucket Key", "VersionId ExpectedBucketOwner RequestPayer"),
    ("ItemReader", "listObjectsV2"): ("Bucket", "Prefix ExpectedBucketOwner RequestPayer"),
    ("ResultWriter", "putObject"): ("Bucket", "Prefix ExpectedBucketOwner"),
}


def check_connector(place: str, action: str, given: Any) -> Iterator[CallProblem]:
    """Find what is wrong with the parameters of a Map's `ItemReader` or `ResultWriter`.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html

    >>> [problem.message for problem in check_connector("ResultWriter", "putObject", {"Key": "k"})]
    ["ResultWriter has no parameter 'Key'", "ResultWriter requires 'Bucket'"]
    """
    needed, others = _CONNECTORS.get((place, action), ("", ""))
    if needed and isinstance(given, Mapping):
        members = dict.fromkeys(f"{needed} {others}".split(), _TEXT)
        shape = Shape("structure", members, tuple(needed.split()))
        yield from _Check(place, never).find_problems(shape, given, ())


class _Check:
    """A walk through what is sent, next to the model; strict where types are the model's, too."""

    def __init__(self, name: str, is_dynamic: Callable[[object], bool]) -> None:
        self.owner = name.removeprefix("aws-sdk:")
        self.is_strict = name.startswith("aws-sdk:")
        # the optimized one takes `"open"` for `{"S": "open"}`
        self.has_types = not name.startswith("dynamodb:")
        self.is_dynamic = is_dynamic
        self.hints = _MAX_HINTS

    def find_problems(
        self, shape: Shape, value: Any, keys: tuple[str, ...]
    ) -> Iterator[CallProblem]:
        """Yield what cannot be, from the outside in."""
        if value is None or _is_made_later(value) or self.is_dynamic(value):
            return
        wanted = _WANTED.get(shape.kind)
        if wanted and not _fits(shape.kind, value):
            if self.has_types:
                yield self._wrong(keys, wanted, value)
        elif shape.kind == "structure":
            yield from self._find_in_structure(shape, value, keys)
        elif shape.kind in ("map", "list") and shape.item is not None:
            for key, item in _list_items(value):
                yield from self.find_problems(shape.item, item, (*keys, key))
        elif shape.enum and isinstance(value, str):
            yield from self._find_misspelled(shape.enum, value, keys)

    def _wrong(self, keys: tuple[str, ...], wanted: str, value: Any) -> CallProblem:
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
        where = render_keys(keys)
        return CallProblem(WRONG, keys, f"{self.owner} expects {wanted} as '{where}', not {shown}")

    def _find_in_structure(
        self, shape: Shape, value: Mapping[str, Any], keys: tuple[str, ...]
    ) -> Iterator[CallProblem]:
        names = set()
        for key, item in value.items():
            name = str(key).removesuffix(".$")
            member = shape.members.get(name)
            if member is None:
                yield (problem := self._unknown(shape, name, (*keys, str(key))))
                name = problem.facts[1] if problem.facts else name
                member = shape.members.get(name) if problem.facts else None
            names.add(name)
            if member is not None and not str(key).endswith(".$"):
                yield from self.find_problems(member, item, (*keys, str(key)))
        # inside an optimized integration it may be there by another name
        if not keys or (value and self.is_strict):
            for name in (name for name in shape.required if name not in names):
                where = render_keys((*keys, name))
                yield CallProblem(MISSING, keys, f"{self.owner} requires '{where}'", (name,))

    def _unknown(self, shape: Shape, name: str, keys: tuple[str, ...]) -> CallProblem:
        """Describe a name that is no member, with the one that it is but for its letters' case."""
        where = render_keys((*keys[:-1], name))[:_MAX_NAME_LENGTH]
        self.hints -= 1
        if self.hints < 0 or len(name) > _MAX_NAME_LENGTH:
            return CallProblem(UNKNOWN, keys, f"{self.owner} has no parameter '{where}'")
        folded = {re.sub("[-_]", "", one).casefold(): one for one in shape.members}
        meant = folded.get(re.sub("[-_]", "", name).casefold())
        said = f"{self.owner} has no parameter '{where}'"
        if meant:
            return CallProblem(UNKNOWN, keys, f"{said}; it is '{meant}'", (name, meant))
        spelled = to_member_name(name) if name.isidentifier() else name
        hint = suggest_name(spelled, shape.members).rstrip("?")
        return CallProblem(UNKNOWN, keys, f"{said}.{hint}?" if hint else said)

    def _find_misspelled(
        self, known: tuple[str, ...], value: str, keys: tuple[str, ...]
    ) -> Iterator[CallProblem]:
        """Yield a value that is none of those known, and the one that it is but for its case."""
        if value in known:
            return
        plain = {re.sub("[-_ ]", "", one).lower(): one for one in known}
        meant = plain.get(re.sub("[-_ ]", "", value).lower())
        if not meant:
            listed = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
            where = f"'{render_keys(keys)}'"
            said = f"{self.owner}: {value[:60]!r} is not known as {where}; known are {listed}"
            yield CallProblem(NEWER, keys, said)
        else:
            yield CallProblem(
                WRONG,
                keys,
                f"{self.owner} expects '{meant}' as '{render_keys(keys)}', not {value!r}: AWS "
                "distinguishes upper and lower case",
                (value, meant),
            )


def render_keys(keys: tuple[str, ...]) -> str:
    """Write the way to a parameter: `Tags[0].Key`."""
    parts = [f"[{key}]" if key.isdigit() else f".{key}" for key in keys]
    return "".join(parts).removeprefix(".").replace(".$", "")


def _list_items(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a map or a list holds, each with its key; what is made by a path is left out."""
    if isinstance(value, Mapping):
        yield from ((str(key), item) for key, item in value.items() if str(key)[-2:] != ".$")
    else:
        yield from ((str(index), item) for index, item in enumerate(value))


def _is_made_later(value: Any) -> bool:
    return isinstance(value, str) and ("${" in value or value.startswith("{%"))


def _fits(kind: str, value: Any) -> bool:
    if kind in ("structure", "map"):
        return isinstance(value, Mapping)
    if kind == "list":
        return isinstance(value, (list, tuple))
    if kind == "boolean":  # texts and numbers that say so are taken
        return value in (True, False) or str(value).lower() in ("true", "false")
    return isinstance(value, (int, float)) or bool(_NUMERIC.match(str(value)))
