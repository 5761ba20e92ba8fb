"""Step Functions: the API, and executions on the engine behind it.

The API is in `api/`. Whatever else the emulator asks for is named here.
"""

from __future__ import annotations

from carnation.emulator.interpreter.backend import (
    find,
    forget_executions,
    hold,
    install,
    list_executions,
    list_machines,
    settle,
    stop,
    stop_all,
    time_out,
    watching,
)
from carnation.emulator.interpreter.compilation import reject_unsupported
from carnation.emulator.interpreter.executions import EmulatedExecution, ExecutionSettings
from carnation.emulator.interpreter.jobs import Jobs
from carnation.emulator.interpreter.task_runner import TaskRunner, TaskScript

__all__ = [
    "EmulatedExecution",
    "ExecutionSettings",
    "Jobs",
    "TaskRunner",
    "TaskScript",
    "find",
    "forget_executions",
    "hold",
    "install",
    "list_executions",
    "list_machines",
    "reject_unsupported",
    "settle",
    "stop",
    "stop_all",
    "time_out",
    "watching",
]
