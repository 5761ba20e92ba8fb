"""carnation: AWS Step Functions workflows as code.

The nouns to compose a workflow of; the verbs (`build`, `run`, …) are modules one runs.
"""

from carnation.lazy import TYPE_CHECKING, load_lazily

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

# `import carnation` alone costs nothing
__getattr__ = load_lazily(
    __name__,
    {
        "Bucket": "patterns.events.stacks",
        "CarnationError": "errors",
        "Function": "stacks",
        "Table": "patterns.events.stacks",
        "Workflow": "workflow",
        "event_stacks": "patterns.events.stacks",
        "make_definition": "states",
    },
)
