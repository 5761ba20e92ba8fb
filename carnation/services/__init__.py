"""Facts about AWS: which integrations exist, with which patterns, and what their actions need."""

from carnation.services.actions import find_action, list_actions
from carnation.services.integrations import INTEGRATIONS

__all__ = ["INTEGRATIONS", "find_action", "list_actions"]
