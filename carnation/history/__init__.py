"""Runs, seen: how far one is while it runs, and one page of what it did when it has ended."""

from carnation.history.html import save_page, write_page
from carnation.history.progress import Progress
from carnation.history.timeline import Recorded, record_run

__all__ = ["Progress", "Recorded", "record_run", "save_page", "write_page"]
