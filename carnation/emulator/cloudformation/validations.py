"""What is checked before anything of a stack is made, as CloudFormation checks it.

Properties are held against the types' schemas, custom names against what is there already. What a
row of the emulator does not make is refused here, too; what it accepts without effect is a warning.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from carnation.cloudformation.intrinsics import NO_VALUE, Resolver
from carnation.emulator.cloudformation.imports import find_import
from carnation.emulator.cloudformation.kind import Context
from carnation.emulator.cloudformation.kinds import find_kind
from carnation.emulator.cloudformation.kinds.existing import find_taken
from carnation.emulator.cloudformation.requests import as_plain_text
from carnation.emulator.cloudformation.stacks import NOT_EMULATED, STACK_TYPE, Validation
from carnation.errors import TemplateError, suggest_name
from carnation.services.properties import Names, read_properties, read_values

PROPERTY, NAME_CONFLICT = "PROPERTY_VALIDATION", "NAME_CONFLICT_VALIDATION"
_NUMBER = re.compile(r"\s*[-+]?\d+(\.\d*)?([eE][-+]?\d+)?\s*\Z")
FAILED = "Validation failure detected. See the operation's FAILED event for details."
_HOOKS = {PROPERTY: "PropertyValidation", NAME_CONFLICT: "ResourceExistenceCheck"}


def explain_failure(found: list[Validation]) -> str:
    """Return the reason that a change set gives for what is wrong."""
    hooks = sorted({f"AWS::EarlyValidation::{_HOOKS[row.name]}" for row in found if row.fails})
    return (
        f"The following hook(s)/validation failed: [{', '.join(hooks)}]. To troubleshoot Early "
        "Validation errors, use the DescribeEvents API for detailed failure information."
    )


def reject_unknown_types(stack: str, resources: Mapping[str, Mapping[str, Any]]) -> None:
    """Reject types without a row."""
    unknown = {
        name: body["Type"]
        for name, body in resources.items()
        if body["Type"] != STACK_TYPE and find_kind(body["Type"]) is None
    }
    if unknown:
        name, kind = next(iter(unknown.items()))
        raise TemplateError(
            f"Template format error: Unrecognized resource types: "
            f"[{', '.join(dict.fromkeys(unknown.values()))}]: stack '{stack}': resource "
            f"'{name}' ({kind}) could not be created; the emulator does not support its type."
        )


def find_property_problems(
    resolver: Resolver, resources: Mapping[str, Mapping[str, Any]]
) -> Iterator[Validation]:
    """Yield what is wrong with the properties of resources, by their types' schemas and rows."""
    for logical_id, body in resources.items():
        kind = str(body["Type"])
        schema, row = read_properties(kind), find_kind(kind)
        if not schema:
            continue
        start = f"/Resources/{logical_id}/Properties"
        properties = body.get("Properties") or {}
        for path, reason in (
            *_compare(resolver, schema, properties, ""),
            *_find_unlisted(resolver, kind, properties),
        ):
            yield Validation(PROPERTY, logical_id, kind, f"{start}{path}", reason)
        for name in properties if row is not None else ():
            path = f"{start}/{name}"
            if row is not None and name in row.refused:
                reason = f"#: the emulator does not make [{name}] of {kind}"
                yield Validation(PROPERTY, logical_id, kind, path, reason)
            if row is not None and name in row.unused:
                reason = f"[{name}] of {kind} has no effect in the emulator"
                yield Validation(NOT_EMULATED, logical_id, kind, path, reason)


def _compare(
    resolver: Resolver, schema: Mapping[str, Names], value: Any, way: str, path: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the path and the reason of each key that is unknown or missing."""
    value = _choose(resolver, value)
    names = schema.get(f"{way}/*".lstrip("/") if isinstance(value, list) else way)
    if names is None:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _compare(resolver, schema, item, f"{way}/*".lstrip("/"), f"{path}/{index}")
        return
    if not isinstance(value, Mapping) or _is_function(value):
        return
    where = f"#{path}"
    for name in value:
        if name not in names.known and "*" not in names.known:
            known = suggest_name(name, names.known)
            yield f"{path}/{name}", f"{where}: extraneous key [{name}] is not permitted.{known}"
    for name in sorted(names.required - set(value) - {"*"}):
        yield path, f"{where}: required key [{name}] not found"
    for name, item in value.items():
        step = name if name in names.known else "*"
        wanted = _find_expected(
            names.marks.get(step, ""), item, f"{way}/{step}".lstrip("/") in schema
        )
        if wanted:
            found = "Boolean" if isinstance(item, bool) else "String"
            yield f"{path}/{name}", f"#{path}/{name}: expected type: {wanted}, found: {found}"
        yield from _compare(resolver, schema, item, f"{way}/{step}".lstrip("/"), f"{path}/{name}")


def _find_expected(mark: str, value: Any, is_closed: bool) -> str:
    """Return the type that a value should have, where it cannot be turned into it."""
    if not isinstance(value, (str, bool)):
        return ""
    if mark == "#":
        return "" if isinstance(value, str) and _NUMBER.match(value) else "Number"
    if mark == "?":
        return "" if str(value).lower() in ("true", "false") else "Boolean"
    if mark == "[":
        return "JSONArray"
    return "JSONObject" if mark == "{" and is_closed else ""


def _find_unlisted(resolver: Resolver, kind: str, properties: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and the reason of each value that its schema does not list."""
    for way, values in read_values(kind).items():
        for path, found in _find_values(resolver, properties, way.split("/")):
            if found not in values:
                known = f"{', '.join(values)}.{suggest_name(found, values)}"
                constraint = "failed validation constraint for keyword [enum]"
                yield path, f"#{path}: {constraint}: {found!r} is none of {known}"


def _find_values(
    resolver: Resolver, value: Any, way: list[str], path: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each value on a way, as far as they are known."""
    value = _choose(resolver, value)
    if not way:
        text = _read_text(resolver, value)
        if text is not None:
            yield path, text
    elif way[0] == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _find_values(resolver, item, way[1:], f"{path}/{index}")
    elif isinstance(value, Mapping) and way[0] in value:
        yield from _find_values(resolver, value[way[0]], way[1:], f"{path}/{way[0]}")


def _read_text(resolver: Resolver, value: Any) -> str | None:
    """Return a value as text; None for one that is known later, or for none at all."""
    try:
        found = resolver.resolve(value)
    except TemplateError:  # of a resource that is to be made, or wrong, which is said elsewhere
        return None
    if found is NO_VALUE or str(found).startswith("{{resolve:"):
        return None
    return as_plain_text(found)


def _choose(resolver: Resolver, value: Any) -> Any:
    """Follow `Fn::If` to the value that is taken."""
    while isinstance(value, Mapping) and list(value) == ["Fn::If"]:
        branches = value["Fn::If"]
        if not isinstance(branches, list) or len(branches) != 3:
            return None
        try:
            value = branches[1 if resolver.holds(str(branches[0])) else 2]
        except TemplateError:  # it is not known yet
            return None
    return value


def _is_function(value: Mapping[str, Any]) -> bool:
    name = next(iter(value), "")
    return len(value) == 1 and (name == "Ref" or name.startswith("Fn::"))


def find_name_conflicts(
    resolver: Resolver,
    resources: Mapping[str, Mapping[str, Any]],
    make_context: Callable[[str, str], Context],
) -> Iterator[Validation]:
    """Yield the resources that are to be made under a name that something has already."""
    named: dict[str, dict[str, list[str]]] = {}
    for logical_id, body in resources.items():
        kind = str(body["Type"])
        wanted = _find_name(resolver, kind, body)
        if wanted is not None and find_import(make_context(logical_id, kind), body) is None:
            named.setdefault(kind, {}).setdefault(wanted, []).append(logical_id)
    for kind, names in named.items():
        taken = find_taken(make_context("", kind), kind, names)
        for wanted, logical_id in ((name, one) for name in names for one in names[name]):
            if wanted in taken:
                yield Validation(
                    NAME_CONFLICT, logical_id, kind, f"/Resources/{logical_id}",
                    f"Resource of type '{kind}' with identifier '{wanted}' already exists.",
                )  # fmt: skip


def _find_name(resolver: Resolver, kind: str, body: Mapping[str, Any]) -> str | None:
    """Return the name that a resource is given, where that is known."""
    row = find_kind(kind)
    name = (body.get("Properties") or {}).get(row.name) if row and row.name else None
    try:
        wanted = None if name is None or kind == STACK_TYPE else resolver.resolve(name)
    except TemplateError:
        return None
    return wanted if isinstance(wanted, str) else None
