"""What a definition takes as it grows: history, payloads, transitions, time, dollars, limits.

Enters: a definition, and facts about it.
Leaves: counts, dollars and limits as the input grows.
May not know: how definitions are made; accounts and the emulator.
"""

from carnation.estimates.estimate import Estimates, estimate
from carnation.estimates.metrics import Estimate, LimitExceeded, find_breaks, find_figures
from carnation.estimates.models import Child, Facts, Model, make_model
from carnation.estimates.samples import sample_schema
from carnation.estimates.targets import Target

__all__ = [
    "Child",
    "Estimate",
    "Estimates",
    "Facts",
    "LimitExceeded",
    "Model",
    "Target",
    "estimate",
    "find_breaks",
    "find_figures",
    "make_model",
    "sample_schema",
]
