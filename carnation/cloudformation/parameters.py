"""Parameters of a template: the values that they get, checked as CloudFormation checks them.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping

from carnation.errors import TemplateError, suggest_name
from carnation.lazy import TYPE_CHECKING, compile_lazily

if TYPE_CHECKING:
    from typing import Any

_SSM = compile_lazily(r"AWS::SSM::Parameter::Value<(.+)>$")
_TYPE = compile_lazily(
    r"(String|Number|CommaDelimitedList|List<Number>|List<String>"
    r"|(List<)?AWS::(EC2|Route53)::[A-Za-z0-9:]+>?"
    r"|AWS::SSM::Parameter::Name|AWS::SSM::Parameter::Value<.+>)$"
)
ReadParameter = Callable[[str], str]


def _reject_ssm(name: str) -> str:
    raise TemplateError(f"SSM parameter '{name}' cannot be read here.")


def resolve_parameters(
    declared: Mapping[str, Any], given: Mapping[str, str], read: ReadParameter = _reject_ssm
) -> dict[str, Any]:
    """Return what `Ref` gives for each declared parameter; `read` reads a parameter of SSM.

    Raises `TemplateError` for a value that is missing, not declared, or not allowed.

    >>> resolve_parameters({"Zones": {"Type": "CommaDelimitedList"}}, {"Zones": "a, b"})
    {'Zones': ['a', 'b']}
    """
    for name in given:
        if name not in declared:
            raise TemplateError(
                f"Parameters: [{name}] do not exist in the template.{suggest_name(name, declared)}"
            )
    for name, body in declared.items():
        kind = str(body.get("Type", "String")) if isinstance(body, Mapping) else ""
        if not _TYPE.match(kind):
            raise TemplateError(
                f"Template format error: Unrecognized parameter type: {kind} of '{name}'"
            )
    missing = [
        name for name, body in declared.items() if name not in given and not _has_default(body)
    ]
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    return {
        name: _resolve(name, body, given.get(name, body.get("Default")), read)
        for name, body in declared.items()
    }


def _has_default(body: Any) -> bool:
    return isinstance(body, Mapping) and "Default" in body


def as_text(value: Any) -> str:
    """Write a scalar as CloudFormation does.

    >>> as_text(True), as_text(3), as_text("x")
    ('true', '3', 'x')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolve(name: str, body: Mapping[str, Any], value: Any, read: ReadParameter) -> Any:
    kind = str(body.get("Type", "String"))
    text = ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
    items = _split(text) if _is_list(kind) else [text]
    for item in items:
        _check_value(name, body, kind, item)
    stored = _SSM.match(kind)
    if stored:
        found = read(text)
        return _split(found) if _is_list(stored[1]) else found
    return items if _is_list(kind) else text


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


def _check_value(name: str, body: Mapping[str, Any], kind: str, text: str) -> None:
    problem = _find_problem(body, kind, text)
    if not problem:
        return
    said = body.get("ConstraintDescription")
    if said:
        raise TemplateError(f"Parameter {name} failed to satisfy constraint: {said}")
    shown = "" if as_text(body.get("NoEcho", "")).lower() == "true" else f"; got '{text}'"
    raise TemplateError(f"Parameter '{name}' must {problem}{shown}.")


def _find_problem(body: Mapping[str, Any], kind: str, text: str) -> str:
    allowed = body.get("AllowedValues")
    if allowed is not None and text not in map(as_text, allowed):
        return f"be one of AllowedValues {', '.join(map(as_text, allowed))}"
    if "Number" in kind:
        return _find_number_problem(body, text)
    pattern = str(body.get("AllowedPattern", ""))
    if pattern and not _matches(pattern, text):
        return f"match pattern {pattern}"
    if len(text) < int(body.get("MinLength", 0)):
        return f"contain at least {body['MinLength']} characters"
    if "MaxLength" in body and len(text) > int(body["MaxLength"]):
        return f"contain at most {body['MaxLength']} characters"
    return ""


def _matches(pattern: str, text: str) -> bool:
    """Match a pattern, which is Java's: what Python does not read the same way is let through."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            return re.fullmatch(pattern, text) is not None
        except (re.error, FutureWarning):
            return True


def _find_number_problem(body: Mapping[str, Any], text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return "be a number"
    if "MinValue" in body and number < float(body["MinValue"]):
        return f"be a number not less than {body['MinValue']}"
    if "MaxValue" in body and number > float(body["MaxValue"]):
        return f"be a number not greater than {body['MaxValue']}"
    return ""
