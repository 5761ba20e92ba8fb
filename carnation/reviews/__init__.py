"""Reviews: two trees of documents side by side, out of folders, files or revisions; reports."""

from carnation.reviews.acceptance import read_accepted
from carnation.reviews.comparing import Review, compare_trees
from carnation.reviews.trees import Tree
from carnation.reviews.verdicts import Bump, judge_bump, sort_changes

__all__ = [
    "Bump",
    "Review",
    "Tree",
    "compare_trees",
    "judge_bump",
    "read_accepted",
    "sort_changes",
]
