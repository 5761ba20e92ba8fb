"""What a definition takes as it grows: history, payloads, transitions, time, dollars, limits.

Enters: a definition, and facts about it.
Leaves: counts, dollars and limits as the input grows.
May not know: how definitions are made; accounts and the emulator.
"""

from carnation.estimates.built_workflow import parse_built
from carnation.estimates.comparison import Load, compare_estimates
from carnation.estimates.equivalence import compare_outputs
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
    "Load",
    "Model",
    "Target",
    "compare_estimates",
    "compare_outputs",
    "estimate",
    "find_breaks",
    "find_figures",
    "make_model",
    "parse_built",
    "sample_schema",
]
