"""The verdict: the worst comes first, and asks for a version.

Permissions are on top, then what is worst, then what fails or is lost, then the order of the
documents; what only has another name comes last. Source of the numbers: https://semver.org (before
1.0.0 the second number is for what breaks).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carnation.changes.impacts import FAMILIES, FINDINGS, IMPACTS, KINDS
from carnation.changes.records import Change
from carnation.records import NamedTuple

NONE, PATCH, MINOR, MAJOR = "none", "patch", "minor", "major"
_SIZES = (NONE, PATCH, MINOR, MAJOR)
_WANTED = {"": NONE, "cosmetic": NONE, "behavioral": MINOR, "breaking": MAJOR, "dangerous": MAJOR}
_BEFORE_ONE = {MAJOR: MINOR, MINOR: PATCH}
_FAILING = frozenset({
    "catch-removed", "path-lost", "retry-removed", "choice-inverted", "timeout-added",
    "timeout-lowered", "concurrency-unbounded", "tolerance-lowered",
})  # fmt: skip
"""Kinds after which executions fail, or do the opposite, that did not."""


class VersionBump(NamedTuple):
    """The step of the version that the changes ask for, and the one that was made."""

    wanted: str
    made: str

    @property
    def enough(self) -> bool:
        """Return whether the step made is at least the one asked for."""
        return _SIZES.index(self.made) >= _SIZES.index(self.wanted)


def check_version_bump(old: str, new: str, impact: str) -> VersionBump | None:
    """Compare the step between two versions with what an impact asks for; None without versions.

    >>> check_version_bump("1.2.0", "1.3.0", "breaking")
    VersionBump(wanted='major', made='minor')
    >>> check_version_bump("0.2.0", "0.3.0", "breaking").enough
    True
    """
    one, two = _read_version(old), _read_version(new)
    if one is None or two is None:
        return None
    wanted = _WANTED[impact]
    if one[0] == 0:
        wanted = _BEFORE_ONE.get(wanted, wanted)
    made = NONE
    for size, before, after in zip((MAJOR, MINOR, PATCH), one, two, strict=True):
        if before != after:
            made = size if after > before else NONE  # a step back is none
            break
    return VersionBump(wanted, made)


def step_version(old: str, size: str) -> str:
    """Return the version after a step of that size, which is the least that is enough.

    >>> step_version("1.2.3", "major"), step_version("0.2.3", "minor")
    ('2.0.0', '0.3.0')
    """
    major, minor, patch = _read_version(old) or (0, 0, 0)
    steps = {
        MAJOR: (major + 1, 0, 0),
        MINOR: (major, minor + 1, 0),
        PATCH: (major, minor, patch + 1),
    }
    return ".".join(map(str, steps.get(size, (major, minor, patch))))


def _read_version(text: str) -> tuple[int, int, int] | None:
    parts = text.partition("+")[0].partition("-")[0].split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def sort_changes(changes: Iterable[Change]) -> list[Change]:
    """Sort changes as a reviewer should read them."""
    return sorted(changes, key=_rank)


def _rank(change: Change) -> tuple[int, int, int]:
    kind = KINDS[change.kind]
    return (
        FAMILIES.index(kind.family) if kind.family == FAMILIES[0] else 1,
        -IMPACTS.index(kind.impact),
        rank_consequence(change),
    )


def rank_consequence(change: Change) -> int:
    """Rank a change among those of its impact: 0 for what fails or is lost, 3 for mere names.

    >>> rank_consequence(Change("catch-removed", "", "A", ""))
    1
    >>> rank_consequence(Change("state-removed", "", "A", ""))
    3
    """
    kind = KINDS[change.kind]
    if kind.concerns == "data" or kind.family == FINDINGS or change.kind == "action-lost":
        return 0
    if change.kind in _FAILING:
        return 1
    return 3 if kind.concerns == "watchers" or change.kind.startswith("permission-") else 2


def reaches(changes: Sequence[Change], level: str) -> bool:
    """Return whether one of the changes is at or above a level; none is above `never`."""
    if level == "never":
        return False
    return any(IMPACTS.index(change.impact) >= IMPACTS.index(level) for change in changes)
