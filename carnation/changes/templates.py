"""Two sets of templates compared: resources, parameters, outputs, with nested stacks in place.

A resource is named by the way to it, `RoleStack/StateMachineRole`. Keys in the bucket carry the
digest of what lies there; that such a digest changed is told by what changed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnation.changes.edits import find_edits
from carnation.changes.records import MISSING, Change
from carnation.changes.resources import Definitions, ResourceRef, find_resource_changes
from carnation.changes.wording import contrast, quote, shorten
from carnation.document import join_pointer
from carnation.document.values import Json

Templates = Mapping[str, Json]

_STACK = "AWS::CloudFormation::Stack"
_DIGEST = re.compile(r"\.[0-9a-f]{16}(?=\.)")
_SECTIONS = ("Conditions", "Mappings", "Rules", "Transform", "Globals", "Hooks")
_NOISE = ("Description", "Metadata", "AWSTemplateFormatVersion")


def find_template_changes(
    old: Templates,
    new: Templates,
    definitions: Sequence[Mapping[str, Json]] = (),
    parts: Mapping[str, str] | None = None,
    current: Sequence[Mapping[str, Json]] = (),
) -> Iterator[Change]:
    """Yield every change between two sets of templates, path to document.

    `definitions` are the old ones, which running executions keep, and `current` the new ones;
    `parts` names the documents in the records, where their paths do not.

    >>> one = {"t": {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}}
    >>> two = {"t": {"Resources": {}}}
    >>> [(change.kind, change.subject) for change in find_template_changes(one, two)]
    [('data-removed', 'Q')]
    """
    ways = {**stack_paths(old), **stack_paths(new)}
    for path in dict.fromkeys([*new, *old]):
        before, after = _shape(old.get(path)), _shape(new.get(path))
        if before != after:
            part = (parts or {}).get(path, path)
            both = (definitions, current)
            for change in _compare_template(ways.get(path, ""), before, after, both):
                yield change._replace(part=part)


def _shape(template: Json) -> Mapping[str, Json]:
    return template if isinstance(template, Mapping) else {}


def stack_paths(templates: Templates) -> dict[str, str]:
    """Return for each template the way to it, through the stacks that use it; '' for a root.

    >>> stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x/a.yaml"}}
    >>> stack_paths({"root.yaml": {"Resources": {"A": stack}}, "nested/a.yaml": {}})
    {'root.yaml': '', 'nested/a.yaml': 'A/'}
    """
    uses: dict[str, tuple[str, str]] = {}
    for path, template in templates.items():
        for name, resource in _section(_shape(template), "Resources").items():
            if isinstance(resource, Mapping) and resource.get("Type") == _STACK:
                target = _find_nested(resource, templates)
                if target and target != path:
                    uses.setdefault(target, (path, name))
    return {path: _format_way(path, uses) for path in templates}


def _format_way(path: str, uses: Mapping[str, tuple[str, str]]) -> str:
    way, seen = "", {path}
    while path in uses:
        path, name = uses[path]
        way = f"{name}/{way}"
        if path in seen:
            break
        seen.add(path)
    return way


def _find_nested(stack: Mapping[str, Json], templates: Templates) -> str:
    address = _DIGEST.sub("", str(_section(stack, "Properties").get("TemplateURL", "")))
    name = re.search(r"[^/\\'\"]+\.(?:yaml|yml|json|template)", address)
    if name is None:
        return ""
    return next((path for path in templates if path.rpartition("/")[2] == name[0]), "")


def _section(holder: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    section = holder.get(name)
    return section if isinstance(section, Mapping) else {}


def _compare_template(
    way: str,
    old: Mapping[str, Json],
    new: Mapping[str, Json],
    definitions: Definitions,
) -> Iterator[Change]:
    places = [
        {
            name: ResourceRef(name, body, join_pointer("/Resources", name))
            for name, body in _section(side, "Resources").items()
            if isinstance(body, Mapping)
        }
        for side in (old, new)
    ]
    yield from find_resource_changes(way, places[0], places[1], definitions)
    yield from _compare_parameters(way, old, new)
    yield from _compare_outputs(way, old, new)
    for name in dict.fromkeys([*new, *old]):
        if name in ("Resources", "Parameters", "Outputs"):
            continue
        kind = "condition-changed" if name == "Conditions" else "section-changed"
        kind = "metadata-changed" if name in _NOISE else kind
        yield from _compare_section(way, name, kind, old, new)
    yield from _compare_unshaped(way, old, new)


def _compare_section(
    way: str, name: str, kind: str, old: Mapping[str, Json], new: Mapping[str, Json]
) -> Iterator[Change]:
    before, after = old.get(name, MISSING), new.get(name, MISSING)
    for edit in find_edits(before, after, f"/{name}", f"/{name}"):
        yield edit.describe(kind, way + name, contrast(edit.before, edit.after))


def _compare_unshaped(
    way: str, old: Mapping[str, Json], new: Mapping[str, Json]
) -> Iterator[Change]:
    """Compare what stands among the resources and is none."""
    sides = [{name: body for name, body in _section(side, "Resources").items()
              if not isinstance(body, Mapping)} for side in (old, new)]  # fmt: skip
    for edit in find_edits(sides[0], sides[1], "/Resources", "/Resources"):
        yield edit.describe("section-changed", f"{way}Resources", contrast(edit.before, edit.after))


def _compare_parameters(
    way: str, old: Mapping[str, Json], new: Mapping[str, Json]
) -> Iterator[Change]:
    before, after = _section(old, "Parameters"), _section(new, "Parameters")
    for name in dict.fromkeys([*after, *before]):
        one, two = before.get(name, MISSING), after.get(name, MISSING)
        pointer = join_pointer("/Parameters", name)
        subject = way + name
        if one is MISSING:
            yield _describe_new_parameter(subject, pointer, two)
        elif two is MISSING:
            sentence = "the parameter was removed"
            yield Change("parameter-removed", pointer, subject, sentence, one, MISSING, old=True)
        else:
            for edit in find_edits(one, two, pointer, pointer):
                field = edit.pointer[len(pointer) + 1 :]
                kind = "metadata-changed" if field.endswith("Description") else "parameter-changed"
                kind = "parameter-required" if field == "Default" and edit.gone else kind
                sentence = f"{field or 'the parameter'}: {contrast(edit.before, edit.after)}"
                yield edit.describe(kind, subject, sentence)


def _describe_new_parameter(subject: str, pointer: str, body: Json) -> Change:
    if isinstance(body, Mapping) and "Default" in body:
        sentence = f"the parameter was added; {quote(body['Default'])} by default"
        return Change("parameter-added", pointer, subject, sentence, MISSING, body)
    sentence = "the parameter was added, without a default"
    return Change("parameter-required", pointer, subject, sentence, MISSING, body)


def _compare_outputs(
    way: str, old: Mapping[str, Json], new: Mapping[str, Json]
) -> Iterator[Change]:
    before, after = _section(old, "Outputs"), _section(new, "Outputs")
    for name in dict.fromkeys([*after, *before]):
        one, two = before.get(name, MISSING), after.get(name, MISSING)
        pointer, subject = join_pointer("/Outputs", name), way + name
        if one is MISSING:
            yield Change("output-added", pointer, subject, "the output was added", MISSING, two)
        elif two is MISSING:
            exported = isinstance(one, Mapping) and "Export" in one
            kind = "export-removed" if exported else "output-removed"
            word = ", and with it the export" if exported else ""
            sentence = f"the output was removed{word}"
            yield Change(kind, pointer, subject, sentence, one, MISSING, old=True)
        else:
            for edit in find_edits(one, two, pointer, pointer):
                field = edit.pointer[len(pointer) + 1 :]
                sentence = f"{shorten(field) or 'the output'}: {contrast(edit.before, edit.after)}"
                yield edit.describe(_kind_of_output(field, gone=edit.gone), subject, sentence)


def _kind_of_output(field: str, *, gone: bool) -> str:
    if field.startswith("Export"):
        return "export-removed" if gone else "export-changed"
    return "metadata-changed" if field.startswith("Description") else "stack-output-changed"
