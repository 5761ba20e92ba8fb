"""What a call is given: texts that a definition fixes, and how those begin that it works out."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.records import NamedTuple

_WILD = compile_lazily(r"[*?]")


class Given(NamedTuple):
    """A parameter: its text where the definition fixes it, None where an execution works it out.

    `beginning` is how it then begins, whatever comes behind it.
    """

    name: str
    text: str | None
    beginning: str = ""

    @property
    def pattern(self) -> str:
        """The text, or a pattern that takes in all that it may become."""
        return f"{self.beginning}*" if self.text is None else self.text


def read_parameters(given: Mapping[str, Json], *names: str) -> list[Given]:
    """Read the first of some parameters that is given, each item of a list; none if none is.

    Services spell capitals differently (`DBInstanceIdentifier`), so case is no matter.

    >>> read_parameters({"InstanceIds": ["i-1", "i-2"]}, "InstanceIds")
    [Given(name='InstanceIds', text='i-1', ...), Given(name='InstanceIds', text='i-2', ...)]
    """
    by_name = {key.lower(): key for key in given}
    for name in names:
        for key in (by_name.get(f"{name.lower()}.$"), by_name.get(name.lower())):
            if key is not None:
                value = given[key]
                items = value if isinstance(value, list) and value else [value]
                return list(dict.fromkeys(read_value(name, item, key) for item in items))
    return []


def read_parameter(given: Mapping[str, Json], *names: str) -> Given | None:
    """Read the first of some parameters that is given; None if none of them is.

    >>> read_parameter({"Key.$": "States.Format('a/{}', $.key)"}, "Bucket", "Key")
    Given(name='Key', text=None, beginning='a/')
    """
    found = read_parameters(given, *names)
    if len(found) > 1:
        return Given(found[0].name, None)
    return found[0] if found else None


def read_value(name: str, value: Json, key: str = "") -> Given:
    """Read the value of a parameter."""
    if not isinstance(value, str):
        return Given(name, None)
    if not key.endswith(".$") and not value.lstrip().startswith("{%"):
        return Given(name, value)
    beginning, is_whole = "", False
    if value.lstrip().startswith(("{%", "States.")):
        from carnation.permissions.beginnings import find_beginning  # loads both parsers

        beginning, is_whole = find_beginning(value)
    if is_whole:
        return Given(name, beginning)
    beginning = _WILD.split(beginning)[0]
    if beginning.startswith("arn:") and beginning.count(":") < 5:
        beginning = ""  # it says no more than that it is an ARN
    return Given(name, None, beginning)


def read_inner(given: Mapping[str, Json], *path: str) -> Mapping[str, Json]:
    """Read a parameter that holds parameters; {} where there is none.

    >>> read_inner({"TableInput": {"Name": "t"}}, "TableInput")
    {'Name': 't'}
    """
    for name in path:
        inner = given.get(name)
        given = inner if isinstance(inner, Mapping) else {}
    return given
