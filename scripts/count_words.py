"""Print the words and the longest paragraph of each page, the longest first.

Run as `python scripts/count_words.py`. A test holds the paragraphs of all pages under 90 words.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.pages import list_paragraphs  # noqa: E402  the project need not be installed


def main() -> int:
    """Count, and print a row for each page."""
    rows = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        lengths = [len(text.split()) for text in list_paragraphs(page.read_text("utf-8"))]
        rows.append((max(lengths, default=0), sum(lengths), page.relative_to(ROOT).as_posix()))
    print("| page | words | longest paragraph |\n| --- | ---: | ---: |")
    for longest, words, name in sorted(rows, reverse=True):
        print(f"| {name} | {words} | {longest} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
