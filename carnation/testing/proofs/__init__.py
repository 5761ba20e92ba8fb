"""Proofs: a workflow is run through everything that can go wrong, and a promise is checked.

A `World` is a deployed workflow; `prove` plays its runs with every fault at every call and step,
and asks an invariant at every moment.
"""

from carnation.testing.proofs.scenarios import KINDS, Fault, Point, Story, Switch
from carnation.testing.proofs.search import Invariant, Proof, play, prove
from carnation.testing.proofs.world import Attempt, World

__all__ = [
    "KINDS",
    "Attempt",
    "Fault",
    "Invariant",
    "Point",
    "Proof",
    "Story",
    "Switch",
    "World",
    "play",
    "prove",
]
