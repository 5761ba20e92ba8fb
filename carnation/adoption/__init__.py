"""Adoption: definitions somebody wrote, turned into the Python a person would have written.

Enters: definitions, and templates around them, in any file that `sources` reads.
Leaves: modules of `definitions/`, formatted, that build the same definition again.
May not know: accounts, the emulator, `build/`.

A definition is read (`sources`), its graph becomes functions (`graph`, `structure`), what it
repeats is lifted out (`constants`), what its template has next to it becomes resources and triggers
(`template`, `inventory`, `kinds`, `sam`, `starters`), and all is laid out as `ruff format` would
leave it (`codegen`, `inventory_code`, `formatter`, `module`). The module is built again and
compared (`round_trip`), and so is the template (`comparison`).
"""

from carnation.adoption.comparison import compare_templates
from carnation.adoption.inventory import Inventory
from carnation.adoption.module import render_module
from carnation.adoption.round_trip import Difference, find_difference
from carnation.adoption.sources import Source, read_sources, rename_duplicates

__all__ = [
    "Difference",
    "Inventory",
    "Source",
    "compare_templates",
    "find_difference",
    "read_sources",
    "rename_duplicates",
    "render_module",
]
