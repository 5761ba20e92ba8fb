"""carnation: AWS Step Functions workflows as code.

The nouns to compose a workflow of; the verbs (`build`, `run`, …) are modules one runs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carnation.errors import CarnationError
    from carnation.patterns.events.stacks import Bucket, Table, event_stacks
    from carnation.stacks import Function
    from carnation.states import make_definition
    from carnation.workflow import Workflow

__version__ = "0.2.0"

__all__ = [
    "Bucket",
    "CarnationError",
    "Function",
    "Table",
    "Workflow",
    "event_stacks",
    "make_definition",
]

_HOMES = {
    "Bucket": "patterns.events.stacks",
    "CarnationError": "errors",
    "Function": "stacks",
    "Table": "patterns.events.stacks",
    "Workflow": "workflow",
    "event_stacks": "patterns.events.stacks",
    "make_definition": "states",
}


def __getattr__(name: str) -> Any:
    """Load a noun when it is first asked for: `import carnation` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'carnation' has no '{name}'")
    from importlib import import_module

    return getattr(import_module(f"carnation.{_HOMES[name]}"), name)
