"""A definition far beyond what AWS takes gets one finding, and nothing else is looked at."""

from __future__ import annotations

from carnation.document import parse_document
from carnation.linter import Settings, review_definition

LARGE = parse_document(
    '{"StartAt": "Gone", "States": {}, "Comment": "%s"}' % ("x" * 5_000_000), "a.json"
)


def test_a_definition_of_five_megabytes_is_refused_for_its_size_alone() -> None:
    (finding,) = review_definition(LARGE)
    assert (finding.rule, finding.severity, finding.line) == ("definition-too-large", "error", 1)
    assert "5,000,0" in finding.message


def test_the_rule_can_be_switched_off() -> None:
    assert review_definition(LARGE, settings=Settings({"definition-too-large": "off"})) == []
