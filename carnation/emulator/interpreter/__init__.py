"""Executions of state machines: the engine, behind moto's Step Functions API.

Everything the emulator knows of moto's `stepfunctions` is in this folder, and nothing outside it
imports that. What the rest asks for is the front: `install` (while an emulator is open), `hold`,
`stop`, `time_out`, `find`, `watching`, `publish_version`, `find_revision`, `refuse_beyond_reach`.
"""

from __future__ import annotations

from carnation.emulator.interpreter.backend import (
    find,
    find_revision,
    hold,
    install,
    publish_version,
    stop,
    time_out,
    watching,
)
from carnation.emulator.interpreter.compilation import refuse_beyond_reach
from carnation.emulator.interpreter.executions import How, Run
from carnation.emulator.interpreter.task_runner import Performer, Script

__all__ = [
    "How",
    "Performer",
    "Run",
    "Script",
    "find",
    "find_revision",
    "hold",
    "install",
    "publish_version",
    "refuse_beyond_reach",
    "stop",
    "time_out",
    "watching",
]
