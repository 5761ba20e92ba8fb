"""Who may do what now, and could before: roles, trust, and the policies of resources.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from carnation.changes.records import MISSING, Change
from carnation.changes.wording import format_list, shorten
from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.permissions import Grant, covers, find_lost, read_policy
from carnation.permissions.grants import render_value
from carnation.records import NamedTuple

_TRUST = "AssumeRolePolicyDocument"
_ROLES = frozenset({"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"})
_IDENTITY = frozenset({"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy",
                       "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy"})  # fmt: skip
_MANAGED = "a managed policy"
_SAM = frozenset({"AWS::Serverless::Function", "AWS::Serverless::StateMachine"})
_UNBOUNDED = ("AdministratorAccess", "PowerUserAccess", "FullAccess")


class Principal(NamedTuple):
    """A resource that holds policies, with its pointer; `body` is {} where there is none."""

    body: Mapping[str, Json]
    pointer: str

    @property
    def properties(self) -> Mapping[str, Json]:
        """What is given to it."""
        given = self.body.get("Properties")
        return given if isinstance(given, Mapping) else {}


def is_policy(kind: str) -> bool:
    """Return whether a type of resource says what somebody may do, and not who may do it to it."""
    return kind in _ROLES or kind in _IDENTITY or kind in _SAM


def list_policy_fields(kind: str) -> tuple[str, ...]:
    """List the properties of a type of resource that say who may do what."""
    if kind in _ROLES:
        return (_TRUST, "Policies", "ManagedPolicyArns", "PermissionsBoundary")
    if kind in _IDENTITY:
        return ("PolicyDocument",)
    if kind in _SAM:
        return ("Policies", "PermissionsBoundary", _TRUST)
    return {
        "AWS::KMS::Key": ("KeyPolicy",),
        "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy",),
        "AWS::SQS::QueuePolicy": ("PolicyDocument",),
        "AWS::SNS::TopicPolicy": ("PolicyDocument",),
        "AWS::S3::BucketPolicy": ("PolicyDocument",),
        "AWS::SQS::QueueInlinePolicy": ("PolicyDocument",),
        "AWS::SNS::TopicInlinePolicy": ("PolicyDocument",),
        "AWS::Events::EventBusPolicy": ("Statement",),
        "AWS::Lambda::Permission": ("Action", "Principal", "FunctionName", "SourceArn",
                                    "SourceAccount", "PrincipalOrgID"),
    }.get(kind, ())  # fmt: skip


def read_grants(kind: str, holder: Principal) -> list[Grant]:
    """List what a resource's policies grant, but for a role's trust."""
    given, at = holder.properties, join_pointer(holder.pointer, "Properties")
    if kind == "AWS::Lambda::Permission":
        return _read_permission(given, at) if given else []
    found: list[Grant] = []
    for field in list_policy_fields(kind):
        value, place = given.get(field), join_pointer(at, field)
        if field == "Policies":
            single = isinstance(value, (str, Mapping))
            for index, entry in enumerate(value if isinstance(value, list) else [value]):
                inner = place if single else f"{place}/{index}"
                found += _read_entry(entry, inner, kind)
        elif field == "ManagedPolicyArns":
            for index, arn in enumerate(value if isinstance(value, list) else ()):
                name = render_value(arn)
                found.append(Grant("Allow", _MANAGED, name, "", "", f"{place}/{index}"))
        elif field == "Statement":
            found += read_policy({"Statement": value}, at)
        elif field not in (_TRUST, "PermissionsBoundary"):
            found += read_policy(value, place)
    return found


def _read_entry(entry: Json, pointer: str, kind: str) -> Iterator[Grant]:
    """Read one of the policies that are in a role, or in a resource of SAM.

    SAM takes statements without a name, names of managed policies, and its own templates.
    """
    if isinstance(entry, Mapping) and "PolicyDocument" in entry:
        yield from read_policy(entry["PolicyDocument"], f"{pointer}/PolicyDocument")
    elif kind not in _SAM or entry is None:
        return
    elif isinstance(entry, Mapping) and "Statement" in entry:
        yield from read_policy(entry, pointer)
    else:
        yield Grant("Allow", _MANAGED, render_value(entry), "", "", pointer)


def _read_permission(given: Mapping[str, Json], pointer: str) -> list[Grant]:
    """Read what lets somebody invoke a function: a policy of one statement, in other words."""
    limits = {key: given[key] for key in ("SourceArn", "SourceAccount", "PrincipalOrgID")
              if key in given}  # fmt: skip
    words = [render_value(given.get(key, "")) for key in ("Action", "FunctionName", "Principal")]
    condition = json.dumps(limits, sort_keys=True) if limits else ""
    return [Grant("Allow", words[0], words[1], words[2], condition, pointer)]


def find_permission_changes(
    subject: str, kind: str, old: Principal, new: Principal
) -> Iterator[Change]:
    """Yield what somebody may do now and could not, and the other way round."""
    before, after = read_grants(kind, old), read_grants(kind, new)
    stem = "permission" if is_policy(kind) else "access"
    yield from _compare_grants(subject, stem, before, after)
    if _TRUST in list_policy_fields(kind):
        trusted = [
            list(read_policy(side.properties.get(_TRUST), f"{side.pointer}/Properties/{_TRUST}"))
            for side in (old, new)
        ]
        yield from _compare_grants(subject, "trust", trusted[0], trusted[1])
        yield from _compare_boundary(subject, old, new)


def _compare_grants(
    subject: str, stem: str, before: list[Grant], after: list[Grant]
) -> Iterator[Change]:
    lost, gained = find_lost(before, after), find_lost(after, before)
    for grants, old in ((gained, False), (lost, True)):
        for group in _group(grants):
            change = _describe(subject, stem, group, old=old)
            dropped = "" if old else _find_dropped(group[0], before)
            sentence = f"{change.sentence}, no longer only if {shorten(dropped, 120)}"
            kept = _find_kept(group, after) if old else ""
            sentence = f"{change.sentence}{kept}" if kept else sentence
            yield change._replace(sentence=sentence) if dropped or kept else change


def _find_kept(lost: Sequence[Grant], after: Iterable[Grant]) -> str:
    """List the narrower grants that replace those that were lost."""
    left = [
        one for one in after
        if one.effect == "Allow" and any(covers(wide, one) for wide in lost)
    ]  # fmt: skip
    told = [f"{one.action} on {shorten(one.resource, 90)}" for one in left]
    return f"; what is left of it: {format_list(list(dict.fromkeys(told)), 3)}" if told else ""


def _find_dropped(grant: Grant, before: Iterable[Grant]) -> str:
    """Return the condition under which the same was allowed before; '' where it was not."""
    if grant.condition or grant.effect != "Allow":
        return ""
    same = (one for one in before if one[:4] == grant[:4] and one.condition)
    return next((one.condition for one in same), "")


def _group(grants: Iterable[Grant]) -> list[list[Grant]]:
    """Group grants by the statement that they are in, which is how people wrote them."""
    groups: dict[tuple[str, bool], list[Grant]] = {}
    for grant in grants:
        groups.setdefault((grant.pointer, grant.is_wide), []).append(grant)
    return list(groups.values())


def _describe(subject: str, stem: str, group: list[Grant], *, old: bool) -> Change:
    first = group[0]
    denied = first.effect == "Deny"
    broader = old == denied  # a grant is gained, or a denial is lost
    kind = f"{stem}-{'broadened' if broader else 'narrowed'}"
    unbounded = first.action == _MANAGED and first.resource.endswith(_UNBOUNDED)
    if kind == "permission-broadened" and (first.is_wide or unbounded) and not denied:
        kind = "permission-wildcard"
    value = [list(grant[:5]) for grant in group]
    sentence = _format_sentence(stem, group, old=old)
    if old:
        return Change(kind, first.pointer, subject, sentence, value, MISSING, old=True)
    return Change(kind, first.pointer, subject, sentence, MISSING, value)


def _format_sentence(stem: str, group: list[Grant], *, old: bool) -> str:
    first = group[0]
    actions = format_list(_unique(grant.action for grant in group), 6)
    resources = format_list([shorten(name, 90) for name in _unique(g.resource for g in group)], 3)
    who = format_list([shorten(name, 90) for name in _unique(g.principal for g in group)], 3)
    when = f", if {shorten(first.condition, 120)}" if first.condition else ""
    if first.effect == "Deny":
        verb = f"{actions} is {'no longer' if old else 'now'} denied"
    else:
        verb = f"is {'no longer' if old else 'now'} allowed {actions}"
    if stem == "trust":
        return f"{who} {verb}{when}"
    if first.action == _MANAGED:
        return f"{'no longer has' if old else 'now has'} {resources}"
    place = f" on {resources}" if resources else ""
    return f"{who} {verb}{place}{when}".lstrip()


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))


def _compare_boundary(subject: str, old: Principal, new: Principal) -> Iterator[Change]:
    field = "PermissionsBoundary"
    before, after = old.properties.get(field, MISSING), new.properties.get(field, MISSING)
    if before == after or not old.body:
        return
    pointer = f"{(old if after is MISSING else new).pointer}/Properties/{field}"
    if after is MISSING:
        sentence = f"{render_value(before)} bounds it no longer"
        yield Change("boundary-removed", pointer, subject, sentence, before, MISSING, old=True)
    else:
        sentence = f"is now bounded by {shorten(render_value(after))}"
        yield Change("boundary-changed", pointer, subject, sentence, before, after)
