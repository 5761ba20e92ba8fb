"""What to do before a change is merged, by its kind: a row for all that is breaking or worse.

A kind that is not in the table asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = "change the alarms, queries and dashboards that name the old state"
_LIST = "change what reads the output by its place in the list"
_CALLERS = "tell those who start it or read its output"
_BACKUP = "make a backup, or keep the data with DeletionPolicy and UpdateReplacePolicy: Retain"
_IMPORTS = "deploy first the stacks that import it"
_DEPLOYERS = "change what deploys the stack"
_ROLE = "see that the role needs it, and no more"

ACTIONS: Mapping[str, str] = {
    "finding-refused": "mend it: AWS takes no such definition",
    "finding-fails": "mend it, or every execution fails there",
    "finding-added": "mend it, or suppress the finding with a reason",
    "state-removed": _NAMES,
    "state-renamed": _NAMES,
    "state-moved": _NAMES,
    "type-changed": _NAMES,
    "state-unreachable": "give it a way in, or remove it",
    "cycle-added": "see that the loop ends: else only the limit of 25,000 events ends it",
    "choice-inverted": "see that the two ways were meant to swap",
    "branch-added": _LIST,
    "branch-removed": _LIST,
    "branches-reordered": _LIST,
    "mode-changed": "look for items in the Map's run and its child executions from now on",
    "pattern-changed": "see that the other side answers in the way that is now waited for",
    "target-changed": "see that what is now named exists, and is the right one",
    "timeout-added": "measure that it never takes longer",
    "timeout-lowered": "measure that it never takes longer",
    "timeout-removed": "put a timeout back, or see how a task that hangs is noticed",
    "retry-changed": "see that the fault passes within the new waits",
    "retry-removed": "put the Retry back, or accept that a passing fault is an error",
    "catch-removed": "put the Catch back, or accept that the error ends the execution",
    "catch-loses-input": "keep the input: ResultPath beside it, or $states.input in Output",
    "input-lost": "keep the input: ResultPath beside it, or $states.input in Output",
    "path-lost": "change its readers along, or write the path again",
    "path-overwritten": "write it to another path, or change its readers along",
    "group-missing": "give a MessageGroupId",
    "tolerance-raised": "say who looks after the items that fail",
    "tolerance-lowered": "measure how many items usually fail",
    "concurrency-raised": "see that what it calls stands the load",
    "concurrency-unbounded": "give it a limit, or see that what it calls stands any load",
    "result-changed": _CALLERS,
    "language-changed": "run it on real input, and compare the output",
    "error-changed": "change the callers and alarms that know the error by its name",
    "declared-input-narrowed": _CALLERS,
    "declared-output-widened": _CALLERS,
    "workflow-removed": "stop what starts it",
    "permission-broadened": _ROLE,
    "permission-wildcard": "name the actions and resources in place of *",
    "permission-narrowed": "see that nobody else uses the role for it",
    "action-lost": "give the permission back",
    "trust-broadened": "see who may become this role now",
    "trust-narrowed": "see that nobody still has to become this role",
    "access-broadened": "see who reaches it now",
    "access-narrowed": "see that nobody still has to reach it",
    "boundary-removed": "put the boundary back",
    "boundary-changed": "see that the boundary allows what the role needs",
    "credentials-changed": "see that the other role trusts this one, and may do what the task does",
    "role-changed": "see that the other role may do what running executions still need",
    "resource-removed": "see that nobody uses it",
    "resource-replaced": "change whoever knows the old name or ARN",
    "resource-may-be-replaced": "see in the change set whether it is replaced",
    "resource-moved": "change whoever knows the old name or ARN",
    "data-removed": _BACKUP,
    "data-orphaned": "write down where the data is kept, and who removes it",
    "data-replaced": _BACKUP,
    "data-may-be-replaced": _BACKUP,
    "retention-weakened": "put the policy back, unless the data may go",
    "protection-removed": "put the protection back, unless it is to be deleted",
    "retention-shortened": "see that nobody needs the older data",
    "backup-removed": "see how the data is brought back without it",
    "property-interrupts": "deploy it when nobody needs it",
    "parameter-required": _DEPLOYERS,
    "parameter-removed": _DEPLOYERS,
    "output-removed": "change whoever reads the output",
    "export-removed": _IMPORTS,
    "export-changed": _IMPORTS,
    "code-changed-in-flight": "see that the new code takes the old input, or publish a version",
    "code-unversioned": "publish a version",
}
