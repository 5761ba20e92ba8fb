"""Workflow: a definition with its resources and its name, as `definitions/` declares it.

Enters: the modules of `definitions/`.
Leaves: `Workflow` objects, of which `artifacts` renders documents.
May not know: documents that were built, accounts, the environment.
"""

from carnation.lazy import TYPE_CHECKING, load_lazily

if TYPE_CHECKING:
    from carnation.workflow.modules import list_definitions
    from carnation.workflow.names import find_root, validate_name
    from carnation.workflow.workflow import Workflow, load_workflows

__all__ = ["Workflow", "find_root", "list_definitions", "load_workflows", "validate_name"]

# who reads declared schemas, or a root, does not pay for the SDK
_HOMES = {"find_root": "names", "list_definitions": "modules", "validate_name": "names"}
__getattr__ = load_lazily(__name__, {**dict.fromkeys(__all__, "workflow"), **_HOMES})
