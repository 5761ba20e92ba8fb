"""The resources of one template: what an update does to each, and what becomes of its data.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnation.changes.edits import find_edits
from carnation.changes.in_flight import find_lost_actions, is_for_states
from carnation.changes.permissions import (
    Principal,
    find_permission_changes,
    is_policy,
    list_policy_fields,
)
from carnation.changes.records import MISSING, Change, Edit, render_value
from carnation.changes.retention import find_retention_kind
from carnation.changes.wording import contrast
from carnation.document import split_pointer
from carnation.document.values import Json
from carnation.records import NamedTuple
from carnation.services.updates import INTERRUPTS, MAY_REPLACE, REPLACES, find_update, is_stateful

_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_VERSIONS = ("AWS::Lambda::Version", "AWS::StepFunctions::StateMachineVersion")
_MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_KEYED = frozenset({
    ("AWS::CloudFormation::Stack", "TemplateURL"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
    ("AWS::Serverless::StateMachine", "DefinitionUri"),
})  # fmt: skip
_PROTECTIONS = ("DeletionProtectionEnabled", "DeletionProtection", "EnableTerminationProtection")
_RETENTION = {"Delete": 0, "Snapshot": 1, "RetainExceptOnCreate": 2, "Retain": 2}
_KINDS = {REPLACES: "resource-replaced", MAY_REPLACE: "resource-may-be-replaced",
          INTERRUPTS: "property-interrupts"}  # fmt: skip
_DIGEST = re.compile(r"\.[0-9a-f]{16}(?=\.)")


class ResourceRef(NamedTuple):
    """A resource in a template: logical ID, body, and the pointer to it."""

    name: str
    body: Mapping[str, Json]
    pointer: str

    @property
    def kind(self) -> str:
        """The type of the resource."""
        return str(self.body.get("Type", ""))

    def keeps_data(self, field: str) -> bool:
        """Return whether a policy of the resource leaves its data, or a snapshot, behind."""
        return _RETENTION.get(str(self.body.get(field)), 0) > 0


Places = Mapping[str, ResourceRef]
Definitions = tuple[Sequence[Mapping[str, Json]], Sequence[Mapping[str, Json]]]
"""Those that running executions may have started with, and those of the new side."""


def find_resource_changes(
    way: str, old: Places, new: Places, definitions: Definitions
) -> Iterator[Change]:
    """Yield what has become of the resources of a template; `way` leads to its stack."""
    moved = _match_moved(old, new)
    for name, place in new.items():
        if name in old:
            yield from _compare_resource(way, old[name], place, (old, new), definitions)
        elif name in moved:
            yield _describe_moved(way, old[moved[name]], place)
        else:
            sentence = f"was added ({place.kind})"
            yield Change("resource-added", place.pointer, way + name, sentence, MISSING, place.body)
            nobody = Principal({}, place.pointer)
            yield from find_permission_changes(way + name, place.kind, nobody, _hold(place))
    for name, place in old.items():
        if name not in new and name not in moved.values():
            yield _describe_removed(way, place)
            gone = Principal({}, place.pointer)
            if _is_for_states(place, old):
                yield from find_lost_actions(
                    way + name, place.kind, _hold(place), gone, *definitions
                )


def _is_for_states(place: ResourceRef, places: Places) -> bool:
    if not is_policy(place.kind):
        return False
    return is_for_states(place.kind, place.body, {name: p.body for name, p in places.items()})


def _hold(place: ResourceRef) -> Principal:
    return Principal(place.body, place.pointer)


def _match_moved(old: Places, new: Places) -> dict[str, str]:
    """Match resources that only their logical IDs tell apart: new name to old name."""
    left = {render_value(place.body): name for name, place in old.items() if name not in new}
    return {
        name: left.pop(render_value(place.body))
        for name, place in new.items()
        if name not in old and render_value(place.body) in left
    }


def _describe_moved(way: str, old: ResourceRef, new: ResourceRef) -> Change:
    sentence = (
        f"was renamed from '{old.name}': CloudFormation creates a new one and removes the old one"
    )
    kind = "data-replaced" if is_stateful(new.kind) else "resource-moved"
    return Change(kind, new.pointer, way + new.name, sentence, old.name, new.name)


def _describe_removed(way: str, place: ResourceRef) -> Change:
    kind, sentence = "resource-removed", f"was removed ({place.kind})"
    if is_stateful(place.kind):
        kept = place.keeps_data("DeletionPolicy")
        kind = "data-orphaned" if kept else "data-removed"
        policy = place.body.get("DeletionPolicy", "none")
        word = "the data is kept" if kept else "and its data with it"
        sentence = f"{sentence}, {word} (DeletionPolicy: {policy})"
    return Change(kind, place.pointer, way + place.name, sentence, place.body, MISSING, old=True)


def _compare_resource(
    way: str, old: ResourceRef, new: ResourceRef, both: tuple[Places, Places],
    definitions: Definitions,
) -> Iterator[Change]:  # fmt: skip
    subject = way + new.name
    if old.kind != new.kind:
        kind = "data-replaced" if is_stateful(old.kind) else "resource-replaced"
        sentence = f"was a {old.kind} and is a {new.kind}"
        yield Change(kind, f"{new.pointer}/Type", subject, sentence, old.kind, new.kind)
    for field in dict.fromkeys([*new.body, *old.body]):
        if field in ("DeletionPolicy", "UpdateReplacePolicy"):
            yield from _compare_retention(subject, field, old, new)
        elif field not in ("Type", "Properties"):
            kind = "metadata-changed" if field == "Metadata" else "attribute-changed"
            for edit in _find_edits(old, new, field):
                sentence = f"{field}: {contrast(edit.before, edit.after)}"
                yield edit.describe(kind, subject, sentence)
    yield from _compare_properties(subject, old, new, both)
    if _is_for_states(old, both[0]):
        yield from find_lost_actions(subject, old.kind, _hold(old), _hold(new), *definitions)


def _find_edits(old: ResourceRef, new: ResourceRef, field: str) -> Iterator[Edit]:
    before, after = old.body.get(field, MISSING), new.body.get(field, MISSING)
    yield from find_edits(before, after, f"{old.pointer}/{field}", f"{new.pointer}/{field}")


def _compare_retention(
    subject: str, field: str, old: ResourceRef, new: ResourceRef
) -> Iterator[Change]:
    for edit in _find_edits(old, new, field):
        ranks = [_RETENTION.get(str(side.body.get(field)), 0) for side in (old, new)]
        kind = "retention-weakened" if ranks[1] < ranks[0] else "retention-strengthened"
        if not is_stateful(new.kind):
            kind = "attribute-changed"
        yield edit.describe(kind, subject, f"{field}: {contrast(edit.before, edit.after)}")


def _compare_properties(
    subject: str, old: ResourceRef, new: ResourceRef, both: tuple[Places, Places]
) -> Iterator[Change]:
    edits = [edit for edit in _find_edits(old, new, "Properties") if not _is_told(new.kind, edit)]
    policies = list_policy_fields(new.kind)
    about = [edit for edit in edits if _first(edit) in policies or not _way(edit)]
    if about and policies:
        told = list(find_permission_changes(subject, new.kind, _hold(old), _hold(new)))
        yield from told
        if not told:
            sentence = "its policies are equivalent"
            yield Change("metadata-changed", about[0].pointer, subject, sentence, old=about[0].gone)
        edits = [edit for edit in edits if edit not in about]
    if edits and new.kind in _VERSIONS:
        sentence = "a new version is published"
        yield Change("property-changed", edits[0].pointer, subject, sentence, old=edits[0].gone)
        return
    code = [
        edit for edit in edits if new.kind in _FUNCTIONS and _first(edit) in ("Code", "CodeUri")
    ]
    if code:
        yield _describe_code(subject, old, code[0], both)
    for edit in edits:
        if edit not in code:
            yield _describe_property(subject, new, edit)


def _way(edit: Edit) -> list[str]:
    """Return the way of an edit into the properties."""
    return split_pointer(edit.pointer)[3:]


def _first(edit: Edit) -> str:
    return (_way(edit) or [""])[0]


def _is_told(kind: str, edit: Edit) -> bool:
    """Return whether only a digest changed: what it is the digest of is told by itself."""
    if (kind, _first(edit)) not in _KEYED:
        return False
    return _DIGEST.sub("", render_value(edit.before)) == _DIGEST.sub("", render_value(edit.after))


def _describe_property(subject: str, new: ResourceRef, edit: Edit) -> Change:
    way = _way(edit)
    sentence = f"{'.'.join(way) or 'Properties'}: {contrast(edit.before, edit.after)}"
    if new.kind in _MACHINES and way[:1] in (["RoleArn"], ["Role"]):
        return edit.describe("role-changed", subject, sentence)
    if way[:1] and way[0] in _PROTECTIONS and edit.after in (False, "false", MISSING):
        return edit.describe("protection-removed", subject, sentence)
    retention = find_retention_kind(new.kind, way, edit)
    if retention:
        return edit.describe(retention, subject, sentence)
    update = find_update(new.kind, way)
    kind = _KINDS.get(update, "property-changed")
    if kind == "resource-may-be-replaced" and is_stateful(new.kind):
        word = "an update may replace it, and the new one is empty"
        return edit.describe("data-may-be-replaced", subject, f"{word}; {sentence}")
    if new.kind in _MACHINES and way in (["Type"], ["StateMachineType"]) and _is_default(edit):
        return edit.describe("metadata-changed", subject, sentence)
    if kind == "resource-replaced" and is_stateful(new.kind):
        kept = new.keeps_data("UpdateReplacePolicy")
        word = "the old one is kept" if kept else "the old one goes with its data"
        return edit.describe("data-replaced", subject, f"an update replaces it, {word}; {sentence}")
    words = {
        REPLACES: "an update replaces it; ",
        MAY_REPLACE: "an update may replace it; ",
        INTERRUPTS: "an update interrupts it; ",
    }
    return edit.describe(kind, subject, words.get(update, "") + sentence)


def _is_default(edit: Edit) -> bool:
    """Return whether a machine's type is only said now, or no longer: it was STANDARD all along."""
    return {render_value(edit.before), render_value(edit.after)} == {
        render_value(MISSING),
        render_value("STANDARD"),
    }


def _describe_code(
    subject: str, old: ResourceRef, edit: Edit, both: tuple[Places, Places]
) -> Change:
    versions = [_list_versions(places, old.name) for places in both]
    if not versions[1]:
        sentence = "its code changed, and running executions use it, too: it has no version"
        return edit.describe("code-changed-in-flight", subject, sentence)
    if versions[0] == versions[1]:
        sentence = "its code changed, and no new version is published"
        return edit.describe("code-unversioned", subject, sentence)
    return edit.describe("code-changed", subject, "its code changed; a new version is published")


def _list_versions(places: Places, function: str) -> list[str]:
    """Render the versions of a function that a template publishes."""
    refs = ({"Ref": function}, {"Fn::GetAtt": [function, "Arn"]})
    return [
        place.name + render_value(place.body)
        for place in places.values()
        if place.kind == "AWS::Lambda::Version"
        and Principal(place.body, "").properties.get("FunctionName") in refs
    ]
