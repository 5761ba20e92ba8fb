"""How values are written: fields, payloads with expressions in them, the rules of a Choice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from carnation.asl import Field, fields_of
from carnation.asl.fields import ATA
from carnation.errors import DefinitionError
from carnation.states.arguments import is_dynamic

Document = dict[str, Any]


def render_field(field: Field, values: Mapping[str, Any], owner: str) -> Document:
    """Write one field, if it was given: an expression as a path or under a key that ends in `.$`.

    Raises `DefinitionError` for an expression of JSONPath in a field of JSONata.
    """
    if field.argument not in values:
        return {}
    value = values[field.argument]
    if value is None and field.kind not in ("optional_path", "payload"):
        return {}  # the SDK's way of leaving a field out
    where = f"{owner}: {field.name}"
    if field.language == ATA:
        return {field.name: render_payload(value, where, paths=False)}
    if is_dynamic(value):
        dynamic = field.kind == "payload"
        return {f"{field.name}.$" if dynamic else field.name: value.to_jsonpath()}
    return {field.name: render_payload(value, where)}


def render_payload(value: Any, where: str, *, paths: bool = True) -> Any:
    """Copy a payload, expressions in it turned into `"key.$": path`; raise for what cannot be."""
    if is_dynamic(value):
        raise DefinitionError(
            f"{where} is a JSONPath expression, which is not valid there. "
            + ("Use it as the value of a key." if paths else 'Write "{% … %}" in JSONata.')
        )
    if isinstance(value, Mapping):
        copy: Document = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise DefinitionError(
                    f"{where} has the key {key!r}; the keys of JSON are texts. Quote it."
                )
            if paths and (is_dynamic(item) or _holds_expressions(item)):
                copy[f"{key}.$"] = render_argument(item, f"{where}.{key}")
            else:
                copy[key] = render_payload(item, f"{where}.{key}", paths=paths)
        return copy
    if isinstance(value, (list, tuple)):
        return [render_payload(item, f"{where}[{i}]", paths=paths) for i, item in enumerate(value)]
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float) and value - value == 0:  # neither NaN nor infinite
        return value
    raise DefinitionError(
        f"{where}: {value!r} is not JSON serializable. Use strings, numbers, True, False, "
        "None, lists, and dictionaries of them."
    )


def _holds_expressions(value: Any) -> bool:
    """Return whether a list holds an expression itself, which JSONPath can only make by a call."""
    held = isinstance(value, (list, tuple))
    return held and any(is_dynamic(item) or _holds_expressions(item) for item in value)


def render_argument(value: Any, where: str) -> str:
    r"""Write a value as the argument of an intrinsic function.

    >>> render_argument(["it's", 1, None], "")
    "States.Array('it\\'s', 1, null)"
    """
    if is_dynamic(value):
        return str(value.to_jsonpath())
    if isinstance(value, (list, tuple)):
        held = [render_argument(item, f"{where}[{i}]") for i, item in enumerate(value)]
        return f"States.Array({', '.join(held)})"
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, Mapping):
        text = json.dumps(render_payload(value, where), ensure_ascii=False)
        if '.$":' in text:
            raise DefinitionError(
                f"{where} is a mapping with expressions inside a list, which JSONPath cannot "
                f"express. Create it in a Pass state first, and use its path."
            )
        return f"States.StringToJson({_quote(text)})"
    return json.dumps(value)


def _quote(text: str) -> str:
    escaped = text
    for letter in "\\'{}":
        escaped = escaped.replace(letter, f"\\{letter}")
    return f"'{escaped}'"


def render_fields(place: str, block: Any, owner: str) -> Document:
    """Write the fields of a retrier, catcher, rule or graph, then those that nobody knows."""
    document: Document = {}
    for field in fields_of(place):
        document.update(render_field(field, block.fields, owner))
    document.update(render_extra(block, owner))
    return document


def render_extra(block: Any, owner: str) -> Document:
    """Write what was given as `extra`, expressions replaced."""
    written: Document = render_payload(block.__dict__.get("extra") or {}, owner)
    return written


def render_rule(rule: Any, owner: str) -> Document:
    """Write a rule of a Choice, ours or the SDK's."""
    own = render_fields("Rule", rule, owner) if hasattr(rule, "extra") else {}
    head = {"Comment": own.pop("Comment")} if "Comment" in own else {}
    return {**head, **_render_test(rule, owner), **own}


def _render_test(rule: Any, owner: str) -> Document:
    if hasattr(rule, "rules"):
        return {rule.operator: [render_rule(inner, owner) for inner in rule.rules]}
    if hasattr(rule, "rule"):
        return {"Not": render_rule(rule.rule, owner)}
    if hasattr(rule, "operator"):
        return {"Variable": _path_of(rule.variable), rule.operator: _path_of(rule.value)}
    return {}


def _path_of(value: Any) -> Any:
    return value.to_jsonpath() if is_dynamic(value) else value
