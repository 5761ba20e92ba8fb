"""The kinds of values that fields of Amazon States Language take, each with its check.

A check answers for plain Python values. That an expression of JSONata or a substitution may
represent many of them is said in the table of fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from carnation.document.values import is_number
from carnation.lazy import compile_lazily

Check = Callable[[object], bool]


def is_placeholder(value: object) -> bool:
    """Return whether a value is, or holds, a substitution (`${Name}`) that is not known yet."""
    return isinstance(value, str) and "${" in value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return whole and not isinstance(value, bool)


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


_TIMESTAMP = compile_lazily(
    r"(?a)(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-][01]\d:[0-5]\d)\Z"
)


def _is_timestamp(value: object) -> bool:
    match = _TIMESTAMP.match(value) if isinstance(value, str) else None
    if match is None:
        return False
    from datetime import datetime  # 2 ms, and hardly a state waits for a fixed time

    try:
        datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        return False
    return True


def _is_condition(value: object) -> bool:
    if isinstance(value, str):  # one that is only opened or closed has a finding of its own
        return value.startswith("{%") or value.endswith("%}")
    return isinstance(value, bool)


def _is_anything(value: object) -> bool:
    return True


def _one_of(*words: str) -> tuple[Check, str]:
    wanted = " or ".join([", ".join(f"'{word}'" for word in words[:-1]), f"'{words[-1]}'"])
    return lambda value: isinstance(value, str) and value in words, wanted


KINDS: Mapping[str, tuple[Check, str]] = {
    "text": (_is_text, "text"),
    "whole": (_is_whole, "an integer"),
    "number": (is_number, "a number"),
    "flag": (lambda value: isinstance(value, bool), "True or False"),
    "path": (_is_path, "a path that starts with '$'"),
    "optional_path": (_is_optional_path, "a path that starts with '$', or None"),
    "names": (_is_names, "a list of texts, at least one"),
    "timestamp": (_is_timestamp, "a time like '2026-01-31T12:00:00Z'"),
    "condition": (_is_condition, "a JSONata expression ('{% … %}')"),
    "items": (
        lambda value: isinstance(value, (list, tuple, Mapping)),
        "a list, a mapping or a JSONata expression",
    ),
    "query_language": _one_of("JSONPath", "JSONata"),
    "jitter": _one_of("FULL", "NONE"),
    "mode": _one_of("INLINE", "DISTRIBUTED"),
    "execution_type": _one_of("STANDARD", "EXPRESS"),
    "input_type": _one_of("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"),
    "manifest_type": _one_of("ATHENA_DATA", "S3_INVENTORY"),
    "flattening": _one_of("NONE", "LOAD_AND_FLATTEN"),
    "header_location": _one_of("FIRST_ROW", "GIVEN"),
    "delimiter": _one_of("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"),
    "transformation": _one_of("NONE", "COMPACT", "FLATTEN"),
    "output_type": _one_of("JSON", "JSONL"),
    "object": (lambda value: isinstance(value, Mapping), "a mapping"),
    "payload": (_is_anything, "any JSON value"),
    **dict.fromkeys(
        ("branches", "processor", "retriers", "catchers", "choices", "target", "states"),
        (_is_anything, "part of the graph"),
    ),
}
