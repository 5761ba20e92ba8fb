"""Testing a workflow like any other code: answers for mocks, and what the plugin's fixtures give.

The plugin (`carnation.pytest_plugin`) is found by pytest itself; a test imports only the answers:

    from carnation.testing import Return, Throw
"""

from carnation.testing.answers import (
    REAL,
    Delay,
    Invoke,
    Malformed,
    Return,
    ReturnPayload,
    Throw,
    TimeOut,
)
from carnation.testing.machines import DeployedMachine, LocalMachine
from carnation.testing.runs import Run
from carnation.testing.visits import Visit

__all__ = [
    "REAL",
    "Delay",
    "DeployedMachine",
    "Invoke",
    "LocalMachine",
    "Malformed",
    "Return",
    "ReturnPayload",
    "Run",
    "Throw",
    "TimeOut",
    "Visit",
]
