"""An AWS account on one's own machine: moto, on which emitted artifacts run for real.

Enters: artifacts, inputs, calls of any AWS client.
Leaves: executions, and what the stores hold.
May not know: the commands, the words of any one workflow.

`Emulator` deploys templates through CloudFormation, runs their state machines, and runs their
Lambda functions out of their zips. It needs neither network nor credentials, and reads none. This
is the only room that knows moto. A function's handler runs in a process (`worker_processes`, where
its timeout is counted; `worker` is what runs there) or in this one (`in_process`); `invocations` is
Lambda's Invoke. `interpreter` has the API of Step Functions, `cloudformation` stacks and resource
types (`kinds`), `events` EventBridge, pipes and schedules; `workflow_runs` is `carnation run`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnation.lazy import load_lazily

if TYPE_CHECKING:
    from carnation.emulator.contents import Message
    from carnation.emulator.deployment import Deployment
    from carnation.emulator.emulator import Emulator, ExecutionResult
    from carnation.emulator.faults import FunctionError, Interception, ServiceError
    from carnation.emulator.workflow_runs import Observer, WorkflowRun, WorkflowRuns, run

__all__ = [
    "Deployment",
    "Emulator",
    "ExecutionResult",
    "FunctionError",
    "Interception",
    "Message",
    "Observer",
    "ServiceError",
    "WorkflowRun",
    "WorkflowRuns",
    "run",
]

# moto is an extra, and takes a second to load
__getattr__ = load_lazily(
    __name__,
    {
        "Deployment": "deployment",
        "Emulator": "emulator",
        "ExecutionResult": "emulator",
        "FunctionError": "faults",
        "Interception": "faults",
        "Message": "contents",
        "Observer": "workflow_runs",
        "ServiceError": "faults",
        "WorkflowRun": "workflow_runs",
        "WorkflowRuns": "workflow_runs",
        "run": "workflow_runs",
    },
)
