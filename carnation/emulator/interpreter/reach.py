"""What moto's interpreter cannot run, or runs to another end than AWS: refused by name.

It takes a distributed Map for an inline one whose failures succeed, starts no child executions, and
evaluates neither JSONata nor variables. A green run of those would mean nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from carnation.asl import walk_states
from carnation.errors import EmulatorError


def refuse_beyond_reach(definition: str) -> None:
    """Raise `EmulatorError` for a definition that would not run as it does on AWS."""
    found = _find_beyond_reach(definition)
    if found:
        raise EmulatorError(
            f"the emulator cannot run {found} as AWS does, and does not pretend to. "
            "Test the rest of the definition without it, or this one in an account."
        )


@lru_cache(maxsize=64)
def _find_beyond_reach(definition: str) -> str | None:
    try:
        document = json.loads(definition)
    except ValueError:
        return None  # the interpreter's own parser says what is wrong with it
    if document.get("QueryLanguage") == "JSONata":
        return "the machine's JSONata"
    for name, state, _ in walk_states(document):
        for what in _list_beyond_reach(state):
            return f"{what} of state '{name}'"
    return None


def _list_beyond_reach(state: Mapping[str, Any]) -> Iterator[str]:
    if state.get("QueryLanguage") == "JSONata":
        yield "the JSONata"
    if "Assign" in state:
        yield "the variables (Assign)"
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    if isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED":
        yield "the distributed Map"
    for field in ("ToleratedFailureCount", "ToleratedFailurePercentage"):
        if field in state:
            yield f"the {field}"
    resource = state.get("Resource")
    if isinstance(resource, str) and ":states:::states:startExecution" in resource:
        yield "the child execution"
