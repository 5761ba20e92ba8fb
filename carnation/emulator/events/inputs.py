"""What a target gets of an event: all of it, a part, a constant, or a template filled with parts.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"<([^<>]+)>")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")


def read_path(path: str, document: Any) -> Any:
    """Return what a simple JSONPath leads to; None where there is nothing.

    >>> read_path("$.detail.items[0].id", {"detail": {"items": [{"id": 7}]}})
    7
    """
    for name, index, quoted in _STEP.findall(path):
        if index:
            found = (
                document[int(index)]
                if isinstance(document, list) and len(document) > int(index)
                else None
            )
        else:
            found = document.get(name or quoted) if isinstance(document, Mapping) else None
        document = found
    return document


def make_input(target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    """Return a target's input as text."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(read_path(str(target["InputPath"]), event))
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {
        name: read_path(path, event) for name, path in transformer.get("InputPathsMap", {}).items()
    }
    values["aws.events.rule-arn"] = rule_arn
    values["aws.events.rule-name"] = rule_arn.rsplit("/", 1)[-1]
    values["aws.events.event.ingestion-time"] = event.get("time")
    values["aws.events.event"] = {k: v for k, v in event.items() if k != "detail"}
    values["aws.events.event.json"] = event
    return fill_template(str(transformer["InputTemplate"]), values)


def fill_template(template: str, values: Mapping[str, Any]) -> str:
    """Fill `<name>`: JSON where it is a value, plain text inside of a string.

    >>> fill_template('{"a": <n>, "b": "no <n>", "c": <s>}', {"n": 1, "s": "x"})
    '{"a": 1, "b": "no 1", "c": "x"}'
    """
    made, end = [], 0
    for match in _PLACE.finditer(template):
        before = template[end : match.start()]
        made.append(before)
        if match[1] not in values:
            made.append(match[0])
        else:
            inside = "".join(made).replace('\\"', "").count('"') % 2 == 1
            made.append(_write(values[match[1]], inside=inside))
        end = match.end()
    text = "".join(made) + template[end:]
    return text if _is_json(text) else json.dumps(text)


def _write(value: Any, *, inside: bool) -> str:
    if not inside:
        return json.dumps(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1] if isinstance(value, str) else text.replace('"', '\\"')


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
