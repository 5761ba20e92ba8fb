"""The policy of a state machine's role, derived from its definition.

Exactly what the definition needs, each statement with its reasons. Names are CloudFormation's:
`${AWS::Region}` and the like, the definition's own substitutions as they stand, and
`${StateMachineName}` for the machine itself where it calls itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from carnation.asl import walk_states
from carnation.cloudformation.substitutions import fill_substitutions
from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.calls import list_task_needs
from carnation.permissions.maps import is_distributed, list_map_needs
from carnation.permissions.objects import open_directory
from carnation.permissions.required import (
    Condition,
    RequiredAction,
    Target,
    own_arn,
    require,
    to_arn,
    when,
)
from carnation.permissions.spelling import Match, compare_arns
from carnation.records import NamedTuple

# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
LOG_DELIVERY = (
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
    "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
)  # fmt: skip
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
TRACING = (
    "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)  # fmt: skip


class Statement(NamedTuple):
    """A statement that allows `actions` on `resources`, with the needs that it is there for."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Condition
    needs: tuple[RequiredAction, ...]

    @property
    def sid(self) -> str:
        """Name the statement by what it is for, or by its first action."""
        return self.needs[0].sid or self.actions[0].partition(":")[2].replace("*", "Any")

    @property
    def long_sid(self) -> str:
        """Name the statement by its service, too."""
        return f"{self.actions[0].partition(':')[0].title().replace('-', '')}{self.sid}"

    def as_document(self) -> dict[str, Json]:
        """Write it as IAM reads it."""
        document: dict[str, Json] = {"Effect": "Allow", "Action": list(self.actions)}
        document["Resource"] = list(self.resources)
        for operator, key, values in self.condition:
            tests = document.setdefault("Condition", {}).setdefault(operator, {})
            tests[key] = list(values) if len(values) > 1 else values[0]
        return document


class MachineSettings(NamedTuple):
    """What a definition does not say: whether its machine logs, traces, and has a key.

    `key` is the ARN of the key; `sealed` names what else it encrypts: services (`sqs`), whose
    resources it does, and other state machines, by ARN.
    """

    logs: bool = False
    traces: bool = False
    key: str = ""
    sealed: tuple[str, ...] = ()


_OWN = own_arn("stateMachine")
_BOTH = ("kms:Decrypt", "kms:GenerateDataKey")
_ENCRYPTING: Mapping[str, tuple[str, ...]] = {
    "dynamodb": (),
    "s3": ("s3:PutObject",),
    "secretsmanager": ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret"),
    "sns": ("sns:Publish",),
    "sqs": ("sqs:SendMessage",),
}
"""The actions for which a caller needs a new data key; for all others the key decrypts."""


def derive_needs(
    definition: Mapping[str, Json],
    machine: MachineSettings | None = None,
    known: Mapping[str, str] | None = None,
) -> list[RequiredAction]:
    """Derive what the role of a definition needs, in the order of its states.

    `known` gives what substitutions represent, by name: the ARN of a queue (where its URL is taken)
    or of a function, the name of a table or bucket. A `*` in one is a pattern.

    >>> task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    >>> task["Parameters"] = {"QueueUrl": "${JobsUrl}", "MessageBody": "Go"}
    >>> [need[:3] for need in derive_needs({"States": {"Put": task}})]
    [('sqs:SendMessage', '${JobsArn}', 'Put')]
    """
    needs: list[RequiredAction] = []
    for place in walk_states(fill_substitutions(definition, known) if known else definition):
        if place.type == "Map" and is_distributed(place.body):
            needs += list_map_needs(place.name, place.body)
        elif place.body.get("Type", "Task") == "Task":
            needs += list_task_needs(place.name, place.body)
    needs = [open_directory(need) for need in needs]
    return list(dict.fromkeys([*needs, *_list_machine_needs(machine or MachineSettings(), needs)]))


def _list_machine_needs(
    machine: MachineSettings, needs: Collection[RequiredAction]
) -> Iterator[RequiredAction]:
    """Yield what the machine itself needs: its logs, its traces, its key.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    for sealed in machine.sealed if machine.key else ():
        same = [need for need in needs if _is_about(need, sealed)]
        if same:
            yield from _use_key(machine.key, sealed, {need.action for need in same})
    if machine.key:
        starts_itself = any(need.resource == _OWN for need in needs)
        context = _in_context(_OWN, f"{_OWN}/*") if starts_itself else _in_context(_OWN)
        for action in _BOTH:
            need = require(action, Target(machine.key), "", "encrypts its executions", context)
            yield need._replace(sid="EncryptExecutions")
    if machine.key and machine.logs:
        context = when("StringEquals", "kms:EncryptionContext:SourceArn", to_arn("logs", "*"))
        need = require("kms:GenerateDataKey", Target(machine.key), "", "encrypts its logs", context)
        yield need._replace(sid="EncryptLogs")
    for action in LOG_DELIVERY if machine.logs else ():
        need = require(action, Target("*"), "", "delivers the logs; IAM knows nothing narrower")
        yield need._replace(sid="DeliverLogs")
    for action in TRACING if machine.traces else ():
        need = require(action, Target("*"), "", "traces; IAM knows nothing narrower")
        yield need._replace(sid="Trace")


def _is_about(need: RequiredAction, sealed: str) -> bool:
    if sealed.startswith("arn:"):
        return need.resource == sealed or need.resource.startswith(f"{sealed}:")
    return need.action.startswith(f"{sealed}:")


def _in_context(*machines: str) -> Condition:
    """Write in which context a state machine encrypts; a Map's executions have the Map's label."""
    operator = "StringLike" if len(machines) > 1 else "StringEquals"
    return when(operator, "kms:EncryptionContext:aws:states:stateMachineArn", *machines)


def _use_key(key: str, sealed: str, actions: Collection[str]) -> Iterator[RequiredAction]:
    """Yield what the key behind a service's resources, or behind a child's executions, takes.

    A service uses the key for its caller, and it is allowed through that service alone; Step
    Functions does in the child's context.
    """
    encrypting = _ENCRYPTING.get(sealed, actions)
    if sealed.startswith("arn:"):
        condition, why, sid = _in_context(sealed), "the child is encrypted", "EncryptChildren"
    else:
        through = f"{sealed}.${{AWS::Region}}.${{AWS::URLSuffix}}"
        condition = when("StringEquals", "kms:ViaService", through)
        why, sid = f"{sealed} is encrypted", f"UseKeyThrough{sealed.title()}"
    for action in _BOTH if set(actions).intersection(encrypting) else _BOTH[:1]:
        yield require(action, Target(key), "", why, condition)._replace(sid=sid)


def derive_policy(
    definition: Mapping[str, Json],
    machine: MachineSettings | None = None,
    known: Mapping[str, str] | None = None,
) -> list[Statement]:
    """Derive the statements of a definition's role; what shares resources shares a statement.

    >>> task = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem"}
    >>> task["Parameters"] = {"TableName": "events", "Item": {}}
    >>> for statement in derive_policy({"States": {"Write": task}}):
    ...     print(statement.actions, statement.resources[0].rpartition(":")[2])
    ('dynamodb:PutItem',) table/events
    """
    return group_needs(derive_needs(definition, machine, known))


def group_needs(needs: Iterable[RequiredAction]) -> list[Statement]:
    """Group needs: an action's resources together, then the actions of a service that share all.

    A resource that another one takes in is left out, and so is a condition on what is allowed
    without one.
    """
    by_action: dict[tuple[str, Condition], list[RequiredAction]] = {}
    for need in needs:
        by_action.setdefault((need.action, need.condition), []).append(need)
    by_resource: dict[tuple[str, Condition, tuple[str, ...]], list[RequiredAction]] = {}
    for (action, condition), same in by_action.items():
        free = [
            one.resource
            for (other, wider), others in by_action.items()
            if other == action and _is_wider(wider, condition)
            for one in others
        ]
        resources = _drop_covered({need.resource for need in same}, free, action)
        service = action.partition(":")[0]
        if resources:
            by_resource.setdefault((service, condition, resources), []).extend(same)
    return [
        Statement(tuple(sorted({need.action for need in same})), resources, condition, tuple(same))
        for (_, condition, resources), same in by_resource.items()
    ]


def _is_wider(wide: Condition, narrow: Condition) -> bool:
    """Return whether one condition holds wherever another one does, and elsewhere, too."""
    if wide == narrow:
        return False
    known = {(operator, key): values for operator, key, values in narrow}
    return all(
        set(known.get((operator, key), ("",))) <= set(values) for operator, key, values in wide
    )


def _drop_covered(
    resources: Collection[str], free: Collection[str], action: str
) -> tuple[str, ...]:
    """Drop what another resource takes in, in these very words."""
    left = sorted(resources)
    begins = {text: _SPECIAL.split(text, maxsplit=1)[0] for text in {*resources, *free}}
    for one in sorted(resources):
        # most do not even begin alike, and comparing ARNs takes its time
        others = [
            other
            for other in (*free, *left)
            if begins[one].startswith(begins[other]) or begins[other].startswith(begins[one])
        ]
        if any(_takes_in(other, one, action) for other in others if other != one or one in free):
            left.remove(one)
    return tuple(left)


_SPECIAL = compile_lazily(r"[*?$]")


def _takes_in(wide: str, narrow: str, action: str) -> bool:
    if "*" not in wide:
        return wide == narrow
    if action == "iam:PassRole":  # a role of another account cannot be passed
        return compare_arns(wide, narrow) >= Match.THERE
    fixed = [re.sub(r"\$\{AWS::(\w+)\}", r"=\1=", text) for text in (wide, narrow)]
    return compare_arns(*fixed) is Match.COVERS


def render_policy(statements: Iterable[Statement]) -> dict[str, Json]:
    """Write statements as the policy document that IAM reads."""
    documents = []
    sids: set[str] = set()
    for statement in statements:
        sid = statement.sid if statement.sid not in sids else statement.long_sid
        while sid in sids:
            sid += "Too"
        sids.add(sid)
        documents.append({"Sid": sid, **statement.as_document()})
    return {"Version": "2012-10-17", "Statement": documents}


def find_needed_actions(definition: Mapping[str, Json]) -> dict[str, list[str]]:
    """Return the actions that a definition needs, each with the names of the states that do.

    >>> task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    >>> find_needed_actions({"States": {"Put": task}})
    {'sqs:SendMessage': ['Put']}
    """
    found: dict[str, dict[str, None]] = {}
    for need in derive_needs(definition):
        found.setdefault(need.action, {})[need.state] = None
    return {action: list(states) for action, states in found.items()}
