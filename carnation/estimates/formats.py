"""Estimates, written for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from carnation.console import align_table, clean
from carnation.estimates.metrics import Estimate, LimitExceeded, find_breaks, find_figures
from carnation.estimates.models import Facts, Model
from carnation.estimates.top_level_maps import TopLevelMap
from carnation.lazy import TYPE_CHECKING
from carnation.services.limits import HISTORY, PAYLOAD
from carnation.services.prices import read_prices

if TYPE_CHECKING:
    from typing import Any

CENT = 0.01


def render_text(
    name: str, model: Model, sizes: Sequence[int], month: Mapping[str, Any] | None = None
) -> str:
    """Write a table, the cost of a month if it is known, the limits, then notes on the figures."""
    figures = [find_figures(model, items) for items in sizes]
    lines = [*_render_table(model, figures), ""]
    if month is not None:
        lines.append(
            f"{render_dollars(month['dollars'])} a month at {month['load']} "
            f"([tool.carnation.load.{month['name']}])."
        )
    lines += _render_breaks(find_breaks(model), sizes)
    lines += [f"note: {note}" for note in _list_notes(model, figures)]
    return "".join(f"{clean(line)}\n" for line in lines)


def _render_table(model: Model, figures: Sequence[Estimate]) -> list[str]:
    """Write a column for each size; what breaks a limit has a mark behind it."""
    many = bool(model.outers)
    rows = [["items" if many else "executions", *(f"{one.items:,}" for one in figures)]]
    rows.append(["events of a history", *(_mark(one.events, HISTORY - 1) for one in figures)])
    if any(one.children for one in figures):
        rows.append(["child executions", *(f"{sum(one.children.values()):,}" for one in figures)])
        rows.append(
            ["events of a child", *(_mark(one.child_events, HISTORY - 1) for one in figures)]
        )
    rows.append(["largest payload", *(_render_bytes(one.payload) for one in figures)])
    states = [one.state or "the input" for one in figures]
    if len(set(states)) == 1:  # a long name once leaves the columns narrow
        rows.append([f"  in {states[0]}", *("" for _ in figures)])
    else:
        rows.append(["  in state", *states])
    rows.append(["transitions", *(f"{one.transitions:,}" for one in figures)])
    if any(one.invocations for one in figures):
        rows.append(["functions invoked", *(f"{one.invocations:,}" for one in figures)])
        rows.append(["  GB-seconds", *(f"{one.gb_seconds:,.1f}" for one in figures)])
    for call in sorted({call for one in figures for call in one.requests}):
        if call != "lambda:invoke":
            rows.append([call, *(f"{one.requests.get(call, 0):,}" for one in figures)])
    rows.append(["duration", *(_render_seconds(one.seconds) for one in figures)])
    rows.append(["cost", *(render_dollars(one.total) for one in figures)])
    for service in dict.fromkeys(name for one in figures for name in one.dollars):
        cells = (render_dollars(one.dollars.get(service, 0.0)) for one in figures)
        rows.append([f"  {service}", *cells])
    return align_table(rows, right=range(1, len(figures) + 1))


def _mark(number: int, most: int) -> str:
    return f"{number:,}" + ("!" if number > most else " ")


def _render_bytes(size: int) -> str:
    mark = "!" if size > PAYLOAD else " "
    return (f"{size:,} B" if size < 10_000 else f"{size / 1024:,.0f} KiB") + mark


def _render_seconds(seconds: float) -> str:
    """Write a duration in the two largest of its units.

    >>> _render_seconds(3725), _render_seconds(0.5), _render_seconds(59)
    ('1 h 2 min', '0.5 s', '59 s')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24:,} d {hours % 24} h"


def render_dollars(dollars: float) -> str:
    """Write dollars as people write them: no cents of hundreds, no parts of a cent.

    >>> [render_dollars(n) for n in (1234.5, 12.345, 0.05, 0.0004, 0)]
    ['$1,234', '$12.35', '$0.05', '<$0.01', '$0']
    """
    if dollars >= 100:
        return f"${dollars:,.0f}"
    if dollars >= CENT / 2:
        return f"${dollars:.2f}"
    return "<$0.01" if dollars else "$0"


def _render_breaks(breaks: Sequence[LimitExceeded], sizes: Sequence[int]) -> list[str]:
    hard = [one for one in breaks if one.is_hard]
    lines = []
    if not hard:
        lines.append("No limit is exceeded.")
    for at, one in enumerate(hard):
        if at and one.items > max(sizes):
            continue
        first = "Breaks first" if not at else "Then"
        where = f" in '{one.state}'" if one.state else ""
        lines.append(f"{first}: {one.limit}{where}, from {one.items:,} on. {one.remedy}")
    for one in breaks:
        if not one.is_hard and one.items <= max(sizes):
            lines.append(f"Slows down: {one.limit}, from {one.items:,} on. {one.remedy}")
    return lines


def _list_notes(model: Model, figures: Sequence[Estimate]) -> list[str]:
    notes = list(model.notes)
    if model.guessed:
        names = ", ".join(f"'{name}'" for name in model.guessed[:4])
        more = f" and {len(model.guessed) - 4} more" if len(model.guessed) > 4 else ""
        notes.append(
            f"the results of {names}{more} are unknown: payloads hold only the fields that the "
            f"definition reads, and are lower bounds. Add --results."
        )
    facts = model.facts
    notes.append(
        f"assumed: tasks last {facts.usual:g} s, and functions have {_render_memory(facts)} "
        f"MB on {'arm64' if facts.arm else 'x86_64'} (--seconds, --memory, --architecture)."
    )
    if not model.outers:
        notes.append(
            "no Map grows with the items, so an item is an execution; payload, events, and time "
            "are those of one execution."
        )
    unpriced = sorted({call for one in figures for call in one.unpriced})
    if unpriced:
        notes.append(f"no price known for: {', '.join(unpriced)}.")
    notes.append(f"prices: {read_prices().origin}.{_doubt_prices()}")
    return notes


def _render_memory(facts: Facts) -> str:
    sizes = sorted({*facts.memories.values()} or {facts.memory})
    return " or ".join(str(size) for size in sizes)


def _doubt_prices() -> str:
    prices = read_prices()
    doubted = prices.unconfirmed
    if len(doubted) == len(prices.dollars):
        return " None was read from AWS's own price list: check them before you rely on them."
    return f" Not read from AWS's own price list: {', '.join(doubted)}." if doubted else ""


def render_json(
    name: str, model: Model, sizes: Sequence[int], month: Mapping[str, Any] | None = None
) -> str:
    """Write everything, for a machine."""
    figures = [find_figures(model, items) for items in sizes]
    document: dict[str, Any] = {
        "definition": name,
        "counted": "items" if model.outers else "executions",
        "maps": [_render_outer(outer) for outer in model.outers],
        "sizes": [_render_figures(one) for one in figures],
        **({"month": dict(month)} if month is not None else {}),
        "limits": [one._asdict() for one in find_breaks(model)],
        "guessed": list(model.guessed),
        "notes": _list_notes(model, figures),
        "prices": read_prices().origin,
        "unconfirmed_prices": list(read_prices().unconfirmed),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _render_outer(outer: TopLevelMap) -> dict[str, Any]:
    return {
        "name": outer.name,
        "is_distributed": outer.is_distributed,
        "at_once": outer.at_once,
        "batch": outer.batch,
    }


def _render_figures(figures: Estimate) -> dict[str, Any]:
    fields = figures._asdict()
    fields["dollars"] = {name: round(value, 8) for name, value in figures.dollars.items()}
    fields["total_dollars"] = round(figures.total, 8)
    fields["gb_seconds"] = round(figures.gb_seconds, 6)
    fields["seconds"] = round(figures.seconds, 6)
    return fields
