"""Definitions in `build/`: the folder of their workflow, its declared schemas, its type."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from carnation.document import parse_document, read_document, read_text_file
from carnation.document.values import Json
from carnation.errors import DocumentError


def find_tree(path: str) -> str:
    """Return the folder of a definition's built workflow; '' if it is not built."""
    inner = os.path.dirname(os.path.abspath(path))
    code, name = os.path.split(inner)
    tree, outer = os.path.split(code)
    is_built = (outer, name) == ("code", "state-machine")
    return tree if is_built and os.path.isfile(os.path.join(tree, "manifest.json")) else ""


def read_declared(path: str) -> Mapping[str, Json]:
    """Return the shapes that the workflow of a built definition declares; its manifest has them."""
    tree = find_tree(path)
    return _get(_read_manifest(tree), "declared") if tree else {}


def read_type(path: str) -> str:
    """Find the type of the state machine that runs a built definition, in the templates.

    It is STANDARD where nothing says otherwise, as for a definition that is not built.
    """
    tree = find_tree(path)
    if not tree:
        return "STANDARD"
    name = f"code/state-machine/{os.path.basename(path)}"
    key = _get(_get(_read_manifest(tree), "artifacts"), name).get("key", name)
    for template in _find_templates(os.path.join(tree, "cft"), str(key)):
        for body in _get(template, "Resources").values():
            properties = _get(body, "Properties")
            runs_it = str(key) in str(properties.get("DefinitionS3Location"))
            if runs_it and properties.get("StateMachineType") == "EXPRESS":
                return "EXPRESS"
    return "STANDARD"


def _find_templates(folder: str, key: str) -> Iterator[Mapping[str, Json]]:
    """Yield the templates that name a key and the type that is not the default."""
    for path, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            with contextlib.suppress(DocumentError):
                file = os.path.join(path, name)
                text = read_text_file(file)
                if key in text and "EXPRESS" in text:  # others are not parsed
                    yield parse_document(text, file).value


def _read_manifest(tree: str) -> Mapping[str, Json]:
    try:
        manifest = read_document(os.path.join(tree, "manifest.json")).value
    except DocumentError:  # a broken one is for `build --check`
        return {}
    return manifest if isinstance(manifest, Mapping) else {}


def _get(value: object, name: str) -> Mapping[str, Json]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
