"""Proofs: a workflow is run through everything that can go wrong, and invariants are checked.

An `Environment` is a deployed workflow; `prove` plays its runs with every fault at every call and
step, and asks an invariant at every moment.
"""

from carnation.testing.proofs.environment import Attempt, Environment
from carnation.testing.proofs.scenarios import KINDS, Fault, FaultPoint, Interleaving, Scenario
from carnation.testing.proofs.search import Invariant, Proof, play, prove

World = Environment
"""The name until 0.1, for one release."""

__all__ = [
    "KINDS",
    "Attempt",
    "Environment",
    "Fault",
    "FaultPoint",
    "Interleaving",
    "Invariant",
    "Proof",
    "Scenario",
    "World",
    "play",
    "prove",
]
