"""A deployment: a `Deployer` goes through its stages, and the last one is `show` or `execute`.

check     `check_tree`      definitions/ and build/ agree, lint is clean; touches files only
find      `find_settled`    the stack of that name, and whether it can be deployed over
plan      `make_plan`       parameters, and what changes in the documents; reads only
upload    `upload_missing`  objects under keys with their digest; `show` lends templates instead
change set `make_change_set` CloudFormation's own account of what it would do
review    `find_losses`     what would take data along; a person, or `--yes`, agrees
execute   `execute`         the stack's and all nested stacks' events, live
outcome   `Outcome`         outputs, or the first cause and the state the stack is left in

Whatever interrupts, the next run begins again and finds what there is: objects by their keys, the
bucket by its policy, the stack by its status. `show` leaves the account as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnation.lazy import load_lazily

if TYPE_CHECKING:
    from carnation.account.deployment.artifact_bucket import default_bucket_name, ensure_bucket
    from carnation.account.deployment.change_sets import (
        ChangeSet,
        discard_change_set,
        make_change_set,
        reject_overtaken,
    )
    from carnation.account.deployment.deletion import DeletionPlan, find_removal, remove
    from carnation.account.deployment.deployer import Deployer, Request, Result
    from carnation.account.deployment.execution import (
        execute,
        find_remedy,
        find_settled,
        reject_state,
    )
    from carnation.account.deployment.formats import (
        describe_result,
        format_failure,
        format_losses,
        format_outcome,
        format_plan,
    )
    from carnation.account.deployment.parameters import find_parameters
    from carnation.account.deployment.plan import Plan, find_losses, make_plan, reject_losses
    from carnation.account.deployment.preflight import check_tree
    from carnation.account.deployment.stack_events import Event, Outcome, follow
    from carnation.account.deployment.uploads import list_missing, upload_missing

__all__ = [
    "ChangeSet",
    "DeletionPlan",
    "Deployer",
    "Event",
    "Outcome",
    "Plan",
    "Request",
    "Result",
    "check_tree",
    "default_bucket_name",
    "describe_result",
    "discard_change_set",
    "ensure_bucket",
    "execute",
    "find_losses",
    "find_parameters",
    "find_remedy",
    "find_removal",
    "find_settled",
    "follow",
    "format_failure",
    "format_losses",
    "format_outcome",
    "format_plan",
    "list_missing",
    "make_change_set",
    "make_plan",
    "reject_losses",
    "reject_overtaken",
    "reject_state",
    "remove",
    "upload_missing",
]

# the emulator deploys with some of it, and reads no reviews
__getattr__ = load_lazily(
    __name__,
    {
        "ChangeSet": "change_sets",
        "DeletionPlan": "deletion",
        "Deployer": "deployer",
        "Event": "stack_events",
        "Outcome": "stack_events",
        "Plan": "plan",
        "Request": "deployer",
        "Result": "deployer",
        "check_tree": "preflight",
        "default_bucket_name": "artifact_bucket",
        "describe_result": "formats",
        "discard_change_set": "change_sets",
        "ensure_bucket": "artifact_bucket",
        "execute": "execution",
        "find_losses": "plan",
        "find_parameters": "parameters",
        "find_remedy": "execution",
        "find_removal": "deletion",
        "find_settled": "execution",
        "follow": "stack_events",
        "format_failure": "formats",
        "format_losses": "formats",
        "format_outcome": "formats",
        "format_plan": "formats",
        "list_missing": "uploads",
        "make_change_set": "change_sets",
        "make_plan": "plan",
        "reject_losses": "plan",
        "reject_overtaken": "change_sets",
        "reject_state": "execution",
        "remove": "deletion",
        "upload_missing": "uploads",
    },
)
