"""Origins: what a definition in `build/` comes from, its manifest and its lines of Python.

A document cannot say on which line a state was made, so the workflow is loaded anew from
`definitions/`, and only when there is a finding to place.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from carnation.document import read_document
from carnation.errors import DocumentError
from carnation.rules.findings import Finding


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


def name_sources(path: str, findings: Iterable[Finding]) -> list[Finding]:
    """Add to findings in a built definition the lines of Python that their states come from."""
    found = list(findings)
    tree = find_tree(path) if any(finding.state for finding in found) else ""
    root = os.path.dirname(os.path.dirname(tree))
    module = os.path.basename(tree).replace("-", "_")
    if not tree or not os.path.isfile(os.path.join(root, "definitions", f"{module}.py")):
        return found
    from carnation.workflow import load_workflows  # it starts the SDK

    try:
        (workflow,) = load_workflows(root, [os.path.basename(tree)])
        return [one._replace(source=workflow.find_source(one.state)) for one in found]
    except Exception:  # whatever their module raises; the findings hold without its lines
        return found
