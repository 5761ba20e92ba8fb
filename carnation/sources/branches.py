"""`Fn::If` in a template: each branch is seen, since either may be deployed.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-if.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from carnation.cloudformation.placeholders import is_intrinsic
from carnation.document import escape

_IF = "Fn::If"
_DEEPEST = 200
_NOTHING = {"Ref": "AWS::NoValue"}


class Branch(NamedTuple):
    """One way that a value may turn out: what stands there, its pointer, which way it is."""

    value: Any
    pointer: str
    label: str


def list_branches(value: Any, pointer: str, label: str = "") -> Iterator[Branch]:
    """Yield what a value may be: each branch of an `Fn::If`, or the value itself.

    >>> [(one.value, one.label) for one in list_branches({"Fn::If": ["P", 1, 2]}, "")]
    [(1, '-if-P'), (2, '-unless-P')]
    """
    arguments = value.get(_IF) if isinstance(value, Mapping) and len(value) == 1 else None
    if not isinstance(arguments, list) or len(arguments) != 3:
        if value != _NOTHING:
            yield Branch(value, pointer, label)
        return
    for index, word in ((1, "if"), (2, "unless")):
        inner = f"{pointer}/{_IF}/{index}"
        yield from list_branches(arguments[index], inner, f"{label}-{word}-{arguments[0]}")


class Chosen(NamedTuple):
    """A value with every `Fn::If` of a part decided; `moved` says where the parts stand."""

    value: Any
    moved: dict[str, str]
    label: str


def choose_branches(value: Any) -> Iterator[Chosen]:
    """Yield a definition, twice where parts of it stand in an `Fn::If`: so and otherwise.

    What is a text or a number in every branch stays a placeholder.
    """
    for index, word in ((1, "if"), (2, "unless")):
        chooser = _Chooser(index)
        chosen = chooser.copy(value, "", "", 0)
        if not chooser.condition:
            yield Chosen(value, {}, "")
            return
        yield Chosen(chosen, chooser.moved, f"-{word}-{chooser.condition}")


class _Chooser:
    def __init__(self, index: int) -> None:
        self.index = index
        self.moved: dict[str, str] = {}
        self.condition = ""

    def copy(self, value: Any, there: str, here: str, depth: int) -> Any:
        """Copy a value that stands at `there` in the template to `here`."""
        if depth > _DEEPEST:
            return value
        if isinstance(value, list):
            return self.copy_list(value, there, here, depth)
        if not isinstance(value, Mapping):
            return value
        if is_intrinsic(value):
            arguments: Any = value.get(_IF)
            if not _holds_parts(arguments):
                return value
            self.condition = self.condition or str(arguments[0])
            inner = f"{there}/{_IF}/{self.index}"
            self.moved[here] = inner
            return self.copy(arguments[self.index], inner, here, depth + 1)
        made = {}
        for key, item in value.items():
            part = f"/{escape(key)}"
            chosen = self.copy(item, there + part, here + part, depth + 1)
            if chosen != _NOTHING:
                made[key] = chosen
        return made

    def copy_list(self, items: list[Any], there: str, here: str, depth: int) -> list[Any]:
        made: list[Any] = []
        for index, item in enumerate(items):
            place = f"{here}/{len(made)}"
            if place != f"{here}/{index}":
                self.moved[place] = f"{there}/{index}"
            chosen = self.copy(item, f"{there}/{index}", place, depth + 1)
            if chosen != _NOTHING:
                made.append(chosen)
        return made


def _holds_parts(arguments: Any) -> bool:
    """Tell whether branches are parts of a definition: mappings and lists, no texts."""
    return (
        isinstance(arguments, list)
        and len(arguments) == 3
        and any(
            isinstance(item, list) or (isinstance(item, Mapping) and not _is_scalar(item))
            for item in arguments[1:]
        )
    )


def _is_scalar(item: Mapping[str, Any]) -> bool:
    return is_intrinsic(item) and _IF not in item
