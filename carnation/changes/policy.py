"""The policy: how much each kind of change matters, whom it concerns, and why.

The table is the whole of it; `docs/changes.md` shows it to readers, and a test keeps the two alike.
An impact is an ordered scale, and of several changes the worst counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

COSMETIC, BEHAVIOURAL, BREAKING, DANGEROUS = "cosmetic", "behavioural", "breaking", "dangerous"
IMPACTS = (COSMETIC, BEHAVIOURAL, BREAKING, DANGEROUS)
"""The scale, the mildest first."""

DEFINITION, PERMISSIONS, RESOURCES, CODE = "definition", "permissions", "resources", "code"
FINDINGS = "findings"
FAMILIES = (PERMISSIONS, FINDINGS, DEFINITION, RESOURCES, CODE)
"""What a change is about, in the order in which reviewers should read."""


class Kind(NamedTuple):
    """A row of the policy: whom it concerns (callers, watchers, executions in flight, data)."""

    slug: str
    family: str
    impact: str
    concerns: str
    reason: str


_READERS, _CALLERS, _WATCHERS = "readers", "callers", "watchers"
_FLIGHT, _DATA, _OWNERS = "in flight", "data", "owners"

_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    # noise
    ("comment-changed", DEFINITION, COSMETIC, _READERS, "a Comment does nothing"),
    ("order-changed", DEFINITION, COSMETIC, _READERS, "the order of keys means nothing in JSON"),
    ("layout-changed", DEFINITION, COSMETIC, _READERS, "white space, and how a value is spelled"),
    ("processor-respelled", DEFINITION, COSMETIC, _READERS, "old names of a Map's fields"),
    ("choice-respelled", DEFINITION, COSMETIC, _READERS, "the opposite rule, its ways swapped"),
    # the graph
    ("state-added", DEFINITION, BEHAVIOURAL, _WATCHERS, "an execution may do more than before"),
    ("state-removed", DEFINITION, BREAKING, _WATCHERS, "what names it no longer finds it"),
    ("state-renamed", DEFINITION, BREAKING, _WATCHERS, "histories, alarms and queries name it"),
    ("state-moved", DEFINITION, BREAKING, _WATCHERS, "it runs in another scope, on other input"),
    ("type-changed", DEFINITION, BREAKING, _WATCHERS, "its history events are of another type"),
    ("start-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "another state reads the input"),
    ("transition-added", DEFINITION, BEHAVIOURAL, _CALLERS, "an execution may take a new way"),
    ("transition-removed", DEFINITION, BEHAVIOURAL, _CALLERS, "executions no longer go this way"),
    ("transition-retargeted", DEFINITION, BEHAVIOURAL, _CALLERS, "executions go on elsewhere"),
    ("state-unreachable", DEFINITION, BREAKING, _WATCHERS, "as good as removed"),
    ("cycle-added", DEFINITION, BREAKING, _CALLERS, "an execution may go round until a limit"),
    ("cycle-removed", DEFINITION, BEHAVIOURAL, _CALLERS, "nothing is tried again this way"),
    ("choice-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "other input takes this way"),
    ("choice-inverted", DEFINITION, BREAKING, _CALLERS, "what went one way goes the other way"),
    ("branch-added", DEFINITION, BREAKING, _CALLERS, "the output, a list, has one item more"),
    ("branch-removed", DEFINITION, BREAKING, _CALLERS, "the output, a list, has one item less"),
    ("branches-reordered", DEFINITION, BREAKING, _CALLERS, "the items of the output swap places"),
    ("mode-changed", DEFINITION, BREAKING, _WATCHERS, "items run as executions of their own"),
    # a state
    ("action-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "the task calls another API"),
    ("pattern-changed", DEFINITION, BREAKING, _CALLERS, "it waits for something else"),
    ("target-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "the same API of another resource"),
    ("timeout-added", DEFINITION, BREAKING, _CALLERS, "what took longer now fails"),
    ("timeout-lowered", DEFINITION, BREAKING, _CALLERS, "what took longer now fails"),
    ("timeout-raised", DEFINITION, BEHAVIOURAL, _CALLERS, "a task that hangs is noticed later"),
    ("timeout-removed", DEFINITION, BREAKING, _CALLERS, "a task that hangs is not noticed"),
    ("wait-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "a run, or its round, takes another time"),
    ("retry-added", DEFINITION, BEHAVIOURAL, _CALLERS, "an error may pass, and takes longer"),
    ("retry-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "other waits, other errors"),
    ("retry-removed", DEFINITION, BREAKING, _CALLERS, "a fault that passes now is an error"),
    ("catch-added", DEFINITION, BEHAVIOURAL, _CALLERS, "an error is dealt with"),
    ("catch-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "an error is dealt with in another way"),
    ("catch-removed", DEFINITION, BREAKING, _CALLERS, "an error now ends the execution"),
    ("catch-loses-input", DEFINITION, DANGEROUS, _DATA, "after an error the input is lost"),
    ("catch-keeps-input", DEFINITION, BEHAVIOURAL, _DATA, "after an error the input is there"),
    ("tolerance-raised", DEFINITION, DANGEROUS, _DATA, "more items fail, and nobody is told"),
    ("tolerance-lowered", DEFINITION, BREAKING, _CALLERS, "a Map that succeeded now fails"),
    ("concurrency-raised", DEFINITION, BEHAVIOURAL, _OWNERS, "more load on what it calls"),
    ("concurrency-unbounded", DEFINITION, BREAKING, _OWNERS, "as much load as there are items"),
    ("concurrency-lowered", DEFINITION, BEHAVIOURAL, _CALLERS, "a Map takes longer"),
    ("input-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "a state works on other input"),
    ("output-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "later states see other data"),
    ("input-lost", DEFINITION, DANGEROUS, _DATA, "later states no longer have the input"),
    ("path-lost", DEFINITION, DANGEROUS, _DATA, "who reads it fails, or finds nothing"),
    ("path-overwritten", DEFINITION, DANGEROUS, _DATA, "who reads it gets another value"),
    ("group-missing", DEFINITION, DANGEROUS, _CALLERS, "AWS refuses the message: the task fails"),
    ("result-changed", DEFINITION, BREAKING, _CALLERS, "the execution's output is another"),
    ("variable-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "later states see another variable"),
    ("expression-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "a value is computed in another way"),
    ("language-changed", DEFINITION, BREAKING, _CALLERS, "every expression is read again"),
    ("error-changed", DEFINITION, BREAKING, _CALLERS, "callers and alarms know errors by name"),
    ("cause-changed", DEFINITION, BEHAVIOURAL, _READERS, "the error's explanation is another"),
    ("field-changed", DEFINITION, BEHAVIOURAL, _CALLERS, "nothing more is known of this field"),
    # what the workflow declares
    ("declared-input-narrowed", DEFINITION, BREAKING, _CALLERS, "right input may now be wrong"),
    ("declared-input-widened", DEFINITION, BEHAVIOURAL, _CALLERS, "more input is right than was"),
    ("declared-output-narrowed", DEFINITION, BEHAVIOURAL, _CALLERS, "more is promised than was"),
    ("declared-output-widened", DEFINITION, BREAKING, _CALLERS, "readers may meet what never was"),
    ("declaration-added", DEFINITION, BEHAVIOURAL, _CALLERS, "what was left open is promised"),
    ("declaration-changed", DEFINITION, BEHAVIOURAL, _READERS, "checks go by another shape"),
    ("workflow-added", DEFINITION, BEHAVIOURAL, _OWNERS, "there is one more"),
    ("workflow-removed", DEFINITION, BREAKING, _CALLERS, "nobody can start it any more"),
    # what the lint finds in the new side, and did not find in the old one
    ("finding-refused", FINDINGS, DANGEROUS, _OWNERS, "AWS refuses it: nothing is deployed"),
    ("finding-fails", FINDINGS, DANGEROUS, _CALLERS, "every execution that comes there fails"),
    ("finding-added", FINDINGS, BREAKING, _OWNERS, "the lint warns of it, and did not before"),
    # permissions
    ("permission-broadened", PERMISSIONS, BREAKING, _OWNERS, "a role may do what it could not"),
    ("permission-wildcard", PERMISSIONS, DANGEROUS, _OWNERS, "a role may do what nobody listed"),
    ("permission-narrowed", PERMISSIONS, BREAKING, _FLIGHT, "who relied on it is refused"),
    ("action-lost", PERMISSIONS, DANGEROUS, _FLIGHT, "whatever comes there is refused, and fails"),
    ("trust-broadened", PERMISSIONS, DANGEROUS, _OWNERS, "someone else may become this role"),
    ("trust-narrowed", PERMISSIONS, BREAKING, _OWNERS, "someone may no longer become this role"),
    ("access-broadened", PERMISSIONS, DANGEROUS, _DATA, "someone else reaches the resource"),
    ("access-narrowed", PERMISSIONS, BREAKING, _OWNERS, "someone no longer reaches the resource"),
    ("boundary-removed", PERMISSIONS, DANGEROUS, _OWNERS, "nothing bounds the role any more"),
    ("boundary-changed", PERMISSIONS, BREAKING, _OWNERS, "something else bounds the role"),
    ("credentials-changed", PERMISSIONS, DANGEROUS, _OWNERS, "a task acts as another role"),
    ("role-changed", PERMISSIONS, BREAKING, _FLIGHT, "executions in flight get it at once"),
    # resources
    ("resource-added", RESOURCES, BEHAVIOURAL, _OWNERS, "there is one more"),
    ("resource-removed", RESOURCES, BREAKING, _OWNERS, "its users no longer can"),
    ("resource-replaced", RESOURCES, BREAKING, _OWNERS, "a new one, with a new identity"),
    ("resource-may-be-replaced", RESOURCES, BREAKING, _OWNERS, "AWS decides by the values"),
    ("resource-moved", RESOURCES, BREAKING, _OWNERS, "for CloudFormation a new one"),
    ("data-removed", RESOURCES, DANGEROUS, _DATA, "the data goes with the resource"),
    ("data-orphaned", RESOURCES, BREAKING, _DATA, "the data is kept, and no stack knows of it"),
    ("data-replaced", RESOURCES, DANGEROUS, _DATA, "the new resource is empty"),
    ("data-may-be-replaced", RESOURCES, DANGEROUS, _DATA, "a new one would be empty"),
    ("retention-weakened", RESOURCES, DANGEROUS, _DATA, "the next removal takes the data along"),
    ("retention-strengthened", RESOURCES, BEHAVIOURAL, _DATA, "a removal leaves the data"),
    ("protection-removed", RESOURCES, DANGEROUS, _DATA, "nothing stops a deletion"),
    ("retention-shortened", RESOURCES, DANGEROUS, _DATA, "data is deleted sooner than before"),
    ("backup-removed", RESOURCES, DANGEROUS, _DATA, "what is overwritten or lost stays lost"),
    ("property-interrupts", RESOURCES, BREAKING, _OWNERS, "not available while it is updated"),
    ("property-changed", RESOURCES, BEHAVIOURAL, _OWNERS, "updated where it is"),
    ("attribute-changed", RESOURCES, BEHAVIOURAL, _OWNERS, "when and how it is made"),
    ("metadata-changed", RESOURCES, COSMETIC, _READERS, "descriptions and metadata do nothing"),
    ("parameter-added", RESOURCES, BEHAVIOURAL, _OWNERS, "it has a default"),
    ("parameter-required", RESOURCES, BREAKING, _OWNERS, "deployments have to give it"),
    ("parameter-removed", RESOURCES, BREAKING, _OWNERS, "deployments that give it fail"),
    ("parameter-changed", RESOURCES, BEHAVIOURAL, _OWNERS, "another default, other values allowed"),
    ("output-added", RESOURCES, BEHAVIOURAL, _OWNERS, "there is one more to read"),
    ("stack-output-changed", RESOURCES, BEHAVIOURAL, _OWNERS, "its readers get another value"),
    ("output-removed", RESOURCES, BREAKING, _OWNERS, "its readers find nothing"),
    ("export-removed", RESOURCES, DANGEROUS, _OWNERS, "refused while another stack imports it"),
    ("export-changed", RESOURCES, BREAKING, _OWNERS, "refused while another stack imports it"),
    ("condition-changed", RESOURCES, BEHAVIOURAL, _OWNERS, "other resources may exist"),
    ("section-changed", RESOURCES, BEHAVIOURAL, _OWNERS, "resources may come out otherwise"),
    # code
    ("code-changed", CODE, BEHAVIOURAL, _CALLERS, "the function does something else"),
    ("code-changed-in-flight", CODE, BREAKING, _FLIGHT, "they get the new code at once"),
    ("code-unversioned", CODE, BREAKING, _FLIGHT, "one version number, two packages"),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {row[0]: Kind(*row) for row in _ROWS}
"""Every kind of change there is, by its slug."""


def find_worst(impacts: Iterable[str]) -> str:
    """Give the worst of some impacts; '' of none.

    >>> find_worst(["breaking", "cosmetic"])
    'breaking'
    """
    return max(impacts, key=IMPACTS.index, default="")
