"""Expressions of JSONPath as values: paths, variables, the context object.

They compose: a part of a path is a path, and the functions in `carnation.states.intrinsics`
take them and give them. As the value of a key in a payload, in a list or in a field that takes a
path, an expression is written as ASL wants it there.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

import re
from typing import Any

from carnation.errors import DefinitionError
from carnation.lazy import compile_lazily
from carnation.states.arguments import find_line

_MAX_NAME_LENGTH = 80
_PLAIN = compile_lazily(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)


class Expression:
    """An expression of JSONPath: a path, or the call of an intrinsic function.

    >>> path("$.orders")[0]["unit price"].to_jsonpath()
    "$.orders[0]['unit price']"
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def to_jsonpath(self) -> str:
        """Return the expression as ASL writes it."""
        return self.text

    def __getitem__(self, key: str | int) -> Expression:
        """Go on to a member of an object, by its name, or to an item of a list, by its number."""
        if not self.text.startswith("$"):
            raise TypeError(f"{self.text} is a call, and JSONPath cannot select from its result.")
        if isinstance(key, int):
            return Expression(f"{self.text}[{key}]")
        if _PLAIN.match(key):
            return Expression(f"{self.text}.{key}" if self.text != "$$" else f"$$.{key}")
        escaped = key.replace("\\", "\\\\").replace("'", "\\'")
        return Expression(f"{self.text}['{escaped}']")

    def __iter__(self) -> Any:
        raise TypeError(f"{self.text} has no items before it runs; a Map goes through them.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __format__(self, _: str) -> str:
        """Reject to become a part of a text: JSONPath would be a mere word in it."""
        return str(self)

    def __str__(self) -> str:
        raise DefinitionError(
            f"{self.text} ({find_line()}) is an expression, and a string cannot contain one. "
            "Create the string with intrinsics.format_text('… {} …', …)."
        )

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def path(text: str = "$") -> Expression:
    """Make an expression of a path: `$` is the state's input.

    >>> path("$.order")["id"]
    Expression('$.order.id')
    """
    if not text.startswith("$"):
        raise DefinitionError(f"{text!r} ({find_line()}) is not a path; a path starts with '$'.")
    return Expression(text)


def variable(name: str) -> Expression:
    """Make an expression of a variable that an earlier state assigned.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html

    >>> variable("total")
    Expression('$total')
    """
    if not name.isidentifier() or len(name) > _MAX_NAME_LENGTH:
        raise DefinitionError(
            f"{name!r} ({find_line()}) cannot name a variable. Use up to "
            f"{_MAX_NAME_LENGTH} letters, digits, and underscores, beginning with a letter."
        )
    return Expression(f"${name}")


class _Group:
    """A part of the context object, whose members are its attributes."""

    def __init__(self, text: str) -> None:
        self.whole = Expression(text)


class _Execution(_Group):
    id = Expression("$$.Execution.Id")
    input = Expression("$$.Execution.Input")
    name = Expression("$$.Execution.Name")
    role_arn = Expression("$$.Execution.RoleArn")
    start_time = Expression("$$.Execution.StartTime")
    redrive_count = Expression("$$.Execution.RedriveCount")
    redrive_time = Expression("$$.Execution.RedriveTime")


class _State(_Group):
    entered_time = Expression("$$.State.EnteredTime")
    name = Expression("$$.State.Name")
    retry_count = Expression("$$.State.RetryCount")


class _StateMachine(_Group):
    id = Expression("$$.StateMachine.Id")
    name = Expression("$$.StateMachine.Name")


class _Task(_Group):
    token = Expression("$$.Task.Token")


class _Item(_Group):
    index = Expression("$$.Map.Item.Index")
    value = Expression("$$.Map.Item.Value")
    key = Expression("$$.Map.Item.Key")
    source = Expression("$$.Map.Item.Source")


class _Map(_Group):
    item = _Item("$$.Map.Item")


class _Context(_Group):
    execution = _Execution("$$.Execution")
    state = _State("$$.State")
    state_machine = _StateMachine("$$.StateMachine")
    task = _Task("$$.Task")
    map = _Map("$$.Map")


context = _Context("$$")
"""What Step Functions knows of the execution; `whole` is a group itself, `context.whole` all of it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""
