"""Permissions: what a policy grants, and the IAM actions that a definition needs."""

from carnation.permissions.grants import Grant, covers, find_lost, read_policy
from carnation.permissions.needs import find_needed_actions

__all__ = ["Grant", "covers", "find_lost", "find_needed_actions", "read_policy"]
