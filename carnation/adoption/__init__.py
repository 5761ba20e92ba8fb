"""Adoption: definitions somebody wrote, turned into the Python a person would have written.

A definition is read (`sources`), its graph is told as functions (`graph`, `flow`), what it repeats
is lifted out (`constants`), and all is laid out as `ruff format` would leave it (`code`, `writing`,
`module`). The module is built again and compared (`rebuilding`).
"""

from carnation.adoption.module import write_module
from carnation.adoption.round_trip import Difference, find_difference
from carnation.adoption.sources import Source, name_apart, read_sources

__all__ = ["Difference", "Source", "find_difference", "name_apart", "read_sources", "write_module"]
