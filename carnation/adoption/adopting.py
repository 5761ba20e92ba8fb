"""Adopting: a definition's module, proved by building it; its files; what is left for a person."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from carnation.adoption.comparison import compare_templates
from carnation.adoption.inventory import Inventory
from carnation.adoption.module import render_module
from carnation.adoption.round_trip import find_difference
from carnation.adoption.sources import Source
from carnation.cloudformation.substitutions import find_substitutions
from carnation.errors import DefinitionError
from carnation.records import NamedTuple


class AdoptedMachine(NamedTuple):
    """The module of a definition, and what is not exact about it ('' for nothing)."""

    source: Source
    text: str
    problem: str

    @property
    def module(self) -> str:
        """The name of the module's file."""
        return f"{self.source.name.replace('-', '_')}.py"


def adopt_source(source: Source) -> AdoptedMachine:
    """Write the module of a definition and build it; raises where that cannot be done."""
    definition = source.definition
    text = render_module(definition, source.name, source.origin, source.remarks, source.inventory)
    try:
        difference = find_difference(definition, text)
    except DefinitionError as error:
        refusal = source.find_refusal()
        raise refusal or source.make_error("", str(error)) from error
    if difference is None:
        return AdoptedMachine(source, text, "")
    refusal = source.find_refusal()
    if refusal:
        raise refusal
    place = f"{source.locate(difference.pointer)}: '{difference.pointer}'"
    return AdoptedMachine(source, text, f"{place} is not exact: it {difference.message}")


def list_files(adopted: Sequence[AdoptedMachine], out: str) -> dict[str, bytes]:
    """List the files to write, by path: the modules below `out`, functions' code next to it."""
    files = {os.path.join(out, one.module): one.text.encode() for one in adopted}
    for one in adopted:
        files.update(_list_code(one, os.path.dirname(os.path.normpath(out))))
    return files


def _list_code(adopted: AdoptedMachine, root: str) -> dict[str, bytes]:
    """List the code of the functions that are brought along, below `lambdas/`."""
    inventory = adopted.source.inventory
    return {
        os.path.join(root, "lambdas", one.id, *path.split("/")): content
        for one in (inventory.adopted.values() if inventory else ())
        for path, content in one.files.items()
    }


def list_advice(adopted: Sequence[AdoptedMachine]) -> Iterator[str]:
    """Describe what is left to do: where a person has to look, and the next command."""
    for one in adopted:
        yield from one.source.list_unknown()
        if one.source.inventory is not None:
            yield from _format_inventory(one.source.inventory, one.source.name)
            yield from compare_templates(one.source.inventory, one.text)
            continue
        if one.source.left:
            yield f"{one.source.name}: resources are not adopted: {one.source.left}"
        needed = find_substitutions(one.source.definition)
        if needed:
            names = ", ".join(f"${{{name}}}" for name in needed)
            yield f"{one.source.name} needs values where it is deployed: {names}"


def _format_inventory(inventory: Inventory, name: str) -> Iterator[str]:
    """Describe what the workflow took over, and what of its template is left behind."""
    others = set(inventory.elsewhere)  # the other state machines of the template
    kept = [one for name, one in inventory.adopted.items()
            if name not in others and one.logical_id in inventory.resources]  # fmt: skip
    kept += [one for one in inventory.triggers if one.logical_id]
    listed = ", ".join(one.logical_id for one in kept)
    yield f"{name} adopts, with the same logical IDs: {listed or 'nothing'}"
    for gone, by in inventory.dropped.items():
        is_told = inventory.home and gone in others  # by the workflow that keeps the stack
        if gone not in [one.logical_id for one in kept] and not is_told:
            yield f"{gone} is replaced by {by}"
    for note in dict.fromkeys(inventory.notes):
        yield f"not adopted: {note}"
    if inventory.home:
        yield (
            f"{name} uses what the stack of {inventory.home} exports. Deploy that first, then: "
            f"carnation deploy {name}. In between, {inventory.machine} does not run."
        )
        return
    yield (
        f"To keep what is deployed where it is, deploy to its stack: carnation deploy {name} "
        "--stack-name STACK. Another stack would create it again, empty."
    )
