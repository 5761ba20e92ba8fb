"""Risks of the role: what the definition needs and the role lacks, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from carnation.asl.graph import Problem
from carnation.lazy import TYPE_CHECKING
from carnation.linter.findings import NOTE, WARNING, risk
from carnation.linter.machine import Machine
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.cloudformation.roles import Role
    from carnation.permissions import Grant, RequiredAction


class _Judged(NamedTuple):
    missing: list[RequiredAction]
    unneeded: list[Grant]
    open: list[RequiredAction]


@lru_cache(maxsize=1)  # all rules ask, one machine after the other
def _compare_role(machine: Machine) -> _Judged:
    """Compare what is needed with what is granted."""
    return _Judged([], [], []) if machine.role is None else _compare(machine, machine.role)


def _compare(machine: Machine, role: Role) -> _Judged:
    from carnation import permissions  # most definitions are in no template
    from carnation.permissions.reports import read_grants, read_machine

    described = read_machine(machine.properties)
    needs = permissions.derive_needs(machine.body, described, role.names)
    grants = [
        grant
        for pointer, policy in role.policies.items()
        for grant in read_grants(policy, pointer, role.names)
    ]
    printed = permissions.derive_needs(machine.body, described)
    missing = permissions.find_missing(grants, needs, printed) if role.is_whole else []
    left_open = [need for need in needs if need.state and not need.is_exact]
    return _Judged(missing, permissions.find_unneeded(grants, needs), left_open)


@risk("missing-permission", WARNING)
def find_missing_permissions(machine: Machine) -> Iterator[Problem]:
    """The role in the same template may not do what a state asks for.

    Problem: the template deploys, and the first execution that comes to this state fails with
    `AccessDeniedException`. Looked for where the template holds the whole role: its inline
    policies, and no managed policy from elsewhere.
    Solution: add the action to a policy of the role; `carnation lint --policy FILE` writes the
    whole policy.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    name = machine.role.name if machine.role else ""
    for need in _compare_role(machine).missing:
        state = machine.by_name.get(need.state)
        message, facts = f"role '{name}' may not '{need.action}' ({need.why})", (need.action,)
        yield state.problem(message, facts=facts) if state else Problem("", message, facts=facts)


@risk("unneeded-permission", NOTE)
def find_unneeded_permissions(machine: Machine) -> Iterator[Problem]:
    """The role in the same template may do what no state asks for.

    Problem: those who can change the definition may do all that the role may do. Rights that
    are left over from an earlier definition are the ones that no one checks.
    Solution: take the action out of the policy; if another state machine or function uses the role,
    give that one a role of its own.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    """
    name = machine.role.name if machine.role else ""
    for action in dict.fromkeys(grant.action for grant in _compare_role(machine).unneeded):
        yield Problem("", f"role '{name}' may '{action}', and no state needs it")


@risk("open-permission", NOTE)
def find_open_permissions(machine: Machine) -> Iterator[Problem]:
    """What a state calls is only known while it runs, so that its role has to allow more.

    Problem: the role may do this to everything that the pattern covers, and one who starts an
    execution may choose which. Some calls (`athena:GetQueryResults`) have no parameter that names
    what they are about.
    Solution: name the resource in the definition. Where it has to be worked out, narrow the role to
    what it may be, as with `Workflow(uses=[Grant(…, because="…")])`.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    """
    seen: dict[tuple[str, str], RequiredAction] = {}
    for need in _compare_role(machine).open:
        seen.setdefault((need.state, need.action), need)
    for need in seen.values():
        state = machine.by_name.get(need.state)
        message = f"'{need.action}' on '{need.resource}': {need.why}"
        yield state.problem(message) if state else Problem("", message)
