"""`${…}` in a definition, CloudFormation's `DefinitionSubstitutions`: found, and filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
    """Put values in place of each `${…}` that is given one, keys left alone; a copy.

    >>> fill_substitutions({"Resource": "arn:${Partition}:states:::${Call}"}, {"Partition": "aws"})
    {'Resource': 'arn:aws:states:::${Call}'}
    """
    return _replace_texts(
        value, lambda item: _SUBSTITUTION.sub(lambda found: given.get(found[1], found[0]), item)
    )


def fill_values(value: Any, given: Mapping[str, Any]) -> Any:
    """Put values in the place of `${…}`: as they are where it is the whole text; a copy.

    >>> fill_values({"Seconds": "${t}", "Comment": "${t} s: ${on}"}, {"t": 9, "on": True})
    {'Seconds': 9, 'Comment': '9 s: true'}
    """

    def fill(text: str) -> Any:
        whole = _SUBSTITUTION.fullmatch(text)
        if whole and whole[1] in given:
            return given[whole[1]]
        return _SUBSTITUTION.sub(lambda found: _as_text(given.get(found[1], found[0])), text)

    return _replace_texts(value, fill) if given else value


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _replace_texts(value: Any, replace: Callable[[str], Any]) -> Any:
    """Copy a value, each text with a placeholder replaced."""
    whole: list[Any] = [value]
    waiting: list[tuple[Any, Any]] = [(whole, 0)]
    for holder, key in waiting:  # grows while we walk
        item = holder[key]
        if isinstance(item, str):
            if "${" in item:
                holder[key] = replace(item)
        elif isinstance(item, (dict, Mapping)):
            holder[key] = dict(item)
            waiting.extend((holder[key], name) for name in item)
        elif isinstance(item, (list, tuple)):
            holder[key] = list(item)
            waiting.extend((holder[key], index) for index in range(len(item)))
    return whole[0]
