"""The inventory as Python: a constant for each resource, and the lists that a workflow is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.adoption.formatter import (
    Code,
    Group,
    Item,
    Text,
    Token,
    render_call,
    render_code,
    render_value,
)
from carnation.adoption.inventory import Adopted, Inventory, list_targets
from carnation.adoption.kinds import NAMES, read_environment, render_list
from carnation.adoption.names import Names
from carnation.adoption.sam import render_uses
from carnation.adoption.template import render_arn, render_raw
from carnation.records import NamedTuple

_UNUSED = "the adopted template has it"


class Written(NamedTuple):
    """What of a module an inventory gives: imports, constants, arguments of the workflow."""

    imports: tuple[str, ...]
    constants: tuple[tuple[str, Code], ...]
    arguments: Mapping[str, Code]
    texts: Mapping[str, str]
    """References by their text: `${StockName}` is `STOCK.name`."""
    functions: str = ""
    """Functions of the module, next to those that draw the graph."""


def render_inventory(inventory: Inventory, names: Names, used: set[str]) -> Written:
    """Write an inventory; `used` are the placeholders of the definition."""
    listed = [*inventory.adopted.values(), *inventory.extra]
    names.reserve("SECTIONS")
    for one in [*listed, *inventory.triggers]:
        one.variable = names.reserve(f"{_word(one)}".upper())
    texts = dict(_list_texts(listed, used))
    ordered = _order(inventory, listed)
    triggers = [_render_trigger(one) for one in inventory.triggers]
    constants = _render_constants(inventory, ordered, triggers, texts, used)
    arguments: dict[str, Code] = {}
    if constants:
        arguments["resources"] = render_list([Token(variable) for variable, _ in constants])
    if triggers:
        arguments["triggers"] = render_list(triggers)
    functions = _render_sections(inventory)
    if functions:
        arguments["change"] = Token("keep_sections")
        constants.append(("SECTIONS", render_value(inventory.sections)))
    written = {variable for variable, _ in constants}
    kinds = {one.kind for one in listed if one.variable in written}
    kinds |= {one.kind for one in inventory.triggers}
    text = "".join(render_code(code) for _, code in constants)
    kinds |= {name for name in ("Binary", "Grant", "Number") if f"{name}(" in text}
    return Written(tuple(sorted(kinds)), tuple(constants), arguments, texts, functions)


def _render_constants(
    inventory: Inventory,
    ordered: list[Adopted],
    triggers: list[Code],
    texts: Mapping[str, str],
    used: set[str],
) -> list[tuple[str, Code]]:
    """Write each resource; what nothing uses says so, since a build asks for it.

    What another workflow's stack has is written where it is used.
    """
    codes = {one.variable: _write(inventory, one, texts) for one in ordered}
    whole = "".join(render_code(code) for code in [*codes.values(), *triggers])
    for one in ordered:
        keys = {str(one.key_of(attribute))[2:-1] for attribute in one.fields}
        is_used = keys & used or f"{one.variable}." in whole or one.kind in ("Raw", "Bus")
        if not is_used and (inventory.home or one.kind == "Child"):
            del codes[one.variable]
        elif not is_used:
            code = codes[one.variable]
            assert isinstance(code, Group)  # noqa: S101 (a call)
            users = " and ".join(f"'{user}'" for user in one.users)
            because = f"{users} {'uses' if len(one.users) == 1 else 'use'} it" if users else _UNUSED
            unused = Item(Text(because), "unused_because=")
            codes[one.variable] = code._replace(items=[*code.items, unused])
    return list(codes.items())


def _word(one: Adopted) -> str:
    from carnation.adoption.names import make_identifier

    return make_identifier(one.id, one.kind.lower())


def _list_texts(listed: list[Adopted], used: set[str]) -> Iterator[tuple[str, str]]:
    """Yield every reference by its text."""
    for one in listed:
        attributes = one.fields or {}
        for attribute in dict.fromkeys(attributes):
            yield str(one.key_of(attribute)), one.code_of(attribute)
        if one.kind == "Raw":
            for key in used:
                attribute = key.removeprefix(one.id) if key.startswith(one.id) else ""
                if attribute:
                    yield f"${{{key}}}", one.code_of(attribute)


def _order(inventory: Inventory, listed: list[Adopted]) -> list[Adopted]:
    """Put what others refer to first: parameters, plain resources, then functions."""
    ranks = {"Parameter": 0, "Bus": 1, "Function": 3, "Raw": 4}
    functions = [one for one in listed if one.kind == "Function"]
    needs = {
        one.logical_id: set(list_targets(inventory.resources.get(one.logical_id)))
        for one in functions
    }
    ordered: list[Adopted] = []
    while functions:
        waiting = {one.logical_id for one in functions}
        free = [one for one in functions if not needs[one.logical_id] & waiting] or functions
        ordered += free
        functions = [one for one in functions if one not in free]
    rest = sorted((one for one in listed if one.kind != "Function"),
                  key=lambda one: ranks.get(one.kind, 2))  # fmt: skip
    return [*rest, *ordered]


def _write(inventory: Inventory, one: Adopted, texts: Mapping[str, str]) -> Code:
    if one.kind == "Raw":
        arn = render_arn(inventory, one.logical_id)
        body = render_value(render_raw(inventory, one.logical_id))
        return render_call("Raw", Text(one.id), body, **({"arn": Text(arn)} if arn else {}))
    if one.kind == "Child":
        return render_call("Child", Text(one.id))
    if one.export:
        return render_call(f"{one.kind}.existing", Text(one.id), export=Text(one.export))
    if one.existing:
        return render_call(f"{one.kind}.existing", Text(one.id), name=Text(one.existing))
    named = {name: _as_code(value) for name, value in one.arguments.items()}
    properties = dict(one.properties)
    if one.kind == "Function":
        environment = read_environment(inventory, properties, texts)
        uses = render_uses(inventory, one.logical_id, one.policies)
        named |= {"environment": environment} if environment else {}
        named |= {"uses": uses} if uses else {}
    more = _render_properties(inventory, properties)
    return render_call(one.kind, Text(one.id), **named, **_render_place(one), **more)


def _as_code(value: Any) -> Code:
    if isinstance(value, Adopted):
        return Token(value.variable)
    if value is None or isinstance(value, (str, int, float, bool, dict, list)):
        return render_value(value)
    code: Code = value
    return code


def _render_place(one: Adopted) -> dict[str, Code]:
    """Keep a resource where it is: under its logical ID, with the name it has."""
    place: dict[str, Code] = {}
    kind = "" if one.kind == "Parameter" else one.suffix
    if one.logical_id and one.logical_id != f"{one.title}{kind}":
        place["logical_id"] = Text(one.logical_id)
    if one.kind in NAMES or (one.is_trigger and one.logical_id):
        place["named"] = Token("False")
    return place


def _render_properties(inventory: Inventory, properties: Mapping[str, Any]) -> dict[str, Code]:
    kept = {name: inventory.rewrite(value) for name, value in properties.items()}
    return {"properties": render_value(kept)} if kept else {}


def _render_trigger(one: Adopted) -> Code:
    named = {name: _as_code(value) for name, value in one.arguments.items()}
    more = {"properties": render_value(one.properties)} if one.properties else {}
    return render_call(one.kind, Text(one.id), **named, **_render_place(one), **more)


def _render_sections(inventory: Inventory) -> str:
    """Write the function that keeps the template's other sections; '' where there is none."""
    if not inventory.sections:
        return ""
    return '''def keep_sections(path: str, template: dict[str, Any]) -> None:
    """Keep the other sections of the adopted template."""
    for section, entries in SECTIONS.items():
        template.setdefault(section, {}).update(entries)
'''
