"""Parameters that only the events workflow has, or describes in its own words."""

from __future__ import annotations

SCHEDULE = {
    "Description": "When runs work through the queue, once a day or more often; empty for never"
}
PROTECTION = {"Description": "Whether the store of events refuses to be deleted"}
