"""What a definition takes as it grows: history, payloads, transitions, time, dollars, limits."""

from carnation.estimates.metrics import Estimate, LimitExceeded, find_breaks, find_figures
from carnation.estimates.models import Child, Facts, Model, make_model
from carnation.estimates.samples import sample_schema

__all__ = [
    "Child",
    "Estimate",
    "Facts",
    "LimitExceeded",
    "Model",
    "find_breaks",
    "find_figures",
    "make_model",
    "sample_schema",
]
