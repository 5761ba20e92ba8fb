"""Workflow: a definition with its resources and its name, as `definitions/` declares it.

Enters: the modules of `definitions/`.
Leaves: `Workflow` objects, of which `artifacts` renders documents.
May not know: documents that were built, accounts, the environment.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carnation.workflow.workflow import (
        Workflow,
        find_root,
        list_definitions,
        load_workflows,
        refuse_name,
    )

__all__ = ["Workflow", "find_root", "list_definitions", "load_workflows", "refuse_name"]


def __getattr__(name: str) -> Any:
    """Load what is asked for: who reads declared schemas does not pay for the SDK."""
    if name not in __all__:
        raise AttributeError(f"module 'carnation.workflow' has no '{name}'")
    from importlib import import_module

    return getattr(import_module("carnation.workflow.workflow"), name)
