"""Definitions in `build/`: the folder of their workflow, and the schemas its manifest declares."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from carnation.document import read_document
from carnation.errors import DocumentError


def find_tree(path: str) -> str:
    """Give the folder of the built workflow that a definition belongs to; '' if it is not built."""
    inner = os.path.dirname(os.path.abspath(path))
    code, name = os.path.split(inner)
    tree, outer = os.path.split(code)
    is_built = (outer, name) == ("code", "state-machine")
    return tree if is_built and os.path.isfile(os.path.join(tree, "manifest.json")) else ""


def read_declared(path: str) -> Mapping[str, Any]:
    """Give the shapes that the workflow of a built definition declares; its manifest has them."""
    tree = find_tree(path)
    if not tree:
        return {}
    try:
        manifest = read_document(os.path.join(tree, "manifest.json")).value
    except DocumentError:  # a broken one is for `build --check`
        return {}
    declared = manifest.get("declared") if isinstance(manifest, Mapping) else None
    return declared if isinstance(declared, Mapping) else {}
