"""The engine: runs a definition as AWS would, in virtual time, on this machine.

Enters: a definition, an input, a port that performs Tasks.
Leaves: an `Execution`: status, output, history events.
May not know: AWS: no SDK, no service, no account; and no clock but its own.

A port performs its Tasks (`ports`). `Execution` is the noun; `compile_definition` makes the
machine it runs (`compiler`); fibers run its states in turn, by one virtual `Clock` (`fibers`);
`retry_catch` has retriers and catchers, `maps` and `distributed` the two kinds of Map;
`state_tests` is TestState.
"""

from carnation.engine.child_executions import Child, MapRun
from carnation.engine.compiler import CompiledMachine, compile_definition
from carnation.engine.execution import Execution, run_definition
from carnation.engine.history import Event
from carnation.engine.history_export import export_event
from carnation.engine.ports import (
    Failed,
    NoTasks,
    Outcome,
    Pending,
    Port,
    Started,
    Submitted,
    Succeeded,
    Task,
)
from carnation.engine.state_tests import test_state

__all__ = [
    "Child",
    "CompiledMachine",
    "Event",
    "Execution",
    "Failed",
    "MapRun",
    "NoTasks",
    "Outcome",
    "Pending",
    "Port",
    "Started",
    "Submitted",
    "Succeeded",
    "Task",
    "compile_definition",
    "export_event",
    "run_definition",
    "test_state",
]
