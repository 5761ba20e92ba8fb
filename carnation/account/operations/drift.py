"""Drift: what is in the account against what was built, where CloudFormation does not look.

A template's value is a pattern: what it refers to may be anything, the text around it may not.
CloudFormation's own drift detection knows no definition of a state machine that is in S3, no alias,
and no alarm's or role's statement that somebody added by hand through another door.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from carnation.account import Account, Deployed
from carnation.account.deployed import list_resources, read_deployed, read_template
from carnation.account.operations.versions import find_routes
from carnation.artifacts import Artifacts
from carnation.document import parse_document
from carnation.records import NamedTuple

_HOLE = re.compile(r"\$\{[^}]*\}")
_ANY = object()
_MISSING = object()
_ALARM_FIELDS = ("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "Threshold",
                 "ComparisonOperator", "TreatMissingData", "AlarmActions", "OKActions")  # fmt: skip


class Drift(NamedTuple):
    """One thing that is not as it was built."""

    what: str
    where: str
    sentence: str


def find_drift(account: Account, deployed: Deployed, artifacts: Artifacts) -> Iterator[Drift]:
    """Yield the drift of a stack: its documents, definition, routes, roles and alarms."""
    yield from _compare_documents(account, deployed, artifacts)
    yield from _compare_definition(account, deployed, artifacts)
    yield from _compare_routes(account, deployed)
    templates: dict[str, Mapping[str, Any]] = {}
    for row in list_resources(account, deployed.stack_id):
        stack = row["Stack"]
        if stack not in templates:
            value = parse_document(read_template(account, stack), "stack.yaml").value
            templates[stack] = value.get("Resources", {})
        body = templates[stack].get(row["LogicalResourceId"], {})
        properties, name = body.get("Properties", {}), row.get("PhysicalResourceId", "")
        if row["ResourceType"] == "AWS::IAM::Role":
            yield from _compare_role(account, row["Path"], name, properties)
        elif row["ResourceType"] == "AWS::CloudWatch::Alarm":
            yield from _compare_alarm(account, row["Path"], name, properties)


def _compare_documents(
    account: Account, deployed: Deployed, artifacts: Artifacts
) -> Iterator[Drift]:
    there = read_deployed(account, deployed.name, artifacts.workflow)
    for path, text in artifacts.files.items():
        if path.endswith(".yaml") and there.get(path, b"").decode().strip() != text.strip():
            word = "is another one than build/ holds" if path in there else "is not deployed"
            yield Drift("template", path, f"{word}; see: carnation diff deployed")


def _compare_definition(
    account: Account, deployed: Deployed, artifacts: Artifacts
) -> Iterator[Drift]:
    machine = deployed.outputs.get("StateMachineArn")
    path = f"code/state-machine/{artifacts.workflow}.asl.json"
    if not machine or path not in artifacts.files:
        return
    answer = account.call("stepfunctions", "describe_state_machine", stateMachineArn=machine)
    pattern, actual = json.loads(artifacts.files[path]), json.loads(answer["definition"])
    for pointer in _find_mismatches(pattern, actual, ""):
        yield Drift("definition", pointer or "/", "differs from build/")


def _find_mismatches(pattern: Any, actual: Any, pointer: str) -> Iterator[str]:
    if isinstance(pattern, dict) and isinstance(actual, dict):
        for key in {**pattern, **actual}:
            if key not in pattern or key not in actual:
                yield f"{pointer}/{key}"
            else:
                yield from _find_mismatches(pattern[key], actual[key], f"{pointer}/{key}")
    elif isinstance(pattern, list) and isinstance(actual, list) and len(pattern) == len(actual):
        for index, (one, two) in enumerate(zip(pattern, actual, strict=True)):
            yield from _find_mismatches(one, two, f"{pointer}/{index}")
    elif not _fits(pattern, actual):
        yield pointer


def _compare_routes(account: Account, deployed: Deployed) -> Iterator[Drift]:
    version = deployed.outputs.get("StateMachineVersionArn")
    if version and "StateMachineAliasArn" in deployed.outputs:
        routes = find_routes(account, deployed.outputs)
        if set(routes) != {version}:
            numbers = ", ".join(
                f"{arn.rpartition(':')[2]} ({share} %)" for arn, share in routes.items()
            )
            wanted = version.rpartition(":")[2]
            yield Drift("alias", "live", f"leads to version {numbers}, and {wanted} was deployed")


def _compare_role(
    account: Account, path: str, name: str, properties: Mapping[str, Any]
) -> Iterator[Drift]:
    role = account.call("iam", "get_role", RoleName=name)["Role"]
    if not _fits(
        _read(properties.get("AssumeRolePolicyDocument")), _load(role["AssumeRolePolicyDocument"])
    ):
        yield Drift("role", path, "may be assumed by other principals than in build/")
    wanted = {
        str(row["PolicyName"]): row["PolicyDocument"] for row in _list(properties, "Policies")
    }
    there = account.call("iam", "list_role_policies", RoleName=name)["PolicyNames"]
    for policy in {**dict.fromkeys(wanted), **dict.fromkeys(there)}:
        if policy not in there:
            yield Drift("role", path, f"has lost its policy '{policy}'")
        elif policy not in wanted:
            yield Drift("role", path, f"has a policy '{policy}' that build/ does not know")
        else:
            document = account.call("iam", "get_role_policy", RoleName=name, PolicyName=policy)
            if not _fits(_read(wanted[policy]), _load(document["PolicyDocument"])):
                yield Drift("role", path, f"its policy '{policy}' differs from build/")
    attached = account.call("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
    if len(attached) != len(_list(properties, "ManagedPolicyArns")):
        names = ", ".join(row["PolicyName"] for row in attached)
        yield Drift("role", path, f"has other managed policies than in build/ ({names or 'none'})")


def _load(document: Any) -> Any:
    """Return a policy as a value: IAM quotes it like a URL, and boto3 undoes that mostly."""
    return json.loads(unquote(document)) if isinstance(document, str) else document


def _list(properties: Mapping[str, Any], field: str) -> Sequence[Any]:
    value = properties.get(field) or ()
    return [row for row in value if not (isinstance(row, Mapping) and "Fn::If" in row)]


def _compare_alarm(
    account: Account, path: str, name: str, properties: Mapping[str, Any]
) -> Iterator[Drift]:
    found = account.call("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]
    if not found:
        yield Drift("alarm", path, "was deleted")
        return
    if not found[0].get("ActionsEnabled", True):
        yield Drift("alarm", path, "notifies no one: its actions are disabled")
    for field in _ALARM_FIELDS:
        if field in properties and not _fits(_read(properties[field]), found[0].get(field)):
            yield Drift("alarm", path, f"its {field} is {found[0].get(field)!r}")


def _read(value: Any) -> Any:
    """Turn a template's value into a pattern: text with holes, alternatives, or anything."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((name, inner),) = value.items()
            if name == "Fn::Sub":
                return inner if isinstance(inner, str) else inner[0]
            if name == "Fn::If":
                return _Either([_read(inner[1]), _read(inner[2])])
            if name == "Ref" and inner == "AWS::NoValue":
                return _MISSING
            if name == "Ref" or name.startswith("Fn::"):
                return _ANY
        return {key: _read(inner) for key, inner in value.items()}
    return [_read(item) for item in value] if isinstance(value, list) else value


class _Either(list[Any]):
    """A choice that a condition makes."""


def _fits(pattern: Any, actual: Any) -> bool:
    """Return whether a value is one that a pattern represents."""
    if pattern is _ANY:
        return actual is not _MISSING
    if isinstance(pattern, _Either):
        return any(_fits(one, actual) for one in pattern)
    if isinstance(pattern, Mapping):
        return isinstance(actual, Mapping) and all(
            _fits(pattern.get(key, _MISSING), actual.get(key, _MISSING))
            for key in {**pattern, **actual}
        )
    if isinstance(pattern, list):
        return isinstance(actual, list) and _fit_lists(pattern, actual)
    if isinstance(pattern, str) and isinstance(actual, str):
        parts = [re.escape(part) for part in _HOLE.split(pattern)]
        return bool(re.fullmatch(".*".join(parts), actual, re.DOTALL))
    if pattern is _MISSING or actual is _MISSING:
        return pattern is actual
    if isinstance(pattern, bool) or isinstance(actual, bool):
        return str(pattern).lower() == str(actual).lower()
    try:
        return float(pattern) == float(actual)
    except (TypeError, ValueError):
        return bool(pattern == actual)


def _fit_lists(pattern: list[Any], actual: list[Any]) -> bool:
    if not pattern:
        return not actual
    head, rest = pattern[0], pattern[1:]
    if _fits(head, _MISSING) and _fit_lists(rest, actual):
        return True
    return bool(actual) and _fits(head, actual[0]) and _fit_lists(rest, actual[1:])
