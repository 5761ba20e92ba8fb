"""The line of Python that a state in `build/` comes from.

A document does not hold it, so the workflow is loaded again from `definitions/`, and only when
there is a finding to place.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from carnation.linter.built import find_tree
from carnation.linter.findings import Finding


def locate_sources(path: str, findings: Iterable[Finding]) -> list[Finding]:
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
