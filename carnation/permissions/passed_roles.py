"""Roles that a call passes on, wherever in its parameters the API takes the ARN of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.parameters import read_parameters
from carnation.permissions.passed_as import PASSED_AS, PASSED_TO
from carnation.permissions.required import Condition, RequiredAction, Target, require, to_arn, when
from carnation.services.shapes import Shape

_ROLE = compile_lazily(r"(?:Role|RoleArn|RoleARN|RoleOverride)\Z")
_NO_ROLES = frozenset({
    "CrossAccountRole", "DatabaseAccessControlRole", "FederationRole", "GeographicRole", "KeyRole",
    "MasterBackendRole", "SnowflakeRole", "UpdateDataRole",
})  # fmt: skip
"""Parameters that end like a role and are names of other things."""
_SPEAK_OF_ROLES = frozenset({
    "emr-containers", "grafana", "iam", "lakeformation", "neptune-db", "securityhub", "sts",
})  # fmt: skip
"""Services that take roles without their being passed on."""


def list_passed_roles(
    given: Json, shape: Shape | None, prefix: str, state: str
) -> Iterator[RequiredAction]:
    """Yield the roles that a call passes on.

    A parameter is one only where the API has a free text for it: a message's `Role: user` is none,
    and what is sent to a queue holds none.
    """
    if prefix in _SPEAK_OF_ROLES:
        return
    waiting = [(given, shape)]
    for value, kind in waiting:  # grows while we walk
        if kind is None:
            continue
        if isinstance(value, list) and kind.item:
            waiting.extend((item, kind.item) for item in value)
        elif isinstance(value, Mapping) and kind.kind == "map":
            waiting.extend((item, kind.item) for item in value.values())
        elif isinstance(value, Mapping) and kind.kind == "structure":
            members = {name.lower(): name for name in kind.members}
            for key, inner in value.items():
                name = members.get(key.removesuffix(".$").lower())
                if name is None:
                    continue
                member = kind.members[name]
                if _is_role(name, member):
                    yield from _pass(value, name, prefix, state)
                elif member.item or member.kind == "structure":
                    waiting.append((inner, member))


def _is_role(name: str, shape: Shape) -> bool:
    if not _ROLE.search(name) or name in _NO_ROLES:
        return False
    texts = shape.item if shape.kind == "list" and shape.item else shape
    return texts.kind == "string" and not texts.enum


def _pass(given: Mapping[str, Json], key: str, prefix: str, state: str) -> Iterator[RequiredAction]:
    condition = find_passed_to(PASSED_AS.get(key) or prefix)
    why = f"passes the {key} on"
    for role in read_parameters(given, key):
        note = "" if role.text is not None else f"{key} is worked out"
        if role.pattern == "*":
            target = Target(to_arn("iam", "role/*", region=False), note)
        elif role.pattern.startswith(("arn:", "${")):
            target = Target(role.pattern, note)
        else:
            target = Target(to_arn("iam", f"role/{role.pattern}", region=False), note)
        yield require("iam:PassRole", target, state, why, condition)


def find_passed_to(prefix: str) -> Condition:
    """Find the condition that binds a role to the service that gets it."""
    services = PASSED_TO.get(prefix, "").split()
    return when("StringEquals", "iam:PassedToService", *services) if services else ()


def pass_unnamed_roles(why: str, prefix: str, state: str, account: bool = True) -> RequiredAction:
    """Pass on roles that something else names: a task definition, an instance profile."""
    target = Target(to_arn("iam", "role/*", region=False, account=account), why)
    what = why.partition(" names")[0]
    return require("iam:PassRole", target, state, f"passes the roles of {what} on",
                   find_passed_to(prefix))  # fmt: skip
