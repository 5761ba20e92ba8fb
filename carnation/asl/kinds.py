"""The kinds of values that fields of Amazon States Language take, each with its check.

A check answers for plain Python values. A `{% … %}` string (JSONata) or a `${…}` substitution may
stand wherever AWS lets one stand for a number, so those pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_expression(value: object) -> bool:
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def _is_whole(value: object) -> bool:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return (whole and not isinstance(value, bool)) or _is_expression(value)


def _is_number(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number or _is_expression(value)


def _is_path(value: object) -> bool:
    # intrinsic functions may stand where ErrorPath and CausePath take a path
    return isinstance(value, str) and value.startswith(("$", "States."))


def _is_optional_path(value: object) -> bool:
    return value is None or _is_path(value)


def _is_names(value: object) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) > 0
        and all(isinstance(name, str) for name in value)
    )


def _is_anything(value: object) -> bool:
    return True


KINDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "text": (_is_text, "text"),
    "whole": (_is_whole, "a whole number"),
    "number": (_is_number, "a number"),
    "flag": (lambda value: isinstance(value, bool), "True or False"),
    "path": (_is_path, "a path that starts with '$'"),
    "optional_path": (_is_optional_path, "a path that starts with '$', or None"),
    "names": (_is_names, "a list of error names, at least one"),
    "query_language": (lambda value: value in ("JSONPath", "JSONata"), "'JSONPath' or 'JSONata'"),
    "jitter": (lambda value: value in ("FULL", "NONE"), "'FULL' or 'NONE'"),
    "object": (lambda value: isinstance(value, Mapping), "a mapping"),
    "payload": (_is_anything, "any JSON value"),
    "any": (_is_anything, "any JSON value"),
    **dict.fromkeys(
        ("branches", "processor", "retriers", "catchers", "choices", "target", "states"),
        (_is_anything, "part of the graph"),
    ),
}
