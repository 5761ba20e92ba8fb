"""The policy: how much each kind of change matters, whom it concerns, and why.

The table is the whole of it; `docs/changes.md` shows it to readers, and a test keeps the two alike.
An impact is an ordered scale, and of several changes the worst counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carnation.records import NamedTuple

COSMETIC, BEHAVIORAL, BREAKING, DANGEROUS = "cosmetic", "behavioral", "breaking", "dangerous"
IMPACTS = (COSMETIC, BEHAVIORAL, BREAKING, DANGEROUS)
"""The scale, the mildest first."""

DEFINITION, PERMISSIONS, RESOURCES, CODE = "definition", "permissions", "resources", "code"
FINDINGS = "findings"
FAMILIES = (PERMISSIONS, FINDINGS, DEFINITION, RESOURCES, CODE)
"""What a change is about, in the order in which reviewers should read."""


class Kind(NamedTuple):
    """A row of the policy: whom it concerns (callers, watchers, running executions, data)."""

    slug: str
    family: str
    impact: str
    concerns: str
    reason: str


_READERS, _CALLERS, _WATCHERS = "readers", "callers", "watchers"
_FLIGHT, _DATA, _OWNERS = "in flight", "data", "owners"

_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    # noise
    ("comment-changed", DEFINITION, COSMETIC, _READERS, "a Comment has no effect"),
    ("order-changed", DEFINITION, COSMETIC, _READERS, "JSON ignores the order of keys"),
    ("layout-changed", DEFINITION, COSMETIC, _READERS, "white space, or notation of a value"),
    ("processor-respelled", DEFINITION, COSMETIC, _READERS, "old names of a Map's fields"),
    ("choice-respelled", DEFINITION, COSMETIC, _READERS, "the opposite rule, its ways swapped"),
    # the graph
    ("state-added", DEFINITION, BEHAVIORAL, _WATCHERS, "an execution may do more than before"),
    ("state-removed", DEFINITION, BREAKING, _WATCHERS, "references to its name break"),
    ("state-renamed", DEFINITION, BREAKING, _WATCHERS, "alarms and queries refer to its name"),
    ("state-moved", DEFINITION, BREAKING, _WATCHERS, "it runs in another scope, on other input"),
    ("type-changed", DEFINITION, BREAKING, _WATCHERS, "its history events are of another type"),
    ("start-changed", DEFINITION, BEHAVIORAL, _CALLERS, "another state reads the input"),
    ("transition-added", DEFINITION, BEHAVIORAL, _CALLERS, "an execution may take a new path"),
    ("transition-removed", DEFINITION, BEHAVIORAL, _CALLERS, "executions no longer take it"),
    ("transition-retargeted", DEFINITION, BEHAVIORAL, _CALLERS, "another state comes next"),
    ("state-unreachable", DEFINITION, BREAKING, _WATCHERS, "as good as removed"),
    ("cycle-added", DEFINITION, BREAKING, _CALLERS, "an execution may loop up to a limit"),
    ("cycle-removed", DEFINITION, BEHAVIORAL, _CALLERS, "the loop was removed"),
    ("choice-changed", DEFINITION, BEHAVIORAL, _CALLERS, "other input takes this path"),
    ("choice-inverted", DEFINITION, BREAKING, _CALLERS, "each path now gets what the other got"),
    ("branch-added", DEFINITION, BREAKING, _CALLERS, "the output, a list, has one more item"),
    ("branch-removed", DEFINITION, BREAKING, _CALLERS, "the output, a list, has one item fewer"),
    ("branches-reordered", DEFINITION, BREAKING, _CALLERS, "the items of the output swap places"),
    ("child-type-changed", DEFINITION, BREAKING, _WATCHERS, "EXPRESS keeps no history"),
    ("mode-changed", DEFINITION, BREAKING, _WATCHERS, "items run as separate executions"),
    # a state
    ("action-changed", DEFINITION, BEHAVIORAL, _CALLERS, "the task calls another API"),
    ("pattern-changed", DEFINITION, BREAKING, _CALLERS, "it waits for something else"),
    ("target-changed", DEFINITION, BEHAVIORAL, _CALLERS, "the same API of another resource"),
    ("timeout-added", DEFINITION, BREAKING, _CALLERS, "longer runs now fail"),
    ("timeout-lowered", DEFINITION, BREAKING, _CALLERS, "longer runs now fail"),
    ("timeout-raised", DEFINITION, BEHAVIORAL, _CALLERS, "a task that hangs is noticed later"),
    ("timeout-removed", DEFINITION, BREAKING, _CALLERS, "a task that hangs is not noticed"),
    ("wait-changed", DEFINITION, BEHAVIORAL, _CALLERS, "the duration changes"),
    ("retry-added", DEFINITION, BEHAVIORAL, _CALLERS, "an error is retried, which takes time"),
    ("retry-changed", DEFINITION, BEHAVIORAL, _CALLERS, "the waits or the errors differ"),
    ("retry-removed", DEFINITION, BREAKING, _CALLERS, "a transient fault is now an error"),
    ("catch-added", DEFINITION, BEHAVIORAL, _CALLERS, "an error is handled"),
    ("catch-changed", DEFINITION, BEHAVIORAL, _CALLERS, "an error is handled differently"),
    ("catch-removed", DEFINITION, BREAKING, _CALLERS, "an error now ends the execution"),
    ("catch-loses-input", DEFINITION, DANGEROUS, _DATA, "after an error the input is lost"),
    ("catch-keeps-input", DEFINITION, BEHAVIORAL, _DATA, "after an error the input is kept"),
    ("tolerance-raised", DEFINITION, DANGEROUS, _DATA, "more items fail without an error"),
    ("tolerance-lowered", DEFINITION, BREAKING, _CALLERS, "a Map that succeeded now fails"),
    ("concurrency-raised", DEFINITION, BEHAVIORAL, _OWNERS, "more load on the called service"),
    ("concurrency-unbounded", DEFINITION, BREAKING, _OWNERS, "as much load as there are items"),
    ("concurrency-lowered", DEFINITION, BEHAVIORAL, _CALLERS, "a Map takes longer"),
    ("input-changed", DEFINITION, BEHAVIORAL, _CALLERS, "a state receives other input"),
    ("output-changed", DEFINITION, BEHAVIORAL, _CALLERS, "later states see other data"),
    ("input-lost", DEFINITION, DANGEROUS, _DATA, "later states no longer have the input"),
    ("path-lost", DEFINITION, DANGEROUS, _DATA, "its readers fail, or get nothing"),
    ("path-overwritten", DEFINITION, DANGEROUS, _DATA, "its readers get another value"),
    ("group-missing", DEFINITION, DANGEROUS, _CALLERS, "AWS rejects it: the task fails"),
    ("result-changed", DEFINITION, BREAKING, _CALLERS, "the execution's output changes"),
    ("variable-changed", DEFINITION, BEHAVIORAL, _CALLERS, "later states see another value"),
    ("expression-changed", DEFINITION, BEHAVIORAL, _CALLERS, "a value is computed in another way"),
    ("language-changed", DEFINITION, BREAKING, _CALLERS, "expressions are read differently"),
    ("error-changed", DEFINITION, BREAKING, _CALLERS, "callers and alarms know errors by name"),
    ("cause-changed", DEFINITION, BEHAVIORAL, _READERS, "the error's explanation changes"),
    ("field-changed", DEFINITION, BEHAVIORAL, _CALLERS, "the effect of this field is unknown"),
    # what the workflow declares
    ("declared-input-narrowed", DEFINITION, BREAKING, _CALLERS, "valid input may be invalid"),
    ("declared-input-widened", DEFINITION, BEHAVIORAL, _CALLERS, "more input is valid now"),
    ("declared-output-narrowed", DEFINITION, BEHAVIORAL, _CALLERS, "more is guaranteed now"),
    ("declared-output-widened", DEFINITION, BREAKING, _CALLERS, "readers may get new values"),
    ("declaration-added", DEFINITION, BEHAVIORAL, _CALLERS, "the shape is declared now"),
    ("declaration-changed", DEFINITION, BEHAVIORAL, _READERS, "checks use another schema"),
    ("workflow-added", DEFINITION, BEHAVIORAL, _OWNERS, "one more"),
    ("workflow-renamed", DEFINITION, BREAKING, _CALLERS, "its stack and its ARN get other names"),
    ("workflow-removed", DEFINITION, BREAKING, _CALLERS, "it can no longer be started"),
    # what the lint finds in the new side, and did not find in the old one
    ("finding-refused", FINDINGS, DANGEROUS, _OWNERS, "AWS rejects it: nothing is deployed"),
    ("finding-fails", FINDINGS, DANGEROUS, _CALLERS, "executions that reach it fail"),
    ("finding-added", FINDINGS, BREAKING, _OWNERS, "the lint did not report it before"),
    # permissions
    ("permission-needed", PERMISSIONS, BEHAVIORAL, _OWNERS, "a role without it is denied"),
    ("permission-broadened", PERMISSIONS, BREAKING, _OWNERS, "a role gets more permissions"),
    ("permission-wildcard", PERMISSIONS, DANGEROUS, _OWNERS, "a role gets unlisted permissions"),
    ("permission-narrowed", PERMISSIONS, BREAKING, _FLIGHT, "calls that relied on it are denied"),
    ("action-lost", PERMISSIONS, DANGEROUS, _FLIGHT, "calls of this action fail"),
    ("trust-broadened", PERMISSIONS, DANGEROUS, _OWNERS, "others may assume it"),
    ("trust-narrowed", PERMISSIONS, BREAKING, _OWNERS, "some may no longer assume it"),
    ("access-broadened", PERMISSIONS, DANGEROUS, _DATA, "others can access it"),
    ("access-narrowed", PERMISSIONS, BREAKING, _OWNERS, "some can no longer access it"),
    ("boundary-removed", PERMISSIONS, DANGEROUS, _OWNERS, "no boundary limits it"),
    ("boundary-changed", PERMISSIONS, BREAKING, _OWNERS, "another boundary limits it"),
    ("credentials-changed", PERMISSIONS, DANGEROUS, _OWNERS, "a task acts as another role"),
    ("role-changed", PERMISSIONS, BREAKING, _FLIGHT, "running executions use it, too"),
    # resources
    ("resource-added", RESOURCES, BEHAVIORAL, _OWNERS, "one more"),
    ("resource-removed", RESOURCES, BREAKING, _OWNERS, "its users can no longer use it"),
    ("resource-replaced", RESOURCES, BREAKING, _OWNERS, "a new resource and identity"),
    ("resource-may-be-replaced", RESOURCES, BREAKING, _OWNERS, "AWS decides by the values"),
    ("resource-moved", RESOURCES, BREAKING, _OWNERS, "CloudFormation creates a new resource"),
    ("data-removed", RESOURCES, DANGEROUS, _DATA, "the data is deleted with the resource"),
    ("data-orphaned", RESOURCES, BREAKING, _DATA, "the data is retained without a stack"),
    ("data-replaced", RESOURCES, DANGEROUS, _DATA, "the new resource is empty"),
    ("data-may-be-replaced", RESOURCES, DANGEROUS, _DATA, "a new resource would be empty"),
    ("retention-weakened", RESOURCES, DANGEROUS, _DATA, "a later removal deletes the data"),
    ("retention-strengthened", RESOURCES, BEHAVIORAL, _DATA, "a later removal keeps the data"),
    ("protection-removed", RESOURCES, DANGEROUS, _DATA, "deletion is no longer prevented"),
    ("retention-shortened", RESOURCES, DANGEROUS, _DATA, "data is deleted sooner than before"),
    ("backup-removed", RESOURCES, DANGEROUS, _DATA, "lost data cannot be restored"),
    ("property-interrupts", RESOURCES, BREAKING, _OWNERS, "not available during the update"),
    ("property-changed", RESOURCES, BEHAVIORAL, _OWNERS, "updated in place"),
    ("attribute-changed", RESOURCES, BEHAVIORAL, _OWNERS, "when and how it is created"),
    ("metadata-changed", RESOURCES, COSMETIC, _READERS, "metadata has no effect"),
    ("parameter-added", RESOURCES, BEHAVIORAL, _OWNERS, "it has a default"),
    ("parameter-required", RESOURCES, BREAKING, _OWNERS, "deployments must pass it"),
    ("parameter-removed", RESOURCES, BREAKING, _OWNERS, "deployments that pass it fail"),
    ("parameter-changed", RESOURCES, BEHAVIORAL, _OWNERS, "another default or other values"),
    ("output-added", RESOURCES, BEHAVIORAL, _OWNERS, "one more output"),
    ("stack-output-changed", RESOURCES, BEHAVIORAL, _OWNERS, "its readers get another value"),
    ("output-removed", RESOURCES, BREAKING, _OWNERS, "its readers no longer find it"),
    ("export-removed", RESOURCES, DANGEROUS, _OWNERS, "rejected while others import it"),
    ("export-changed", RESOURCES, BREAKING, _OWNERS, "rejected while others import it"),
    ("condition-changed", RESOURCES, BEHAVIORAL, _OWNERS, "other resources may exist"),
    ("section-changed", RESOURCES, BEHAVIORAL, _OWNERS, "resources may change"),
    # code
    ("code-changed", CODE, BEHAVIORAL, _CALLERS, "the function does something else"),
    ("code-changed-in-flight", CODE, BREAKING, _FLIGHT, "running executions use it"),
    ("code-unversioned", CODE, BREAKING, _FLIGHT, "one version number, two packages"),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {row[0]: Kind(*row) for row in _ROWS}
"""Every kind of change there is, by its slug."""


def find_worst(impacts: Iterable[str]) -> str:
    """Return the worst of some impacts; '' of none.

    >>> find_worst(["breaking", "cosmetic"])
    'breaking'
    """
    return max(impacts, key=IMPACTS.index, default="")
