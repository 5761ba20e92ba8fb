"""The edits between two plain values: leaves that were changed, added, or removed.

Items of lists are matched by content first, so that one item put in front is one edit. The order of
keys and the spelling of numbers (2, 2.0) are no edits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.changes.records import MISSING, Edit, render_value
from carnation.document import join_pointer
from carnation.document.values import Json

_MAX_MATCHED_ITEMS = 400  # items; beyond it lists are matched from both ends only, to stay linear

Pair = tuple[Json, Json, str, str]


def find_edits(
    old: Json, new: Json, old_pointer: str = "", new_pointer: str = ""
) -> Iterator[Edit]:
    """Yield the edits that make one value of another, in the order of the new one.

    >>> list(find_edits({"a": [1, 2]}, {"a": [0, 1, 2]}))
    [Edit(old=None, new='/a/0', before=MISSING, after=0)]
    >>> [edit.pointer for edit in find_edits({"a": 1, "b": True}, {"a": 1.0, "b": 1})]
    ['/b']
    """
    waiting: list[Pair] = [(old, new, old_pointer, new_pointer)]
    while waiting:
        before, after, before_at, after_at = waiting.pop()
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            pairs = _pair_keys(before, after, before_at, after_at)
        elif isinstance(before, list) and isinstance(after, list):
            pairs = _pair_items(before, after, before_at, after_at)
        else:
            if not is_same(before, after):
                yield Edit(
                    None if before is MISSING else before_at,
                    None if after is MISSING else after_at,
                    before,
                    after,
                )
            continue
        waiting.extend(reversed(pairs))


def is_same(before: Json, after: Json) -> bool:
    """Return whether two values are one: true is not 1, but 2 is 2.0."""
    if before is after:
        return True
    if isinstance(before, bool) or isinstance(after, bool):
        return False  # bools are singletons
    numbers = isinstance(before, (int, float)) and isinstance(after, (int, float))
    if numbers or type(before) is type(after):
        return bool(before == after)
    return False


def _pair_keys(
    old: Mapping[str, Json], new: Mapping[str, Json], old_at: str, new_at: str
) -> list[Pair]:
    keys = [*new, *(key for key in old if key not in new)]
    return [
        (old.get(key, MISSING), new.get(key, MISSING),
         join_pointer(old_at, key), join_pointer(new_at, key))
        for key in keys
    ]  # fmt: skip


def _pair_items(old: list[Json], new: list[Json], old_at: str, new_at: str) -> list[Pair]:
    pairs: list[Pair] = []
    for i, j in match_items(
        [render_value(item) for item in old], [render_value(item) for item in new]
    ):
        before = MISSING if i is None else old[i]
        after = MISSING if j is None else new[j]
        pairs.append((before, after, f"{old_at}/{i}", f"{new_at}/{j}"))
    return pairs


def match_items(old: list[str], new: list[str]) -> list[tuple[int | None, int | None]]:
    """Match the items of two lists: equal ones first, then those between them in their order.

    >>> match_items(["a", "b", "c"], ["b", "x"])
    [(0, None), (1, 0), (2, 1)]
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle_old = old[start : len(old) - end]
    middle_new = new[start : len(new) - end]
    matched: list[tuple[int | None, int | None]] = [(i, i) for i in range(start)]
    at_old = at_new = 0
    anchors = [*_find_common(middle_old, middle_new), (len(middle_old), len(middle_new))]
    for i, j in anchors:
        matched += _match_gap(start, at_old, i, at_new, j)
        if i < len(middle_old):
            matched.append((start + i, start + j))
        at_old, at_new = i + 1, j + 1
    matched += [(len(old) - k, len(new) - k) for k in range(end, 0, -1)]
    return matched


def _match_gap(
    start: int, old: int, old_end: int, new: int, new_end: int
) -> Iterator[tuple[int | None, int | None]]:
    for k in range(max(old_end - old, new_end - new)):
        i = start + old + k if old + k < old_end else None
        j = start + new + k if new + k < new_end else None
        yield i, j


def _find_common(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Find the longest common subsequence, as pairs of indexes; of lists of equal length, none."""
    if len(old) == len(new) or not old or not new or len(old) * len(new) > _MAX_MATCHED_ITEMS**2:
        return []  # with as many items on both sides, each was most likely edited where it stands
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            if old[i] == new[j]:
                lengths[i][j] = lengths[i + 1][j + 1] + 1
            else:
                lengths[i][j] = max(lengths[i + 1][j], lengths[i][j + 1])
    found = []
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def count_reordered(old: Json, new: Json) -> int:
    """Count the mappings, at the same place in both, whose common keys are in another order."""
    count = 0
    waiting = [(old, new)]
    while waiting:
        before, after = waiting.pop()
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            common = [key for key in before if key in after]
            if common != [key for key in after if key in before]:
                count += 1
            waiting += [(before[key], after[key]) for key in common]
        elif isinstance(before, list) and isinstance(after, list):
            waiting += zip(before, after, strict=False)
    return count
