"""Workflow: a definition with its resources and its name, as `definitions/` declares it.

Enters: the modules of `definitions/`.
Leaves: `Workflow` objects, of which `artifacts` renders documents.
May not know: documents that were built, accounts, the environment.
"""

from typing import TYPE_CHECKING

from carnation.lazy import load_lazily

if TYPE_CHECKING:
    from carnation.workflow.workflow import (
        Workflow,
        find_root,
        list_definitions,
        load_workflows,
        validate_name,
    )

__all__ = ["Workflow", "find_root", "list_definitions", "load_workflows", "validate_name"]

# who reads declared schemas does not pay for the SDK
__getattr__ = load_lazily(__name__, dict.fromkeys(__all__, "workflow"))
