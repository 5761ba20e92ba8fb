"""The seam where an engine of our own will sit: executions of state machines.

Everything the emulator knows of moto's interpreter of the Amazon States Language is in this folder,
and nothing outside it imports `moto.stepfunctions`. What the rest asks for is the front: `install`
(while an emulator is open), `stop`, `time_out`, `find`, `watching`, `publish_version`,
`find_revision`, `refuse_beyond_reach`.
An engine of our own replaces the modules behind these names and nothing else.
"""

from __future__ import annotations

from carnation.emulator.interpreter.executions import (
    Run,
    find,
    find_revision,
    install,
    publish_version,
    stop,
    time_out,
    watching,
)
from carnation.emulator.interpreter.reach import refuse_beyond_reach

__all__ = [
    "Run",
    "find",
    "find_revision",
    "install",
    "publish_version",
    "refuse_beyond_reach",
    "stop",
    "time_out",
    "watching",
]
