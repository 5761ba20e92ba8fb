"""Reviews: two trees of documents side by side, out of folders, files or revisions; reports."""

from carnation.changes.reviews.accepted import read_accepted
from carnation.changes.reviews.compare import Note, Review, compare_trees
from carnation.changes.reviews.trees import Tree, open_file, open_folder
from carnation.changes.reviews.verdict import VersionBump, check_version_bump, sort_changes

__all__ = [
    "Note",
    "Review",
    "Tree",
    "VersionBump",
    "check_version_bump",
    "compare_trees",
    "open_file",
    "open_folder",
    "read_accepted",
    "sort_changes",
]
