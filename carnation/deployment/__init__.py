"""A deployment, told as one story.

check     `check_tree`      definitions/ and build/ agree, lint is clean; touches files only
find      `find_deployed`   what stands under that name, and whether it can be deployed over
plan      `make_plan`       parameters, and what changes in the documents; reads only
bucket    `ensure_bucket`   made once: versioned, encrypted, private, TLS only; or the one given
upload    `upload_missing`  objects under keys with their digest, those that are not there
change set `make_change_set` CloudFormation's own account of what it would do
review    `find_losses`     what would take data along; a person, or `--yes`, agrees
execute   `execute`         the stack's and all nested stacks' events, live
outcome   `Outcome`         outputs, or the first cause and the state the stack is left in

Each stage takes what the ones before gave. Whatever interrupts, the next run begins again and
finds what there is: objects by their keys, the bucket by its policy, the stack by its status.
"""

from __future__ import annotations

from carnation.deployment.bucket import ensure_bucket, name_bucket
from carnation.deployment.changeset import (
    ChangeSet,
    discard_change_set,
    make_change_set,
    refuse_overtaken,
)
from carnation.deployment.check import check_tree
from carnation.deployment.following import Event, Outcome, follow
from carnation.deployment.parameters import find_parameters
from carnation.deployment.plan import Plan, find_losses, make_plan, refuse_losses
from carnation.deployment.removal import Removal, find_removal, remove
from carnation.deployment.stage import execute, find_remedy, protect, refuse_state, settle
from carnation.deployment.uploads import list_missing, upload_missing

__all__ = [
    "ChangeSet",
    "Event",
    "Outcome",
    "Plan",
    "Removal",
    "check_tree",
    "discard_change_set",
    "ensure_bucket",
    "execute",
    "find_losses",
    "find_parameters",
    "find_remedy",
    "find_removal",
    "follow",
    "list_missing",
    "make_change_set",
    "make_plan",
    "name_bucket",
    "protect",
    "refuse_losses",
    "refuse_overtaken",
    "refuse_state",
    "remove",
    "settle",
    "upload_missing",
]
