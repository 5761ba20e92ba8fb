"""`http:invoke` against an endpoint on this machine; any other is refused by name.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from botocore.exceptions import ClientError

from carnation.emulator.interpreter.services import to_text
from carnation.engine import Failed, Succeeded, Task

_SECONDS = 60
_LIMIT = 262_144
_LOCAL = ("127.0.0.1", "localhost", "::1")
_OK = range(200, 300)
Connect = Callable[[str], Any]
Pairs = list[tuple[str, str]]


class _RefusedError(Exception):
    """A call that is not made, and why."""


def invoke_http(connect: Connect, task: Task) -> Succeeded | Failed:
    """Make the call that a Task asks for."""
    asked: Mapping[str, Any] = task.parameters if isinstance(task.parameters, dict) else {}
    url = str(asked.get("ApiEndpoint", ""))
    try:
        _check(url, task)
        headers, query, body = _authorize(connect, asked)
        return _send(url, str(asked.get("Method", "")), asked, headers, query, body)
    except _RefusedError as error:
        return Failed("States.Runtime", str(error))
    except (OSError, http.client.HTTPException) as error:
        return Failed("States.Http.Socket", f"{type(error).__name__}: {error}")


def _check(url: str, task: Task) -> None:
    try:
        host, scheme = urlsplit(url).hostname or "", urlsplit(url).scheme
    except ValueError:
        host, scheme = "", ""
    if scheme not in ("http", "https") or not (host in _LOCAL or host.endswith(".localhost")):
        raise _RefusedError(
            f"the emulator calls endpoints on this machine only, not '{url}'. Set the state's "
            f"result with --results, or in a test by machine.mock('{task.name}', Return(…))."
        )


def _authorize(connect: Connect, asked: Mapping[str, Any]) -> tuple[dict[str, str], Pairs, Any]:
    """Read what a connection adds: headers, the query, members of the body."""
    arn = str((asked.get("Authentication") or {}).get("ConnectionArn", ""))
    name = (arn.split(":connection/")[-1] if ":connection/" in arn else "").split("/")[0]
    if not name:
        raise _RefusedError(
            "http:invoke needs Authentication.ConnectionArn, the ARN of a connection"
        )
    try:
        found = connect("events").describe_connection(Name=name)
        text = connect("secretsmanager").get_secret_value(SecretId=found["SecretArn"])
    except ClientError as error:
        raise _RefusedError(f"connection '{name}': {error}") from error
    secret = json.loads(text["SecretString"])
    more = secret.pop("invocation_http_parameters", None) or {}
    headers = _read_pairs(more, "header_parameters")
    if found["AuthorizationType"] == "API_KEY":
        headers.append((secret["api_key_name"], secret["api_key_value"]))
    elif found["AuthorizationType"] == "BASIC":
        word = base64.b64encode(f"{secret['username']}:{secret['password']}".encode()).decode()
        headers.append(("Authorization", f"Basic {word}"))
    else:
        raise _RefusedError(f"connection '{name}' authorizes by OAuth, which is not emulated")
    return (
        dict(headers),
        _read_pairs(more, "query_string_parameters"),
        dict(_read_pairs(more, "body_parameters")),
    )


def _read_pairs(parameters: Mapping[str, Any], name: str) -> Pairs:
    return [(str(row["key"]), str(row["value"])) for row in parameters.get(name) or ()]


def _send(
    url: str, method: str, asked: Mapping[str, Any], headers: dict[str, str], query: Pairs,
    added: Mapping[str, str],
) -> Succeeded | Failed:  # fmt: skip
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *_flatten_query(asked), *query]
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        f"?{urlencode(pairs)}" if pairs else ""
    )
    given = {str(name): str(value) for name, value in (asked.get("Headers") or {}).items()}
    body = asked.get("RequestBody")
    if added:
        body = {**(body if isinstance(body, dict) else {}), **added}
    content = None if body is None else _render_body(body, asked, given)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        own = {"User-Agent": "Amazon|StepFunctions|HttpInvoke|local", "Range": f"bytes=0-{_LIMIT}"}
        connection.request(method, path, content, {**own, **given, **headers})
        return _read(connection.getresponse())
    finally:
        connection.close()


def _flatten_query(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in (asked.get("QueryParameters") or {}).items():
        for one in value if isinstance(value, list) else [value]:
            yield str(name), one if isinstance(one, str) else to_text(one)


def _render_body(body: Any, asked: Mapping[str, Any], headers: dict[str, str]) -> bytes:
    """Write the body as JSON, or as a form where the Task transforms it so."""
    transform = asked.get("Transform") or {}
    names = {name.lower() for name in headers}
    if transform.get("RequestBodyEncoding") == "URL_ENCODED":
        form = (transform.get("RequestEncodingOptions") or {}).get("ArrayFormat", "INDICES")
        if "content-type" not in names:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return urlencode(list(_flatten_form("", body, form))).encode()
    if "content-type" not in names:
        headers["Content-Type"] = "application/json"
    return (body if isinstance(body, str) else to_text(body)).encode()


def _flatten_form(name: str, value: Any, form: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten_form(f"{name}[{key}]" if name else str(key), inner, form)
    elif isinstance(value, list) and form == "COMMAS":
        yield name, ",".join(map(_write, value))
    elif isinstance(value, list) and form != "NONE":
        for at, inner in enumerate(value):
            ends = {"INDICES": f"[{at}]", "BRACKETS": "[]", "REPEAT": ""}
            yield from _flatten_form(name + ends.get(form, ""), inner, form)
    elif not isinstance(value, list):
        yield name, _write(value)


def _write(value: Any) -> str:
    return value if isinstance(value, str) else to_text(value)


def _read(answer: http.client.HTTPResponse) -> Succeeded | Failed:
    content = answer.read(_LIMIT + 1)
    if len(content) > _LIMIT:
        return Failed("States.DataLimitExceeded", "The response is larger than 256 KiB.")
    headers: dict[str, list[str]] = {}
    for name, value in answer.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    text: Any = content.decode("utf-8", "replace")
    if "json" in (headers.get("content-type") or [""])[0]:
        with contextlib.suppress(ValueError):
            text = json.loads(text)
    result = {
        "Headers": headers, "ResponseBody": text, "StatusCode": answer.status,
        "StatusText": answer.reason,
    }  # fmt: skip
    if answer.status in _OK:
        return Succeeded(result)
    return Failed(f"States.Http.StatusCode.{answer.status}", to_text(result))
