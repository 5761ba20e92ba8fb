"""Write `docs/rules.md` again from the docstrings of the rules.

Run as `python scripts/write_rules.py`; with `--check` it only says whether the page is current.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from carnation.linter import load_rules  # noqa: E402
from carnation.linter.formats import render_pages  # noqa: E402  the project need not be installed


def main() -> int:
    """Write the page, or compare it."""
    text, target = render_pages(load_rules()), ROOT / "docs" / "rules.md"
    if "--check" in sys.argv:
        return 0 if target.read_text(encoding="utf-8") == text else 1
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
