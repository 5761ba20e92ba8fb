"""`${…}` in a definition, CloudFormation's `DefinitionSubstitutions`: found, and filled."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.lazy import TYPE_CHECKING, compile_lazily

if TYPE_CHECKING:
    from typing import Any

_SUBSTITUTION = compile_lazily(r"\$\{([A-Za-z0-9_.:-]+)\}")


def find_substitutions(value: object) -> list[str]:
    """List the names of all `${…}` in a document, each once, in the order they are met.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html

    >>> find_substitutions({"Resource": "arn:${Partition}:states:::sqs:sendMessage"})
    ['Partition']
    """
    found: dict[str, None] = {}
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "${" in item:
                found.update(dict.fromkeys(_SUBSTITUTION.findall(item)))
        elif isinstance(item, dict):
            waiting.extend(reversed(item.values()))
        elif isinstance(item, (list, tuple)):
            waiting.extend(reversed(item))
        elif isinstance(item, Mapping):
            waiting.extend(reversed(list(item.values())))
    return list(found)


def fill_substitutions(value: Any, given: Mapping[str, str]) -> Any:
    """Put values instead of each `${…}` that is given one, keys left alone; a copy.

    >>> fill_substitutions({"Resource": "arn:${Partition}:states:::${Call}"}, {"Partition": "aws"})
    {'Resource': 'arn:aws:states:::${Call}'}
    """
    whole: list[Any] = [value]
    waiting: list[tuple[Any, Any]] = [(whole, 0)]
    for holder, key in waiting:  # grows while we walk
        item = holder[key]
        if isinstance(item, str):
            if "${" in item:
                holder[key] = _SUBSTITUTION.sub(lambda found: given.get(found[1], found[0]), item)
        elif isinstance(item, (dict, Mapping)):
            holder[key] = dict(item)
            waiting.extend((holder[key], name) for name in item)
        elif isinstance(item, (list, tuple)):
            holder[key] = list(item)
            waiting.extend((holder[key], index) for index in range(len(item)))
    return whole[0]
