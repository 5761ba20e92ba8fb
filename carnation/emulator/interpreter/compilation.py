"""Definitions, compiled once; what cannot run is refused by name."""

from __future__ import annotations

import json
from functools import lru_cache

from carnation.engine import CompiledMachine, compile_definition
from carnation.errors import CarnationError, DefinitionError, EmulatorError
from carnation.linter import REFUSAL, find_problems


@lru_cache(maxsize=64)
def compile_text(definition: str) -> CompiledMachine:
    """Compile a definition; raises `DefinitionError` or `ExpressionError`.

    What the engine could run and AWS would reject is refused by the rule's name.
    """
    try:
        document = json.loads(definition)
    except ValueError as error:
        raise DefinitionError(f"the definition is not valid JSON: {error}") from error
    machine = compile_definition(document)
    for rule, problem in find_problems(document, families=(REFUSAL,)):
        state = f"state '{problem.state}': " if problem.state else ""
        raise DefinitionError(
            f"AWS would reject it. {state}{problem.message}, at {problem.pointer or '/'} "
            f"({rule.id})."
        )
    return machine


def reject_unsupported(definition: str) -> None:
    """Raise `EmulatorError` for a definition that would not run as it does on AWS."""
    try:
        compile_text(definition)
    except CarnationError as error:
        raise EmulatorError(f"its definition is not one that can run: {error}") from error
