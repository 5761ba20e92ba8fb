"""Which class runs which type of state."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.engine.flow_states import Choice, Fail, Pass, Succeed, Wait
from carnation.engine.machine import Maker
from carnation.engine.maps import make_map
from carnation.engine.parallel import Parallel
from carnation.engine.tasks import TaskState

MAKERS: Mapping[str, Maker] = {
    "Pass": Pass,
    "Task": TaskState,
    "Choice": Choice,
    "Wait": Wait,
    "Succeed": Succeed,
    "Fail": Fail,
    "Parallel": Parallel,
    "Map": make_map,
}
