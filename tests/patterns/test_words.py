"""The words of events are in their own package only."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

WORDS = ("start_seq", "end_seq", "sequence_no", "retry_attempt", "generated_unix_time")
OWN = ROOT / "carnation" / "patterns" / "events"


@pytest.mark.parametrize("word", WORDS)
def test_no_module_outside_of_the_events_package_has_their_words(word: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "carnation").rglob("*.py"))
        if OWN not in path.parents and re.search(rf"\b{word}\b", path.read_text(encoding="utf-8"))
    ]
    assert found == []
    assert any(word in path.read_text(encoding="utf-8") for path in OWN.rglob("*.py"))
