"""What is sent to a service, checked as deep as it is written against the model of the API.

Only what is certain is refused. A value that is made while the execution runs (`Name.$`, JSONata, a
substitution, an expression in Python) passes, and so does a value of an enumeration that nobody
knows: AWS adds some every week. A member that is newer than carnation passes with a comment that
says so, as a finding of the lint is suppressed.

Optimized integrations take more than the model says (`"status": "open"` for an attribute of
DynamoDB), so only the names in them are checked; and both kinds take `logGroupName` for
`LogGroupName`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from carnation.errors import DefinitionError, suggest_name
from carnation.states.arguments import UNSET, is_dynamic

if TYPE_CHECKING:
    from carnation.services import Shape

_NUMBERS = frozenset({"integer", "long", "double"})
_NUMERIC = re.compile(r"\s*[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?\s*\Z")
_WANTED = {
    "structure": "a mapping",
    "map": "a mapping",
    "list": "a list",
    "boolean": "True or False",
    **dict.fromkeys(_NUMBERS, "a number"),
}


def refuse_unknown_call(owner: str, action: str, comment: Any) -> None:
    """Raise `DefinitionError` for a call that Step Functions does not have, as far as is known."""
    from carnation.services import INTEGRATIONS, find_action, list_actions, list_services

    if is_ignored("unknown-integration", comment) or "${" in action:
        return
    service, _, name = action.removeprefix("aws-sdk:").partition(":")
    if not action.startswith("aws-sdk:"):
        known, given, what = tuple(INTEGRATIONS), action, "Step Functions has no integration"
    elif service not in list_services():
        known, given, what = list_services(), service, "the SDK has no service"
    elif find_action(service, name) is None:
        known, given, what = list_actions(service), name, f"the SDK's {service} has no action"
    else:
        return
    if given not in known:
        if given == action and find_action(service, name):
            raise DefinitionError(
                f"{owner}: {what} '{given}', but the SDK has: 'aws-sdk:{given}'. Take that."
            )
        raise DefinitionError(
            f"{owner}: {what} '{given}'.{suggest_name(given, known)} {_tell('unknown-integration')}"
        )


def refuse_parameters(owner: str, action: str, given: Any, comment: Any) -> None:
    """Raise `DefinitionError` for parameters that the action does not take, and for lost ones."""
    from carnation.services import find_task_parameters  # reads a data file

    shape = find_task_parameters(action)
    if shape is None or (given is not UNSET and not isinstance(given, Mapping)):
        return
    if is_ignored("unknown-parameter", comment) or is_ignored("unknown-integration", comment):
        return
    check = _Check(is_strict=action.startswith("aws-sdk:"))
    for problem in check.find_problems(shape, {} if given is UNSET else given, ""):
        raise DefinitionError(f"{owner} {problem}")


def is_ignored(rule: str, comment: Any) -> bool:
    """Tell whether a state's comment suppresses a rule, and says why.

    >>> is_ignored("unknown-integration", "carnation: ignore unknown-integration because it is new")
    True
    """
    pattern = rf"carnation:\s*ignore\s+{rule}\s+because\s+\S"
    return isinstance(comment, str) and re.search(pattern, comment) is not None


def _tell(rule: str) -> str:
    return f"Is it newer than carnation? comment='carnation: ignore {rule} because …' lets it be."


class _Check:
    """A walk through what is sent, beside the model; strict where types are the model's, too."""

    def __init__(self, is_strict: bool) -> None:
        self.is_strict = is_strict

    def find_problems(self, shape: Shape, value: Any, where: str) -> Iterator[str]:
        """Yield what cannot be, from the outside in; `where` is the way there (`Tags[0].Key`)."""
        if value is None or is_dynamic(value) or _is_made_later(value):
            return
        wanted = _WANTED.get(shape.kind)
        if wanted and not _fits(shape.kind, value):
            if self.is_strict:
                yield f"takes {wanted} as '{where}', and {value!r} is none."
        elif shape.kind == "structure":
            yield from self._find_in_structure(shape, value, where)
        elif shape.kind in ("map", "list") and shape.item is not None:
            for place, item in _list_items(value):
                yield from self.find_problems(shape.item, item, f"{where}{place}")
        elif shape.enum and isinstance(value, str) and self.is_strict:
            yield from _find_misspelt(shape.enum, value, where)

    def _find_in_structure(
        self, shape: Shape, value: Mapping[str, Any], where: str
    ) -> Iterator[str]:
        inside = f"{where}." if where else ""
        names = set()
        for key, item in value.items():
            name = _spell(str(key).removesuffix(".$"))
            names.add(name)
            member = shape.members.get(name)
            if member is None:
                hint = suggest_name(_spell_as_model(name), shape.members)
                yield f"takes no parameter '{inside}{name}'.{hint} {_tell('unknown-parameter')}"
            elif not str(key).endswith(".$"):
                yield from self.find_problems(member, item, f"{inside}{name}")
        if self._is_whole(value, where):
            for name in shape.required:
                if name not in names:
                    yield f"requires the parameter '{inside}{name}'. Give it."

    def _is_whole(self, value: Mapping[str, Any], where: str) -> bool:
        """Tell whether what is required has to be there: AWS takes a call of the SDK with nothing.

        Inside an optimized integration it may be there by another name.
        """
        return bool(value) if self.is_strict else not where


def _list_items(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a map or a list holds, each with its place; what is made by a path is left out."""
    if isinstance(value, Mapping):
        yield from ((f".{name}", item) for name, item in value.items() if str(name)[-2:] != ".$")
    else:
        yield from ((f"[{index}]", item) for index, item in enumerate(value))


def _spell_as_model(name: str) -> str:
    """Spell a name with its acronyms folded, as those who know boto3 forget to."""
    from carnation.services.shapes import spell_member

    return spell_member(name) if name.isidentifier() else name


def _spell(name: str) -> str:
    return name[:1].upper() + name[1:]


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


def _find_misspelt(known: tuple[str, ...], value: str, where: str) -> Iterator[str]:
    """Yield a value that is one of those known but for its case or its hyphens."""
    if value not in known:
        plain = {re.sub("[-_ ]", "", one).lower(): one for one in known}
        meant = plain.get(re.sub("[-_ ]", "", value).lower())
        if meant:
            yield f"takes '{meant}' as '{where}', and not {value!r}. AWS tells letters' case apart."
