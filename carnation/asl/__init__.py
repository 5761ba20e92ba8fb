"""Amazon States Language: its fields as one table, and how to walk a definition."""

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
from carnation.asl.walk import Place, list_scopes, walk_states

__all__ = [
    "EXCLUSIONS",
    "KNOWN",
    "REQUIRED",
    "STATE_TYPES",
    "Field",
    "Place",
    "argument_of",
    "fields_of",
    "find_problem",
    "list_scopes",
    "walk_states",
]
