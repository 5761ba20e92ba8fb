"""Events that arrive: rules and schedules reach their targets, pipes deliver from their sources."""

from __future__ import annotations

from carnation.emulator.events.pipes import Pipes
from carnation.emulator.events.rules import Rules
from carnation.emulator.events.schedules import Clock, Firing, Schedules

__all__ = ["Clock", "Firing", "Pipes", "Rules", "Schedules"]
