"""Runs, seen: how far one is while it runs, and one page of what it did when it has ended.

Enters: the events of an execution, and its definition.
Leaves: progress, a timeline, one page of HTML.
May not know: where the events come from: the emulator or an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnation.history.progress import Progress
from carnation.history.timeline import ItemNamer, Recorded, record_run
from carnation.lazy import load_lazily

if TYPE_CHECKING:
    from carnation.history.html import render_page, save_page

__all__ = ["ItemNamer", "Progress", "Recorded", "record_run", "render_page", "save_page"]

__getattr__ = load_lazily(__name__, {"render_page": "html", "save_page": "html"})
