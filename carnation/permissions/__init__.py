"""Permissions: what a policy grants, what a definition needs, and a policy that is just that.

Enters: a definition, or a policy.
Leaves: needs, grants, a least policy.
May not know: workflows and their stacks; accounts.
"""

from carnation.lazy import TYPE_CHECKING, load_lazily

if TYPE_CHECKING:
    from carnation.permissions.grants import Grant, covers, find_lost, read_policy
    from carnation.permissions.judging import find_missing, find_unneeded
    from carnation.permissions.maps import is_distributed
    from carnation.permissions.policy import (
        MachineSettings,
        Statement,
        derive_needs,
        derive_policy,
        find_needed_actions,
        group_needs,
        render_policy,
    )
    from carnation.permissions.required import RequiredAction

__all__ = [
    "Grant",
    "MachineSettings",
    "RequiredAction",
    "Statement",
    "covers",
    "derive_needs",
    "derive_policy",
    "find_lost",
    "find_missing",
    "find_needed_actions",
    "find_unneeded",
    "group_needs",
    "is_distributed",
    "read_policy",
    "render_policy",
]

# a caller that derives a policy does not load the checks of one
__getattr__ = load_lazily(
    __name__,
    {
        "Grant": "grants",
        "MachineSettings": "policy",
        "RequiredAction": "required",
        "Statement": "policy",
        "covers": "grants",
        "derive_needs": "policy",
        "derive_policy": "policy",
        "find_lost": "grants",
        "find_missing": "judging",
        "find_needed_actions": "policy",
        "find_unneeded": "judging",
        "group_needs": "policy",
        "is_distributed": "maps",
        "read_policy": "grants",
        "render_policy": "policy",
    },
)
