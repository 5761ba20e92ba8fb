"""Changes: what two definitions, or two sets of templates, do not share, and how much it matters.

Enters: two documents, or two trees of them.
Leaves: changes with an impact, as frozen records, and reports of them.
May not know: how documents are made: workflows, states, stacks, artifacts; nor any account.

Generators over plain documents that yield small frozen records; no files, no printing. Templates
have a door of their own, `carnation.changes.templates`, which who compares definitions never loads.
"""

from carnation.changes.definitions import find_definition_changes
from carnation.changes.impacts import FAMILIES, IMPACTS, KINDS, find_worst
from carnation.changes.records import MISSING, Change

__all__ = [
    "FAMILIES",
    "IMPACTS",
    "KINDS",
    "MISSING",
    "Change",
    "find_definition_changes",
    "find_worst",
]
