"""The plan: what is deployed beside what is to be, before anything is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from carnation.account import Account, Deployed, read_deployed
from carnation.account.deployment.change_sets import ChangeSet
from carnation.account.deployment.execution import waits_for_protection
from carnation.account.deployment.parameters import (
    DATA_PROTECTION,
    Slots,
    find_parameters,
    find_root,
    reject_missing,
    reject_unknown,
    reject_values,
)
from carnation.artifacts import Artifacts
from carnation.changes.reviews import Review, Tree, compare_trees
from carnation.errors import AccountError
from carnation.records import NamedTuple
from carnation.services.updates import is_stateful

_KEPT = ("Retain", "Snapshot", "ReplaceAndRetain", "ReplaceAndSnapshot")
_LOSSES = ("data-removed", "data-replaced", "data-orphaned")


class Plan(NamedTuple):
    """A deployment before it happens.

    `values` are the parameters that are given, `reused` those that stay as they were; `moved`
    those whose value becomes another: name to old and new. `reviews` say what changes.
    """

    stack: str
    artifacts: Artifacts
    deployed: Deployed | None
    values: Mapping[str, str]
    reused: Sequence[str]
    moved: Mapping[str, tuple[str, str]]
    reviews: Sequence[Review]
    same: bool
    tags: Mapping[str, str] = {}
    """The tags that the stack is given, where they are not the ones it has."""
    sides: tuple[Tree, ...] = ()
    """The two trees that were compared, deployed and built; none where there was nothing to."""
    protects_data: bool = False
    """Whether deletion protection is left off at first, and switched on when the stack stands."""

    @property
    def is_new(self) -> bool:
        """Return whether the stack is made for the first time."""
        return self.deployed is None or not self.deployed.exists

    @property
    def is_nothing(self) -> bool:
        """Return whether all of it is deployed already."""
        return self.same and not self.moved and not self.tags


def make_plan(
    account: Account,
    stack: str,
    artifacts: Artifacts,
    deployed: Deployed | None,
    given: Mapping[str, str],
    tags: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Compare a tree with what is deployed, by documents and parameters."""
    slots = find_parameters(artifacts)
    values = {name: value for name, value in given.items() if name in slots}
    reject_unknown(list(given), slots)
    reject_values(values, slots)
    there = deployed.parameters if deployed and deployed.exists else {}
    interrupted = bool(there) and deployed is not None and there.get(DATA_PROTECTION) == "false"
    interrupted = interrupted and DATA_PROTECTION not in values
    if interrupted and deployed is not None and waits_for_protection(account, deployed):
        values[DATA_PROTECTION] = "true"
    protects_data = not there and _waits_with_protection(slots, values)
    if protects_data:
        values[DATA_PROTECTION] = "false"
    reused = [name for name in slots if name in there and name not in values]
    reject_missing([
        name
        for name, slot in slots.items()
        if "Default" not in slot and name not in values and name not in there
    ])  # fmt: skip
    secret = {name for name, slot in slots.items() if str(slot.get("NoEcho")).lower() == "true"}
    moved = {
        name: ("****", "****") if name in secret else (there.get(name, ""), value)
        for name, value in values.items()
        if deployed and deployed.exists and (name in secret or there.get(name) != value)
    }
    reviews: list[Review] = []
    trees: tuple[Tree, ...] = ()
    same = False
    if deployed and deployed.exists:
        before = read_deployed(account, stack, artifacts.workflow)
        root = f"cft/{artifacts.workflow}-root-stack.yaml"
        same = before[root].decode().strip() == find_root(artifacts).strip()
        if not same:
            after = {path: text.encode() for path, text in artifacts.files.items()}
            trees = (
                _plant(f"stack {stack}", artifacts, before),
                _plant("build/", artifacts, after),
            )
            reviews = compare_trees(trees[0], trees[1], {})
    return Plan(
        stack, artifacts, deployed, values, reused, moved, reviews, same,
        _choose_tags(artifacts, deployed, tags), trees, protects_data,
    )  # fmt: skip


def _choose_tags(
    artifacts: Artifacts, deployed: Deployed | None, given: Mapping[str, str]
) -> dict[str, str]:
    """Choose the tags of the stack: those given, the workflow's, those that somebody put there."""
    there = dict(deployed.tags) if deployed and deployed.exists else {}
    chosen = {**there, **artifacts.manifest.get("tags", {}), **given}
    return chosen if chosen != there else {}


def _waits_with_protection(slots: Slots, values: Mapping[str, str]) -> bool:
    """Return whether a new stack's tables would be protected, so that no failed creation ends."""
    default = str(slots.get(DATA_PROTECTION, {}).get("Default", "")).lower()
    return default == "true" and DATA_PROTECTION not in values


def _plant(name: str, artifacts: Artifacts, files: Mapping[str, bytes]) -> Tree:
    whole = {f"build/{artifacts.workflow}/{path}": content for path, content in files.items()}
    return Tree(name, tuple(whole), lambda paths: {path: whole[path] for path in paths})


def find_losses(plan: Plan, change_set: ChangeSet | None) -> dict[str, str]:
    """Find what would lose its data, by the documents and by CloudFormation: name to why.

    The documents say what a template takes away; only CloudFormation knows what a parameter does.
    Where two nested stacks have a resource of the same name, each is named by its path, so that
    nobody allows the one and loses the other.
    """
    found = {
        change.subject.rpartition(" ")[2]: change.sentence
        for review in plan.reviews
        for change in review.changes
        if change.kind in _LOSSES
    }
    for row in change_set.rows if change_set else ():
        why = _find_loss(row)
        if why:
            bare = found.pop(row["LogicalResourceId"], why)
            found.setdefault(row["Path"], bare)
    names = Counter(path.rpartition("/")[2] for path in found)
    return {
        path if names[path.rpartition("/")[2]] > 1 else path.rpartition("/")[2]: why
        for path, why in found.items()
    }


def _find_loss(row: Mapping[str, Any]) -> str:
    """Describe what becomes of a resource's data in a change set; '' where it stays."""
    kind = row["ResourceType"]
    if not is_stateful(kind):
        return ""
    kept = "; the present one is retained, outside of the stack" * (
        row.get("PolicyAction") in _KEPT
    )
    if row["Action"] == "Remove":
        return f"is removed from the stack ({kind}){kept}"
    how = {"True": "is", "Conditional": "may be"}.get(row.get("Replacement", ""))
    return f"{how} replaced by an empty one ({kind}){kept}" if how else ""


def reject_losses(losses: Mapping[str, str], allowed: Sequence[str]) -> None:
    """Raise `AccountError` for a loss that nobody allowed by name."""
    left = {name: why for name, why in losses.items() if name not in allowed}
    if left:
        told = "; ".join(f"{name} {why}" for name, why in left.items())
        flags = " ".join(f"--allow-replacement {name}" for name in left)
        raise AccountError(
            f"this deployment would delete or replace data: {told}. No changes were made. "
            f"To allow it, add {flags}",
            reason="loss",
        )
