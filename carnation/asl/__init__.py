"""Amazon States Language: its fields as one table, and a definition as a graph.

Enters: a definition as plain values.
Leaves: states, transitions, scopes (`graph`), fields (`fields`), parsed expressions.
May not know: files, templates, AWS's services.
"""

from carnation.asl.fields import (
    EXCLUSIONS,
    KNOWN,
    REQUIRED,
    STATE_TYPES,
    Field,
    argument_of,
    fields_of,
    find_problem,
)
from carnation.asl.graph import (
    Definition,
    Node,
    Problem,
    Scope,
    State,
    Transition,
    read_definition,
    walk_states,
)

__all__ = [
    "EXCLUSIONS",
    "KNOWN",
    "REQUIRED",
    "STATE_TYPES",
    "Definition",
    "Field",
    "Node",
    "Problem",
    "Scope",
    "State",
    "Transition",
    "argument_of",
    "fields_of",
    "find_problem",
    "read_definition",
    "walk_states",
]
