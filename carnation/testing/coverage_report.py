"""What coverage looks like: a table and what was missed, and a picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from carnation.asl import walk_states
from carnation.console import align_table
from carnation.diagram import draw_svg
from carnation.errors import UsageError
from carnation.testing.coverage import KINDS, Coverage, Covered, Item

_SINGULAR = {"transitions": "transition", "catchers": "catcher", "retriers": "retrier"}


def format_coverage(coverage: Coverage) -> Iterator[str]:
    """Yield the table, then each thing that no test took.

    >>> list(format_coverage(Coverage()))
    ['no state machine was run: use load_definition or deploy_workflow']
    """
    if not coverage.machines:
        yield "no state machine was run: use load_definition or deploy_workflow"
        return
    rows = [["state machine", *KINDS, ""]]
    for name, covered in coverage.machines.items():
        pairs = [covered.count(kind) for kind in KINDS]
        total = sum(of for _, of in pairs)
        share = 100 * sum(taken for taken, _ in pairs) / total
        rows.append([name, *(f"{taken}/{of}" for taken, of in pairs), f"{share:.0f} %"])
    yield from align_table(rows, right=range(1, len(rows[0])))
    for name, covered in coverage.machines.items():
        missed = list(_format_missed(covered))
        if missed:
            yield f"\n{name}: never"
            yield from (f"  {line}" for line in missed)


def _format_missed(covered: Covered) -> Iterator[str]:
    """Return what was missed; of a state that was never entered only that."""
    missed = covered.list_missed()
    unseen = {item[1] for item in missed if item[0] == "states"}
    for item in missed:
        if item[0] == "states":
            yield f"state {item[1]}"
        elif item[1] not in unseen:
            yield f"{_SINGULAR[item[0]]} {_describe(item)}"


def _describe(item: Item) -> str:
    if item[0] == "transitions":
        return f"{item[1]} → {item[3]} ({item[2]})"
    field = "Catch" if item[0] == "catchers" else "Retry"
    return f"{item[1]} {field}[{item[2]}] {item[3]}"


def write_pictures(coverage: Coverage, folder: str) -> list[str]:
    """Draw each definition into a folder: + for what tests took, − for what they missed."""
    paths = []
    try:
        os.makedirs(folder, exist_ok=True)
        for name, covered in coverage.machines.items():
            path = Path(folder) / f"{name.replace(os.sep, '-')}.svg"
            picture = draw_svg(covered.definition, _make_marks(covered), title=f"Tests of {name}")
            beside = path.with_suffix(".part")
            beside.write_text(picture, encoding="utf-8")
            beside.replace(path)
            paths.append(str(path))
    except OSError as error:
        raise UsageError(
            f"{error.filename} cannot be written ({error.strerror}). "
            "Set --carnation-cov-picture to another folder."
        ) from error
    return paths


def _make_marks(covered: Covered) -> dict[str, str]:
    taken = covered.taken
    marks = {}
    for place in walk_states(covered.definition):
        marks[place.pointer] = "added" if ("states", place.name) in taken else "removed"
        for item in covered.list_items():
            if item[0] == "transitions" and item[1] == place.name:
                way = f"{place.pointer}→{item[3]}"
                marks[way] = "added" if item in taken else marks.get(way, "removed")
    return marks
