"""Reviews: two trees of documents side by side, out of folders, files or revisions; reports."""

from carnation.changes.reviews.accepted import read_accepted
from carnation.changes.reviews.compare import Review, compare_trees
from carnation.changes.reviews.trees import Tree
from carnation.changes.reviews.verdict import Bump, judge_bump, sort_changes

__all__ = [
    "Bump",
    "Review",
    "Tree",
    "compare_trees",
    "judge_bump",
    "read_accepted",
    "sort_changes",
]
