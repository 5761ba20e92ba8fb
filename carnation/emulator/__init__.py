"""An AWS account on one's own machine: moto, on which emitted artifacts run for real.

`Emulator` deploys templates through CloudFormation, runs their state machines, and runs their
Lambda functions out of their zips. It needs neither network nor credentials, and reads none. This
is the only room that knows moto; with the room for real accounts the only one that knows boto3.
"""

from __future__ import annotations

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
