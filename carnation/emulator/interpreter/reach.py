"""Definitions, compiled once; what cannot run is refused by name."""

from __future__ import annotations

import json
from functools import lru_cache

from carnation.engine import Machine, compile_definition
from carnation.errors import CarnationError, DefinitionError, EmulatorError


@lru_cache(maxsize=64)
def compile_text(definition: str) -> Machine:
    """Compile a definition; raises `DefinitionError` or `ExpressionError`."""
    try:
        document = json.loads(definition)
    except ValueError as error:
        raise DefinitionError(f"the definition is no JSON: {error}") from error
    return compile_definition(document)


def refuse_beyond_reach(definition: str) -> None:
    """Raise `EmulatorError` for a definition that would not run as it does on AWS."""
    try:
        compile_text(definition)
    except CarnationError as error:
        raise EmulatorError(f"its definition is not one that can run: {error}") from error
