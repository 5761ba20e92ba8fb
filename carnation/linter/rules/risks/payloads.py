"""Risks in payloads: literals that were meant as paths, parameters nobody knows, what is secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from carnation.asl.fields import ATA, PATH
from carnation.asl.graph import Node, Problem
from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.lazy import re
from carnation.linter.findings import ERROR, NOTE, WARNING, risk
from carnation.linter.machine import Machine
from carnation.records import NamedTuple

_PATH_LIKE = r"\$\$?\.[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*\Z"
_CALL_LIKE = r"(?s)States\.[A-Z][A-Za-z0-9]+\(.*\)\Z"
_TEMPLATES = ("Parameters", "ItemSelector", "ResultSelector", "Assign", "BatchInput")
_PAYLOADS = (*_TEMPLATES, "Arguments", "Output", "Result", "Resource", "Error", "Cause")
_LOOKED_UP = {ATA: ("Arguments", "Output", "Assign"), PATH: _TEMPLATES}
_ACCOUNT = r"arn:[a-z-]+:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d)?:(\d{12}):"
_REGION = (
    r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com|"
    r"arn:[a-z-]+:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d):(?!\d{12}:)"
)
_KEY = r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"
_SECRET_NAMES = ("password", "passwd", "secretkey", "apikey", "accesstoken")
_MASKED = r"(?i)^(?:\W*|.*(?:x{3,}|\*{3,}|<|\$\{|\{%|example|placeholder|your).*)$"


class PayloadText(NamedTuple):
    """A string in a payload: the field and the key that it is under, and the pointer within."""

    part: Node
    field: str
    pointer: str
    key: str
    text: str


@lru_cache(maxsize=1)  # five rules ask, one machine after the other
def list_texts(machine: Machine) -> list[PayloadText]:
    """List the strings of payloads and resources, each once."""
    return [
        PayloadText(part, name, pointer, key, text)
        for part in machine.parts
        for name in _PAYLOADS
        if name in part.body
        for pointer, key, text in _walk(part.body[name], f"/{name}")
    ]


def _walk(value: Json, inner: str) -> Iterator[tuple[str, str, str]]:
    """Yield (pointer, key, text) for every text under a value."""
    waiting = [(value, inner, "")]
    while waiting:
        item, pointer, key = waiting.pop()
        if isinstance(item, str):
            yield pointer, key, item
        elif isinstance(item, Mapping):
            for name, child in item.items():
                waiting.append((child, join_pointer(pointer, name), name))
        elif isinstance(item, list):
            waiting += [(child, f"{pointer}/{index}", key) for index, child in enumerate(item)]


@risk("literal-path", WARNING)
def find_literal_paths(machine: Machine) -> Iterator[Problem]:
    """A path is in a payload under a key without `.$`.

    Problem: `"id": "$.order.id"` sends the eleven letters, not the order's id. In JSONata a text
    without `{% … %}` is a literal too.
    Solution: write the key as `"id.$"`, or the text as `{% $states.input.order.id %}`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
    """
    for part, field, pointer, key, text in list_texts(machine):
        if (
            key.endswith(".$")
            or not text.startswith(("$", "States."))
            or field not in _LOOKED_UP[part.language]
        ):
            continue
        meant = re.match(_CALL_LIKE, text) or re.match(_PATH_LIKE, text)
        if meant and not _is_elsewhere(key):
            yield part.problem(f"'{text[:60]}' is sent literally", pointer)


def _is_elsewhere(key: str) -> bool:
    """Return whether a key accepts paths for another program (EventBridge, Glue …)."""
    return key.endswith(("Path", "Paths", "PathsMap", "JsonPath", "Expression", "Selector"))


@risk("hard-coded-account", NOTE)
def find_accounts(machine: Machine) -> Iterator[Problem]:
    """An ARN holds an account or a region.

    Problem: the definition works in one account and region; a copy in the next stage calls into the
    first one, or fails.
    Solution: put a substitution there (`${FunctionArn}`), which the template gives a value.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
    """
    for part, _, pointer, _, text in list_texts(machine):
        match = re.search(_ACCOUNT, text) if "arn:" in text else None
        if match:
            yield part.problem(f"the account {match[2]} is part of the definition", pointer)


@risk("hard-coded-region", NOTE)
def find_regions(machine: Machine) -> Iterator[Problem]:
    """The address of an endpoint, or an ARN without an account, holds a region.

    Problem: a copy of the state machine in another region keeps calling into this one.
    Solution: put a substitution there, or `${AWS::Region}` in the template.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
    """
    for part, _, pointer, _, text in list_texts(machine):
        match = re.search(_REGION, text) if "amazonaws" in text or "arn:" in text else None
        if match:
            yield part.problem(f"the region {match[1] or match[2]} is part of it", pointer)


@risk("hard-coded-secret", ERROR)
def find_secrets(machine: Machine) -> Iterator[Problem]:
    """The definition holds what looks like a password or a key.

    Problem: definitions are committed, shown in the console, and copied into every history.
    Solution: let the function read it from Secrets Manager, or use an EventBridge connection.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
    """
    for part, field, pointer, key, text in list_texts(machine):
        if field in ("Error", "Cause"):
            continue
        named = key.lower().replace("_", "").endswith(_SECRET_NAMES) and _is_secret(text)
        if ("AKIA" in text or "ASIA" in text) and _is_key(text):
            yield part.problem("this looks like an AWS access key", pointer)
        elif named:
            yield part.problem(f"'{key}' looks like a secret", pointer)


def _is_secret(text: str) -> bool:
    if " " in text or text.startswith(("$", "arn:", "States.")):
        return False
    return not re.match(_MASKED, text)


def _is_key(text: str) -> bool:
    return re.search(_KEY, text) is not None and "EXAMPLE" not in text
