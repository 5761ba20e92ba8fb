"""New findings of the lint: what it says of the new side of a comparison, and not of the old one.

Neither the comparison nor the lint knows of the other; the command joins them here.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.changes import Change
from carnation.changes.reviews import Review, Tree
from carnation.cli.review_sources import read_tree_sources
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from carnation.linter import Finding, Settings

_MACHINE = "the state machine"


def find_new_findings(review: Review, sides: tuple[Tree, Tree]) -> list[Change]:
    """Find the errors and warnings that the new side has and the old one has not."""
    paths = dict.fromkeys(
        [change.part for change in review.changes if change.impact != "cosmetic" and change.part]
    )
    if not paths:
        return []
    from carnation.linter import Settings
    from carnation.linter.settings import read_settings

    settings = Settings(read_settings(".")[0].severities, "warning")
    found: list[Change] = []
    for path in paths:
        old = review.old_paths.get(path, path)
        after = _lint(sides[1], path, settings)
        if not after:
            continue
        known = {_identify(one) for one in _lint(sides[0], old, settings)}
        found += [
            _describe(one, path)
            for one in after
            if _identify(one) not in known and not _is_told(one, review)
        ]
    return found


def _lint(tree: Tree, path: str, settings: Settings) -> list[Finding]:
    """Lint a file of a side; nothing of one that it has not, or that cannot be read."""
    sources = read_tree_sources(tree, path)
    if not sources:
        return []
    from carnation.linter import review_definition

    return [
        finding
        for source in sources
        if source.error is None and source.where == path
        for one in source.list_deployed()
        for finding in review_definition(
            one, type=source.type or _find_type(tree, path), settings=settings
        )
    ]


def _find_type(tree: Tree, path: str) -> str:
    """Find the type of a built state machine in the templates next to it; STANDARD of others."""
    folder = path.partition("/code/state-machine/")[0]
    if folder == path:
        return "STANDARD"
    templates = [one for one in tree.paths if one.startswith(f"{folder}/cft/")]
    is_express = any(b'"EXPRESS"' in data for data in tree.read(templates).values())
    return "EXPRESS" if is_express else "STANDARD"


def _identify(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.state, finding.message


def _is_told(finding: Finding, review: Review) -> bool:
    """Return whether a loss of the role has been told that is the cause."""
    return finding.rule == "missing-permission" and any(
        change.kind == "action-lost" and change.facts == finding.facts for change in review.changes
    )


def _describe(finding: Finding, path: str) -> Change:
    from carnation.linter import CALL, REFUSAL, find_rule

    family = find_rule(finding.rule).family
    kind, sentence = "finding-added", finding.message
    if family == REFUSAL and finding.severity == "error":
        kind, sentence = "finding-refused", f"is rejected by AWS: {finding.message}"
    elif finding.rule == "missing-permission":
        kind, sentence = "finding-fails", f"every execution will be denied: {finding.message}"
    elif family == CALL and finding.severity == "error":
        kind, sentence = "finding-fails", f"every execution will fail: {finding.message}"
    return Change(
        kind, finding.pointer, finding.state or _MACHINE, f"{sentence} [{finding.rule}]",
        after=finding.rule, part=path,
    )  # fmt: skip


def add_findings(review: Review, sides: tuple[Tree, Tree], accepted: Mapping[str, str]) -> Review:
    """Add the new findings to a review, as changes; those accepted with their reasons."""
    from carnation.changes.reviews.verdict import sort_changes

    found = find_new_findings(review, sides)
    if not found:
        return review
    fine = [one for one in found if accepted and one.fingerprint in accepted]
    return review._replace(
        changes=sort_changes([*(one for one in found if one not in fine), *review.changes]),
        accepted=[*review.accepted, *((one, accepted[one.fingerprint]) for one in fine)],
    )
