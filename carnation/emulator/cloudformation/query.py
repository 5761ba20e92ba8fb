"""The query protocol, in which CloudFormation's API is written: requests read, answers rendered.

Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_SCALARS = {"integer": int, "long": int, "float": float, "double": float}


class Answer(dict[str, Any]):
    """What an action returns: the members of its output."""


def read_request(model: ServiceModel, body: str) -> tuple[str, dict[str, Any]]:
    """Read a request's form: the name of the action and its parameters as plain values."""
    form = dict(parse_qsl(body, keep_blank_values=True))
    action = form.get("Action", "")
    if action not in model.operation_names:
        return action, {}
    shape = model.operation_model(action).input_shape
    tree: dict[str, Any] = {}
    for name, value in form.items():
        _put(tree, name.split("."), value)
    return action, {} if shape is None else _read(tree, shape)


def _put(tree: dict[str, Any], parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree[parts[-1]] = value


def _read(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        found = value if isinstance(value, dict) else {}
        return {
            name: _read(found[name], member)
            for name, member in shape.members.items()
            if name in found
        }
    if isinstance(shape, ListShape):
        rows = value.get("member", value) if isinstance(value, dict) else {}
        items = sorted(rows.items(), key=lambda row: int(row[0])) if rows else []
        return [_read(item, shape.member) for _, item in items]
    if isinstance(shape, MapShape):
        rows = value.get("entry", {}) if isinstance(value, dict) else {}
        return {row["key"]: _read(row.get("value", ""), shape.value) for row in rows.values()}
    if shape.type_name == "boolean":
        return str(value).lower() == "true"
    return _SCALARS.get(shape.type_name, str)(value)


def render_answer(model: ServiceModel, action: str, answer: Mapping[str, Any]) -> str:
    """Render an action's answer as XML."""
    shape = model.operation_model(action).output_shape
    result = ""
    if shape is not None:
        result = f"<{action}Result>{_render(answer, shape)}</{action}Result>"
    metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    return f'<{action}Response xmlns="{_NAMESPACE}">{result}{metadata}</{action}Response>'


def render_error(code: str, message: str, *, is_sender: bool = True) -> str:
    """Render an error as XML."""
    kind = "Sender" if is_sender else "Receiver"
    error = f"<Type>{kind}</Type><Code>{code}</Code><Message>{_escape(message)}</Message>"
    return (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error>{error}</Error>'
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )


def _escape(text: str) -> str:
    lines = text.split("\n")
    return escape("\n".join(line if line.isprintable() else _clean(line) for line in lines))


def _clean(line: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else " " for char in line)


def _render(value: Any, shape: Shape) -> str:
    if isinstance(shape, StructureShape):
        return "".join(
            f"<{name}>{_render(value[name], member)}</{name}>"
            for name, member in shape.members.items()
            if value.get(name) is not None
        )
    if isinstance(shape, ListShape):
        return "".join(f"<member>{_render(item, shape.member)}</member>" for item in value)
    if isinstance(shape, MapShape):
        rows = ((_escape(str(key)), _render(item, shape.value)) for key, item in value.items())
        return "".join(
            f"<entry><key>{key}</key><value>{text}</value></entry>" for key, text in rows
        )
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return _escape(str(value))
