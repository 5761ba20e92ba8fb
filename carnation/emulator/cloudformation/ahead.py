"""Values of a template, resolved before anything is made: what cannot be, whatever is made later.

A value that depends on a resource is not known yet, and neither is a parameter of a nested stack
that does: what is next to it in the same function is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from carnation.cloudformation.intrinsics import Resolver, UnknownValueError
from carnation.errors import TemplateError, suggest_name


class MissingExportError(TemplateError):
    """A template imports what no stack exports."""


class _Ahead:
    """What is known ahead: the names of exports, where they are asked for, and nothing else."""

    def __init__(self, exports: Collection[str] | None) -> None:
        self._exports = exports

    def ref(self, name: str) -> NoReturn:
        """Raise `UnknownValueError`."""
        raise UnknownValueError(f"'{name}' is not made yet.")

    def attribute(self, name: str, attribute: str) -> NoReturn:
        """Raise `UnknownValueError`."""
        self.ref(name)

    def export(self, name: str) -> NoReturn:
        """Raise `MissingExportError` for an export that is not there."""
        if self._exports is not None and name not in self._exports:
            raise missing_export(name, self._exports)
        self.ref(name)

    zones = ref


def missing_export(name: str, exports: Collection[str]) -> MissingExportError:
    """Return the error for an export that is not there."""
    return MissingExportError(f"No export named {name} found.{suggest_name(name, exports)}")


def reject_wrong_values(resolver: Resolver, resources: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `TemplateError` for a property whose functions cannot be resolved."""
    ahead = Resolver(resolver.template, resolver.values, _Ahead(None))
    for name, body in resources.items():
        try:
            _resolve(ahead, body.get("Properties") or {})
        except TemplateError as error:
            raise TemplateError(f"resource '{name}': {error}") from error


def reject_missing_exports(resolver: Resolver, exports: Collection[str]) -> None:
    """Raise `MissingExportError` for the first import of what no stack exports."""
    template = resolver.template
    ahead = Resolver(template, resolver.values, _Ahead(exports))
    for body in (*template.resources.values(), *template.outputs.values()):
        try:
            if ahead.includes(body):
                _resolve(ahead, [body.get("Properties"), body.get("Value")])
        except MissingExportError:
            raise
        except TemplateError:
            continue  # it is told of its resource, when that is made


def _resolve(resolver: Resolver, value: Any) -> None:
    """Resolve a value, and where it is not known yet, what is in it."""
    try:
        resolver.resolve(value)
    except UnknownValueError:
        if isinstance(value, Mapping):
            value = _choose(resolver, value)
        for item in value if isinstance(value, list) else ():
            _resolve(resolver, item)


def _choose(resolver: Resolver, value: Mapping[str, Any]) -> list[Any]:
    """Return what is in a mapping; of `Fn::If` the branch that is taken, where that is known."""
    if list(value) != ["Fn::If"]:
        return list(value.values())
    condition, then, otherwise = value["Fn::If"]
    try:
        return [then if resolver.holds(str(condition)) else otherwise]
    except UnknownValueError:
        return []
