"""Testing a workflow like any other code: answers for mocks, and what the plugin's fixtures give.

Enters: a workflow or a definition, mocks, recordings.
Leaves: `TestRun`s with assertions, coverage, proofs.
May not know: the commands, accounts, the words of any one workflow.

The plugin (`carnation.pytest_plugin`) is found by pytest itself; a test imports only the answers:

    from carnation.testing import Return, Throw
"""

from carnation.history.visits import Visit
from carnation.testing.mock_results import (
    REAL,
    Delay,
    Invoke,
    Malformed,
    Return,
    ReturnPayload,
    Throw,
    TimeOut,
)
from carnation.testing.runs import TestRun
from carnation.testing.state_machines import DeployedMachine, LocalMachine

__all__ = [
    "REAL",
    "Delay",
    "DeployedMachine",
    "Invoke",
    "LocalMachine",
    "Malformed",
    "Return",
    "ReturnPayload",
    "TestRun",
    "Throw",
    "TimeOut",
    "Visit",
]
