"""What a request of Invoke names, and how a call is answered or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from carnation.services.arns import split_arn

Response = tuple[int, dict[str, str], bytes]
_NAME = re.compile(
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-[a-z]+)+-\d:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_QUALIFIER = re.compile(r"[a-zA-Z0-9$_-]+")


def answer_call(
    status: int, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """Write an answer for moto."""
    # moto takes the status out of the headers
    found = {**headers, "status": str(status), "Content-Type": "application/json"}
    return status, found, body


class InvokeError(Exception):
    """An error of Invoke's own: its code, its text, its status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """Take what is answered."""
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def respond(self) -> Response:
        """Write it as Lambda does."""
        body = json.dumps({"Type": "User", "message": self.message, "Message": self.message})
        return answer_call(self.status, body.encode(), {"x-amzn-ErrorType": self.code})


def check_member(member: str, value: str, constraint: str, fits: object) -> None:
    """Raise `InvokeError` (ValidationException) for a member that does not fit."""
    if not fits:
        raise InvokeError(
            "ValidationException",
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
            f"constraint: Member must satisfy {constraint}",
        )


def read_name(name: str, qualifier: str | None, region: str) -> tuple[str, str | None]:
    """Return the function's name and the qualifier; raises `InvokeError` for what names none.

    >>> read_name("123456789012:function:pay", "3", "eu-west-1")
    ('pay', '3')
    """
    pattern = "regular expression pattern: "
    check_member("functionName", name, pattern + _NAME.pattern, _NAME.fullmatch(name))
    if qualifier is not None:
        fits = _QUALIFIER.fullmatch(qualifier)
        check_member("qualifier", qualifier, pattern + _QUALIFIER.pattern, fits)
    given = split_arn(name)
    if len(given) > 5 and given[3] != region:
        text = f"Functions from '{given[3]}' are not reachable in this region ('{region}')"
        raise InvokeError("ResourceNotFoundException", text, 404)
    found, own = _split_name(name)
    if own and qualifier not in (None, own):
        text = (
            "The derived qualifier from the function name does not match the specified qualifier."
        )
        raise InvokeError("InvalidParameterValueException", text)
    return found, own or qualifier


def _split_name(name: str) -> tuple[str, str]:
    """Take the function's name and the qualifier out of a name, a part of an ARN, or an ARN.

    >>> _split_name("arn:aws:lambda:eu-west-1:123456789012:function:pay:live")
    ('pay', 'live')
    >>> _split_name("123456789012:function:pay"), _split_name("pay:live")
    (('pay', ''), ('pay', 'live'))
    """
    _, found, rest = name.rpartition("function:")
    name, _, own = (rest if found else name).partition(":")
    return name, own
