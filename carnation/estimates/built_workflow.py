"""What a built workflow tells next to its definition: declared shapes, defaults, its functions.

Templates are YAML, and read only where PyYAML is installed; without it the usual facts are taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from carnation.document import decode_text, parse_document, read_inner_file
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

DEFAULT_MEMORY = 128
_PART = re.compile(r"[A-Za-z0-9]+")
_READ = (".json", ".yaml", ".yml")


class Built(NamedTuple):
    """A workflow in `build/`.

    `defaults` are those of the templates' parameters, as texts; `memories` (MB) those of the
    functions, by logical ID; `arm` tells whether all of them run on arm64.
    """

    definition: Mapping[str, Any]
    type: str
    declared: Mapping[str, Any]
    defaults: Mapping[str, str] = {}
    memories: Mapping[str, int] = {}
    arm: bool = False


def read_built(name: str) -> Built | None:
    """Read a workflow by its name; None if `build/` has none."""
    folder = os.path.join("build", name)
    if not os.path.isfile(os.path.join(folder, _definition_path(name))):
        return None
    files: dict[str, bytes] = {}
    for path, _, names in sorted(os.walk(folder)):
        for inner in sorted(names):
            if inner.endswith(_READ):
                place = os.path.join(path, inner)
                files[os.path.relpath(place, folder).replace(os.sep, "/")] = read_inner_file(
                    place, folder
                )
    return parse_built(name, files)


def _definition_path(name: str) -> str:
    return f"code/state-machine/{name}.asl.json"


def parse_built(name: str, files: Mapping[str, bytes]) -> Built | None:
    """Read a workflow from its files, by their paths in its folder; None without a definition."""
    path = _definition_path(name)
    if path not in files:
        return None
    manifest = _parse(files, "manifest.json") if "manifest.json" in files else {}
    declared = manifest.get("declared", {}) if isinstance(manifest, Mapping) else {}
    templates = list(_read_templates(files))
    functions = {
        title: resource.get("Properties", {})
        for template in templates
        for title, resource in template.get("Resources", {}).items()
        if resource.get("Type") == "AWS::Lambda::Function"
    }
    defaults = {
        parameter: str(given["Default"])
        for template in templates
        for parameter, given in template.get("Parameters", {}).items()
        if given.get("Default", "") != ""
    }
    return Built(
        _parse(files, path), _find_type(templates, name), declared, defaults,
        _find_memories(templates, functions, defaults),
        bool(functions) and all(
            one.get("Architectures") == ["arm64"] for one in functions.values()
        ),
    )  # fmt: skip


def _find_memories(
    templates: Sequence[Mapping[str, Any]],
    functions: Mapping[str, Mapping[str, Any]],
    defaults: Mapping[str, str],
) -> dict[str, int]:
    """Find the memory (MB) of functions, by logical ID and by the substitution of each."""
    found = {}
    for title, properties in functions.items():
        given = properties.get("MemorySize", DEFAULT_MEMORY)
        given = defaults.get(given.get("Ref", "")) if isinstance(given, Mapping) else given
        text = str(given)
        found[title] = int(text) if text.isdecimal() else DEFAULT_MEMORY
    versions, outputs, substitutions = _list_names(templates)
    for names in (versions, outputs, substitutions):  # each names one of those before it
        for name, value in names.items():
            last = _PART.findall(str(value))[-1:]
            if last and last[0] in found:
                found[name] = found[last[0]]
    return found


def _list_names(templates: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """List the functions of versions and aliases, and the values of outputs and substitutions."""
    versions: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    substitutions: dict[str, Any] = {}
    for template in templates:
        for name, resource in template.get("Resources", {}).items():
            properties = resource.get("Properties", {})
            if resource.get("Type") in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
                versions[name] = properties.get("FunctionName")
            substitutions.update(properties.get("DefinitionSubstitutions", {}))
        for name, output in template.get("Outputs", {}).items():
            outputs[name] = output.get("Value")
    return versions, outputs, substitutions


def _find_type(templates: Iterable[Mapping[str, Any]], name: str) -> str:
    """Find the type of the state machine that runs the definition."""
    for template in templates:
        for resource in template.get("Resources", {}).values():
            properties = resource.get("Properties", {})
            runs_it = f"/{name}." in str(properties.get("DefinitionS3Location"))
            if runs_it and properties.get("StateMachineType") == "EXPRESS":
                return "EXPRESS"
    return "STANDARD"


def _read_templates(files: Mapping[str, bytes]) -> Iterator[Mapping[str, Any]]:
    for path in files:
        if path.startswith("cft/"):
            try:
                template = _parse(files, path)
            except DocumentError:  # of one that cannot be read nothing is known
                continue
            if isinstance(template, Mapping):
                yield template


def _parse(files: Mapping[str, bytes], path: str) -> Any:
    return parse_document(decode_text(files[path], path), path).value
