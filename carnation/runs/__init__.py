"""Runs, seen: how far one is while it runs, and one page of what it did when it has ended."""

from carnation.runs.page import write_page
from carnation.runs.progress import Progress
from carnation.runs.recorded import Recorded, record_run

__all__ = ["Progress", "Recorded", "record_run", "write_page"]
