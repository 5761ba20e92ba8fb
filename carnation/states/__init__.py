"""States: the typed building blocks of a workflow, and the definition they make.

Enters: arguments of typed constructors.
Leaves: a definition, in plain values.
May not know: resources, stacks, AWS accounts.

The graph is the Step Functions SDK's; the constructors here are its classes with every field named
and checked. `make_definition` turns a graph into Amazon States Language.
"""

from carnation.states.chain import Chain
from carnation.states.choice_rules import ChoiceRule, Condition, Rule
from carnation.states.context import Expression, context, path, variable
from carnation.states.emitter import make_definition
from carnation.states.groups import Branch, ItemProcessor, Map, Parallel
from carnation.states.integrations import Pattern, integrate, integration_arn
from carnation.states.map_fields import (
    Credentials,
    ItemBatcher,
    ItemReader,
    ProcessorConfig,
    ReaderConfig,
    ResultWriter,
    WriterConfig,
)
from carnation.states.raw import Raw
from carnation.states.sdk import inputs
from carnation.states.state import Catch, Retry, State
from carnation.states.state_types import Choice, Fail, Pass, Succeed, Task, Wait
from carnation.states.walk import find_source, find_unchecked

ExecutionInput = inputs.ExecutionInput

__all__ = [
    "Branch",
    "Catch",
    "Chain",
    "Choice",
    "ChoiceRule",
    "Condition",
    "Credentials",
    "ExecutionInput",
    "Expression",
    "Fail",
    "ItemBatcher",
    "ItemProcessor",
    "ItemReader",
    "Map",
    "Parallel",
    "Pass",
    "Pattern",
    "ProcessorConfig",
    "Raw",
    "ReaderConfig",
    "ResultWriter",
    "Retry",
    "Rule",
    "State",
    "Succeed",
    "Task",
    "Wait",
    "WriterConfig",
    "context",
    "find_source",
    "find_unchecked",
    "integrate",
    "integration_arn",
    "make_definition",
    "path",
    "variable",
]
