"""States: the typed building blocks of a workflow, and the definition they make.

The graph is the Step Functions SDK's; the constructors here are its classes with every field named
and checked. `make_definition` turns a graph into Amazon States Language.
"""

from carnation.states.blocks import Catch, Chain, Retry, State
from carnation.states.door import choice_rule, inputs
from carnation.states.emitter import find_source, make_definition
from carnation.states.integrations import name_integration
from carnation.states.types import Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait

ChoiceRule = choice_rule.ChoiceRule
ExecutionInput = inputs.ExecutionInput

__all__ = [
    "Catch",
    "Chain",
    "Choice",
    "ChoiceRule",
    "ExecutionInput",
    "Fail",
    "Map",
    "Parallel",
    "Pass",
    "Retry",
    "State",
    "Succeed",
    "Task",
    "Wait",
    "find_source",
    "make_definition",
    "name_integration",
]
