"""What to do before a change is merged, by its kind: a row for all that is breaking or worse.

A kind that is not in the table asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = "change the alarms, queries and dashboards that name the old state"
_LIST = "change the code that reads the output by list index"
_CALLERS = "inform the callers and the readers of its output"
_BACKUP = "make a backup, or keep the data with DeletionPolicy and UpdateReplacePolicy: Retain"
_IMPORTS = "deploy first the stacks that import it"
_DEPLOYERS = "change the commands that deploy the stack"
_ROLE = "check that the role needs it, and no more"

ACTIONS: Mapping[str, str] = {
    "finding-refused": "fix it: AWS rejects this definition",
    "finding-fails": "fix it, or every execution fails there",
    "finding-added": "fix it, or suppress the finding with a reason",
    "state-removed": _NAMES,
    "state-renamed": _NAMES,
    "state-moved": _NAMES,
    "type-changed": _NAMES,
    "state-unreachable": "add a transition to it, or remove it",
    "cycle-added": "check that the loop ends: otherwise only the limit of 25,000 events ends it",
    "choice-inverted": "check that the two paths were meant to swap",
    "branch-added": _LIST,
    "branch-removed": _LIST,
    "branches-reordered": _LIST,
    "child-type-changed": "check that an item takes less than five minutes and may run twice, and "
    "where its log is, if it is EXPRESS",
    "mode-changed": "look for items in the Map Run and its child executions from now on",
    "pattern-changed": "check that the called service answers as this pattern expects",
    "target-changed": "check that the new target exists and is the right one",
    "timeout-added": "check that it never takes longer",
    "timeout-lowered": "check that it never takes longer",
    "timeout-removed": "restore a timeout, or detect a hanging task in another way",
    "retry-changed": "check that the fault is over within the new waits",
    "retry-removed": "restore the Retry, or accept that a transient fault is an error",
    "catch-removed": "restore the Catch, or accept that the error ends the execution",
    "catch-loses-input": "keep the input: set ResultPath, or use $states.input in Output",
    "input-lost": "keep the input: set ResultPath, or use $states.input in Output",
    "path-lost": "change its readers, or write the path again",
    "path-overwritten": "write it to another path, or change its readers",
    "group-missing": "add a MessageGroupId",
    "tolerance-raised": "decide who handles the items that fail",
    "tolerance-lowered": "check how many items usually fail",
    "concurrency-raised": "check that the called service can handle the load",
    "concurrency-unbounded": "set a limit, or check that the called service can handle any load",
    "result-changed": _CALLERS,
    "language-changed": "run it on real input, and compare the output",
    "error-changed": "change the callers and alarms that know the error by its name",
    "declared-input-narrowed": _CALLERS,
    "declared-output-widened": _CALLERS,
    "workflow-renamed": "give its callers the new ARN, and remove the stack of the old name",
    "workflow-removed": "stop what starts it",
    "permission-needed": "allow the role what it then needs",
    "permission-broadened": _ROLE,
    "permission-wildcard": "name the actions and resources in place of *",
    "permission-narrowed": "check that no one else uses the role for it",
    "action-lost": "restore the permission",
    "trust-broadened": "check who may assume this role now",
    "trust-narrowed": "check that no principal still needs this role",
    "access-broadened": "check who can access it now",
    "access-narrowed": "check that no principal still needs access",
    "boundary-removed": "restore the boundary",
    "boundary-changed": "check that the boundary allows the actions that the role needs",
    "credentials-changed": "check that the other role trusts this one, and allows the action",
    "role-changed": "check that the other role has the permissions that running executions need",
    "resource-removed": "check that nothing uses it",
    "resource-replaced": "change the code that uses the old name or ARN",
    "resource-may-be-replaced": "check in the change set whether it is replaced",
    "resource-moved": "change the code that uses the old name or ARN",
    "data-removed": _BACKUP,
    "data-orphaned": "note where the data is kept, and who deletes it",
    "data-replaced": _BACKUP,
    "data-may-be-replaced": _BACKUP,
    "retention-weakened": "restore the policy, unless the data may be deleted",
    "protection-removed": "restore the protection, unless the resource is to be deleted",
    "retention-shortened": "check that no one needs the older data",
    "backup-removed": "plan how to restore the data without it",
    "property-interrupts": "deploy it when it is not in use",
    "parameter-required": _DEPLOYERS,
    "parameter-removed": _DEPLOYERS,
    "output-removed": "change the readers of the output",
    "export-removed": _IMPORTS,
    "export-changed": _IMPORTS,
    "code-changed-in-flight": "check that the new code accepts the old input, or publish a version",
    "code-unversioned": "publish a version",
}
