"""The names of calls: those that exist, those that surely do not, and those that may be newer.

A name that our facts lack is an error only where it is certain what was meant: a known one in
other letters, a service by boto3's name, a slip of one or two letters. Anything else may have come
after our facts were taken.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from carnation.records import NamedTuple
from carnation.services.actions import find_action, list_actions, list_services
from carnation.services.apis import FILE
from carnation.services.clients import find_service
from carnation.services.integrations import INTEGRATIONS, TAKEN
from carnation.services.packed_files import find_origin

_NEAR = 0.85
_SERVICES = frozenset(name.partition(":")[0] for name in INTEGRATIONS)


class NameProblem(NamedTuple):
    """What is wrong with the name of a call; `meant` is the right one, where that is certain."""

    message: str
    meant: str = ""
    is_newer: bool = False


@lru_cache(maxsize=1024)
def check_name(call: str) -> NameProblem | None:
    """Describe what is wrong with `service:action` or `aws-sdk:service:action`; None if nothing is.

    >>> check_name("aws-sdk:stepfunctions:startExecution").meant
    'aws-sdk:sfn:startExecution'
    >>> check_name("aws-sdk:s3:getobject").meant, check_name("dynamodb:query").meant
    ('aws-sdk:s3:getObject', 'aws-sdk:dynamodb:query')
    >>> check_name("future:invoke").is_newer, check_name("sqs:sendMessage")
    (True, None)
    """
    if "${" in call:
        return None
    if call.startswith("aws-sdk:"):
        service, _, action = call.removeprefix("aws-sdk:").partition(":")
        return _check_service(service, action) or _check_action(service, action)
    return None if call in INTEGRATIONS else _check_optimized(call)


def describe_facts() -> str:
    """Describe when our facts about AWS were taken, and from what."""
    return f"the facts are of {TAKEN} ({find_origin(FILE).partition(' ')[2]})"


def _check_service(service: str, action: str) -> NameProblem | None:
    known = list_services()
    if service in known:
        return None
    meant = _same_letters(service, known) or find_service(service) or _near(service, known)
    said = f"the SDK has no service '{service}'"
    if not meant:
        return _newer(f"the SDK's service '{service}'")
    right = _check_action(meant, action)
    action = right.meant.rpartition(":")[2] if right and right.meant else action
    return NameProblem(f"{said}; it is '{meant}'", f"aws-sdk:{meant}:{action}")


def _check_action(service: str, action: str) -> NameProblem | None:
    if find_action(service, action) is not None:
        return None
    known = list_actions(service)
    said = f"the SDK has no '{service}:{action}'"
    meant = _same_letters(action, known) or _near(action, known)
    if meant:
        return NameProblem(f"{said}; it is '{meant}'", f"aws-sdk:{service}:{meant}")
    return _newer(f"the SDK's '{service}:{action}'")


def _check_optimized(call: str) -> NameProblem:
    service, _, action = call.partition(":")
    said = f"unknown optimized integration '{call[:80]}'"
    meant = _same_letters(call, INTEGRATIONS)
    if meant:
        return NameProblem(f"{said}; it is '{meant}'", meant)
    plain = find_service(service) or service
    if service in _SERVICES and action in list_actions(plain):
        name = f"aws-sdk:{plain}:{action}"
        return NameProblem(f"{said}; the SDK has '{name}'", name)
    meant = _near(call, INTEGRATIONS)
    if meant:
        return NameProblem(f"{said}; it is '{meant}'", meant)
    return _newer(f"the optimized integration '{call[:80]}'")


def _newer(what: str) -> NameProblem:
    return NameProblem(f"{what} is unknown: {describe_facts()}", is_newer=True)


def _fold(name: str) -> str:
    return re.sub("[-_ ]", "", name).casefold()


def _same_letters(name: str, known: Collection[str]) -> str:
    """Find the known name that has the same letters but for case and hyphens; '' if none has."""
    return _fold_all(tuple(known)).get(_fold(name), "")


@lru_cache(maxsize=16)
def _fold_all(known: tuple[str, ...]) -> dict[str, str]:
    return {_fold(one): one for one in reversed(known)}


def _near(name: str, known: Collection[str]) -> str:
    """Find the known name that was surely meant; a longer one in further words may be a new one."""
    if not 3 < len(name) < 80:
        return ""
    from difflib import SequenceMatcher  # only a name that is not known needs it

    best, ratio, letters = "", _NEAR, _mark_letters(name)
    matcher = SequenceMatcher(b=name)
    for one, marked in _mark_all(tuple(known)):
        # a cheap test first: names that are near have nearly the same letters
        if (marked ^ letters).bit_count() > 4 or abs(len(one) - len(name)) > 2:
            continue
        rest = name.removeprefix(one)
        if rest != name and re.match("[A-Z0-9]", rest):
            continue
        matcher.set_seq1(one)
        if matcher.quick_ratio() > ratio and matcher.ratio() > ratio:
            best, ratio = one, matcher.ratio()
    return best


def _mark_letters(name: str) -> int:
    return sum(1 << (ord(letter) % 128) for letter in set(name))


@lru_cache(maxsize=16)
def _mark_all(known: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(one, _mark_letters(one)) for one in known]
