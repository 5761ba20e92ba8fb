"""The line of Python that a state or a resource in `build/` comes from.

A document does not hold it, so the workflow is loaded again from `definitions/`, and only when
there is a finding or an error to place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from carnation.errors import CarnationError
from carnation.lazy import compile_lazily
from carnation.linter.built import find_tree
from carnation.linter.findings import Finding

if TYPE_CHECKING:
    from carnation.workflow import Workflow

_RESOURCE = compile_lazily(r"(\w+)'? \((?:AWS|Custom)::\w+(?:::\w+)?")  # as messages name one


def locate_sources(path: str, findings: Iterable[Finding]) -> list[Finding]:
    """Add to findings in a built definition the lines of Python that their states come from."""
    found = list(findings)
    tree = find_tree(path) if any(finding.state for finding in found) else ""
    root, name = os.path.dirname(os.path.dirname(tree)), os.path.basename(tree)
    workflow = _load(root, name) if tree else None
    if workflow is None:
        return found
    return [one._replace(source=workflow.find_source(one.state)) for one in found]


def place_resources(root: str, name: str, text: str) -> str:
    """Add to a message about resources of a workflow the lines of Python that they come from."""
    workflow = _load(root, name) if root and _RESOURCE.search(text) else None
    if workflow is None:
        return text

    def place(found: re.Match[str]) -> str:
        line = workflow.application.find_line(found[1])
        return f"{found[0]}, {line}" if line else found[0]

    return _RESOURCE.sub(place, text)


@contextmanager
def placing_resources(root: str, name: str) -> Iterator[None]:
    """Have errors that name resources of a workflow name the lines of Python, too."""
    try:
        yield
    except CarnationError as error:
        error.args = (place_resources(root, name, str(error)), *error.args[1:])
        raise


def _load(root: str, name: str) -> Workflow | None:
    """Load a workflow of a project, where it is there and can be."""
    from carnation.workflow.modules import find_definition  # only findings are placed

    module = name.replace("-", "_")
    if not os.path.isfile(find_definition(root, module)):
        return None
    from carnation.workflow import load_workflows  # it starts the SDK

    try:
        (workflow,) = load_workflows(root, [name])
    except Exception:  # whatever their module raises; what is said holds without its lines
        return None
    return workflow
