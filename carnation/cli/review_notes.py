"""What a comparison is told by others: the cost from the estimates, outputs from the engine.

Neither the comparison nor the estimates know of each other; the command joins them here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from carnation.changes import Change
from carnation.changes.impacts import KINDS
from carnation.changes.reviews import Note, Review, Tree
from carnation.cli.review_findings import add_findings
from carnation.cli.review_sources import Definition, list_compared, open_side
from carnation.document.values import Json
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from carnation.estimates import Load, Target

_UNDECLARED = (
    "not estimated, because no load is declared: add --items N, or declare "
    "executions_a_day and items as [tool.carnation.load.{name}] in pyproject.toml"
)
_UNNAMED = "not estimated, because no load is declared: add --items N, the items of a day"
_SUFFIXES = (".json", ".yaml", ".yml", ".json5", ".asl", ".template")


class Notes:
    """Adds to reviews what the estimates, the engine and the account know."""

    def __init__(
        self, old: Tree, new: Tree, items: int | None, accepted: Mapping[str, str] | None = None
    ) -> None:
        """Take what was compared, the items a day that were given, if any, and what is accepted."""
        self._sides = (old, new)
        self._accepted = accepted or {}
        self._items = items
        self._is_told = False

    def add(self, review: Review) -> Review:
        """Add the notes of a review, and to each state in another language what it gives."""
        review = add_findings(review, self._sides, self._accepted)
        notes = [*self._find_in_flight(review), *self._find_costs(review)]
        changes = [self._add_outputs(review, change) for change in review.changes]
        return review._replace(changes=changes, notes=tuple(notes))

    def _find_in_flight(self, review: Review) -> Iterator[Note]:
        running = self._sides[0].in_flight.get(review.name)
        if running is None:
            return
        missed = [
            change.subject for change in review.changes
            if KINDS[change.kind].concerns == "in flight"
        ]  # fmt: skip
        names = ", ".join(f"'{name}'" for name in dict.fromkeys(missed))
        yield Note("in flight", f"{running}{f'; at once they meet: {names}' if names else ''}")

    def add_costs(self, review: Review) -> Review:
        """Add the cost alone, where a load is declared."""
        known = [one for one in list_compared(review, self._sides)
                 if self._find_load(_name(review, one)) is not None]  # fmt: skip
        return review._replace(notes=tuple(self._find_costs(review))) if known else review

    def _find_costs(self, review: Review) -> Iterator[Note]:
        if not any(change.impact != "cosmetic" for change in review.changes):
            return
        compared = list(list_compared(review, self._sides))
        for definition in compared:
            name = _name(review, definition)
            load = self._find_load(name)
            if load is None:
                if not self._is_told:  # once is enough
                    yield Note("cost", self._ask(review, name))
                self._is_told = True
                continue
            from carnation.estimates import compare_estimates  # the engine takes a moment

            old, new = self._open(review, definition)
            line = compare_estimates(old, new, load)
            yield Note("cost", line if len(compared) == 1 else f"{name}: {line}")

    def _ask(self, review: Review, name: str) -> str:
        """Describe how to get the cost; files of two names have no declared load."""
        is_file = os.path.isfile(self._sides[1].name) and not _machine_name(review)
        return _UNNAMED if is_file and review.old_paths else _UNDECLARED.format(name=name)

    def _find_load(self, name: str) -> Load | None:
        """Find the load of a workflow: what was given, else what the project declares."""
        if self._items is not None:
            return _make_load(self._items)
        from carnation.project import read_loads

        declared = read_loads(_find_folder(self._sides[1])).get(name)
        return _make_load(declared[1], declared[0]) if declared else None

    def _open(self, review: Review, definition: Definition) -> tuple[Target | None, Target | None]:
        """Open both sides for an estimate; None where there is no definition."""
        part, *values = definition
        path = part.partition(", ")[0]
        paths = (review.old_paths.get(path, path), path)
        old, new = (
            open_side(tree, review.name, part, path, value)
            for tree, path, value in zip(self._sides, paths, values, strict=True)
        )
        return old, new

    def _add_outputs(self, review: Review, change: Change) -> Change:
        """Say of a state in another language whether it gives what it gave."""
        if change.kind != "language-changed" or change.subject.startswith("the "):
            return change
        for definition in review.definitions:
            if definition[0].partition(", ")[0] == change.part:
                from carnation.estimates import compare_outputs

                old, new = self._open(review, definition)
                if old and new and change.subject in _list_states(new.definition):
                    name = _find_old_name(review, change)
                    told = compare_outputs(old, new, name, change.subject)
                    return change._replace(sentence=f"{change.sentence}; {told}")
        return change


def _machine_name(review: Review) -> str:
    """Name the state machine of a template that is reviewed; '' of a definition by itself."""
    return next((part.partition(", ")[2] for part, _, _ in review.definitions), "")


def _make_load(items: int, executions_a_day: int | None = None) -> Load:
    from carnation.estimates import Load

    return Load(items, executions_a_day)


def _find_old_name(review: Review, change: Change) -> str:
    """Return the name that a state had."""
    return next(
        (
            str(one.before)
            for one in review.changes
            if one.kind == "state-renamed" and one.subject == change.subject
        ),
        change.subject,
    )


def _list_states(definition: Json) -> set[str]:
    from carnation.asl import walk_states

    return {place.name for place in walk_states(definition)}


def _find_folder(tree: Tree) -> str:
    """Return the folder of a side that is a path; the current one of a revision."""
    path = tree.name
    if os.path.isdir(path):
        return path
    return os.path.dirname(path) or "." if os.path.isfile(path) else "."


def _name(review: Review, definition: Definition) -> str:
    """Name what is estimated: a workflow, a machine of a template, a file without its suffix."""
    part, _, machine = definition[0].partition(", ")
    if part.startswith(f"build/{review.name}/"):
        return review.name
    stem = machine or part.rpartition("/")[2]
    while stem.endswith(_SUFFIXES):
        stem = stem.rpartition(".")[0]
    return stem


def add_notes(
    reviews: Sequence[Review],
    sides: tuple[Tree, Tree],
    items: int | None,
    accepted: Mapping[str, str] | None = None,
) -> list[Review]:
    """Add to each review what the comparison itself does not know."""
    notes = Notes(*sides, items, accepted)
    return [notes.add(review) for review in reviews]
