"""Exports: what the stacks of a project give each other, and so which is deployed first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from carnation.artifacts.contents import Artifacts
from carnation.document import read_text_file
from carnation.lazy import compile_lazily

_IMPORT = compile_lazily(r"(?:Fn::ImportValue:|!ImportValue) (?:!Sub )?(\S+)")
_EXPORT = compile_lazily(r"Export:\n\s+Name: (?:!Sub )?(\S+)")


def list_imports(artifacts: Artifacts) -> set[str]:
    """List the exports that a workflow's templates import, by name as it is written."""
    return {name for text in artifacts.files.values() for name in _IMPORT.findall(text)}


def list_exports(artifacts: Artifacts) -> set[str]:
    """List what a workflow's templates export, by name as it is written."""
    return {name for text in artifacts.files.values() for name in _EXPORT.findall(text)}


def find_exporters(folder: str, imports: set[str]) -> Iterator[str]:
    """Find the workflows built in a folder that export any of these, in alphabetical order."""
    for name in sorted(os.listdir(folder)) if imports else ():
        path = os.path.join(folder, name, "cft", f"{name}-root-stack.yaml")
        if os.path.isfile(path) and imports & set(_EXPORT.findall(read_text_file(path))):
            yield name


def order_by_exports(built: Sequence[Artifacts]) -> list[Artifacts]:
    """Put what exports before what imports it, otherwise in the order given."""
    ordered: list[Artifacts] = []

    def put(one: Artifacts) -> None:
        if one in ordered or one in waiting:
            return
        waiting.append(one)
        imports = list_imports(one)
        for other in built if imports else ():
            if imports & list_exports(other):
                put(other)
        ordered.append(one)

    waiting: list[Artifacts] = []
    for one in built:
        put(one)
    return ordered
