"""Sums that grow with the items: their parts, found from samples of several sizes.

Whatever is counted is taken for a sum: a part for the run, and one for each item, each batch of
each distributed Map, each item that fails and each that is retried. As many samples as there are
parts, that differ in them, tell every part exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from carnation.records import NamedTuple

Key = tuple[str, ...]


class Size(NamedTuple):
    """How large a sample is: its items, and how many of them fail and are retried."""

    items: int
    failed: int = 0
    retried: int = 0


class Growth(NamedTuple):
    """The parts of a sum; `batches` has one for each size of a batch."""

    fixed: float
    item: float = 0.0
    failed: float = 0.0
    retried: float = 0.0
    batches: tuple[float, ...] = ()


def find_growths(
    count: Callable[[Size], Mapping[Key, float]], size: Size, batches: Sequence[int]
) -> dict[Key, Growth]:
    """Find how everything that `count` counts grows from a size on.

    >>> grown = find_growths(lambda size: {("events",): 3 + 2 * size.items}, Size(10), [])
    >>> add_up(grown[("events",)], Size(1000), [])
    2003.0
    """
    sizes = _choose_sizes(size, batches)
    counted = [count(each) for each in sizes]
    inverse = _invert([_make_row(each, size, batches) for each in sizes])
    growths = {}
    for key in {key: None for found in counted for key in found}:
        seen = [Fraction(found.get(key, 0)) for found in counted]
        parts = [float(sum(a * b for a, b in zip(row, seen, strict=True))) for row in inverse]
        fails, repeats = bool(size.failed), bool(size.retried)
        fixed, item, *rest = parts
        tail = rest[len(batches) :]
        growths[key] = Growth(
            fixed, item,
            tail[0] if fails else 0.0, tail[-1] if repeats else 0.0,
            tuple(rest[: len(batches)]),
        )  # fmt: skip
    return growths


def add_up(growth: Growth, size: Size, batches: Sequence[int]) -> float:
    """Add up the parts for a size."""
    opened = sum(
        part * math.ceil(size.items / batch)
        for part, batch in zip(growth.batches, batches, strict=True)
    )
    return (
        growth.fixed + growth.item * size.items
        + growth.failed * size.failed + growth.retried * size.retried + opened
    )  # fmt: skip


def _make_row(size: Size, first: Size, batches: Sequence[int]) -> list[Fraction]:
    """Write what each part of a sum is multiplied with; failures only where the first size has."""
    row = [1, size.items, *(math.ceil(size.items / batch) for batch in batches)]
    row += [size.failed] if first.failed else []
    row += [size.retried] if first.retried else []
    return [Fraction(number) for number in row]


def _choose_sizes(size: Size, batches: Sequence[int]) -> list[Size]:
    """Choose as many sizes as there are parts, so that each part makes a difference."""
    offered = [size, size._replace(items=2 * size.items)]
    if size.failed:
        offered.append(size._replace(failed=2 * size.failed))
    if size.retried:
        offered.append(size._replace(retried=2 * size.retried))
    wanted = len(_make_row(size, size, batches))
    more = (size._replace(items=size.items + step) for step in range(1, sum(batches) + 2))
    while len(offered) < wanted:
        rows = [_make_row(each, size, batches) for each in offered]
        one = next(more)
        if _rank([*rows, _make_row(one, size, batches)]) > len(rows):
            offered.append(one)
    return offered


def _rank(rows: Iterable[Sequence[Fraction]]) -> int:
    left, rank = [list(row) for row in rows], 0
    for column in range(len(left[0])):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        rank += 1
        left = [_subtract(row, pivot, column) for row in left]
    return rank


def _subtract(row: list[Fraction], pivot: list[Fraction], column: int) -> list[Fraction]:
    share = row[column] / pivot[column]
    return [own - share * other for own, other in zip(row, pivot, strict=True)]


def _invert(rows: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """Invert a matrix by elimination; what is to be inverted has full rank."""
    count = len(rows)
    whole = [
        [*row, *(Fraction(int(at == place)) for place in range(count))]
        for at, row in enumerate(rows)
    ]
    for column in range(count):
        chosen = next(at for at in range(column, count) if whole[at][column])
        whole[column], whole[chosen] = whole[chosen], whole[column]
        pivot = [number / whole[column][column] for number in whole[column]]
        whole = [
            pivot if at == column else _subtract(row, pivot, column) for at, row in enumerate(whole)
        ]
    return [row[count:] for row in whole]
