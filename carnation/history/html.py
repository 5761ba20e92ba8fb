"""The report of runs as one HTML file: picture, timeline, every input and output on demand.

It asks nothing of any network, and its content security policy forbids that. What came out of a run
is data inside the page, and the script only ever writes it as text.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape as escape_html
from pathlib import Path
from typing import Any

from carnation.asl import walk_states
from carnation.diagram import draw_svg, make_id
from carnation.errors import UsageError
from carnation.history.style import SCRIPT, STYLE
from carnation.history.timeline import FAILED, OK, OPEN, RETRIED, Recorded

_WORST = (FAILED, RETRIED, OPEN, OK)


def write_page(runs: Sequence[Recorded], title: str) -> str:
    """Write the page; `title` says what ran."""
    return "\n".join(_write_page(runs, title)) + "\n"


def save_page(path: str, runs: Sequence[Recorded], title: str) -> None:
    """Write the page into a file, whole or not at all; raises `UsageError` where it cannot be."""
    part = Path(f"{path}.part")
    try:
        part.write_text(write_page(runs, title), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error}.") from error


def escape(text: str) -> str:
    """Make a foreign text safe, in content and in attributes; control characters are left out."""
    shown = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
    return escape_html(shown, quote=True)


def _write_page(runs: Sequence[Recorded], title: str) -> Iterator[str]:
    script = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    # the pictures bring their styles along, so styles are allowed inline; scripts only this one
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; "
    policy += "base-uri 'none'; form-action 'none'"
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>carnation run: {escape(title)}</title><style>{STYLE}</style></head><body>"
    yield f"<header><h1>{escape(title)}</h1></header><main>"
    for number, run in enumerate(runs, 1):
        yield from _write_run(run, number)
    yield '</main><aside id="detail" aria-live="polite" hidden></aside>'
    yield f'<script type="application/json" id="data">{_embed(runs)}</script>'
    yield f"<script>{SCRIPT}</script></body></html>"


def _embed(runs: Sequence[Recorded]) -> str:
    """Write the data so that nothing in it ends the element it stands in."""
    data = [
        {
            "rows": run.rows,
            "values": run.values,
            "seconds": run.seconds,
            "states": {
                name: {"id": make_id(pointer, f"r{number}"), "count": sum(counts.values()),
                       "state": _find_worst(counts), **counts}
                for (name, pointer), counts in _count_visits(run).items()
            },
            "moves": [[*move.split("\n"), times] for move, times in run.moves.items()],
        }
        for number, run in enumerate(runs, 1)
    ]  # fmt: skip
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _find_worst(counts: Counter[str]) -> str:
    return next((state for state in _WORST if counts[state]), "")


def _list_visits(run: Recorded) -> Iterator[dict[str, Any]]:
    for row in run.rows:
        yield from (row["v"],) if "v" in row else row["w"]


def _count_visits(run: Recorded) -> dict[tuple[str, str], Counter[str]]:
    """Count the visits of every state, by how they went."""
    found: dict[tuple[str, str], Counter[str]] = {
        (place.name, place.pointer): Counter() for place in walk_states(run.definition)
    }
    for visit in _list_visits(run):
        found.setdefault((visit["n"], visit["p"]), Counter())[visit["s"]] += 1
    return found


def _write_run(run: Recorded, number: int) -> Iterator[str]:
    ended = "ok" if run.status == "SUCCEEDED" else "failed"
    yield f'<section id="run{number}" data-run="{number - 1}" aria-label="run {number}">'
    yield f'<h2>Run {number} <span class="chip {ended}">{escape(run.status)}</span></h2>'
    if run.error or run.cause:
        yield f'<p class="cause"><b>{escape(run.error)}</b> {escape(run.cause)}</p>'
    given = escape(_cut(run.input))
    yield f"<p>{run.seconds:,.1f} s, waits and all. Input <code>{given}</code></p>"
    yield '<div class="sides"><figure>'
    yield draw_svg(run.definition, title=f"What run {number} did", prefix=f"r{number}")
    yield "</figure><div>"
    yield from _write_table(run)
    if run.map_runs:
        yield from _write_map_runs(run)
    yield "</div></div>"
    yield '<h3>Timeline</h3><div class="tools" role="toolbar" aria-label="rows to show"></div>'
    yield '<div class="axis" aria-hidden="true"></div>'
    yield '<div class="timeline" role="listbox" tabindex="0" aria-label="states and items">'
    yield '<div class="space"></div></div></section>'


def _cut(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"


def _write_table(run: Recorded) -> Iterator[str]:
    seconds: Counter[str] = Counter()
    for visit in _list_visits(run):
        seconds[visit["n"]] += visit["b"] - visit["a"]
    yield "<table><thead><tr><th>State<th>Visits<th>Retried<th>Failed<th>Seconds</thead><tbody>"
    for (name, _), counts in _count_visits(run).items():
        total = sum(counts.values())
        worst = _find_worst(counts)
        yield (
            f'<tr class="{worst or "never"}"><th scope="row">{escape(name)}'
            f"<td>{f'{total:,}' if total else '–'}"
            f"<td>{counts[RETRIED] or ''}<td>{counts[FAILED] or ''}"
            f"<td>{f'{seconds[name]:,.2f}' if total else ''}"
        )
    yield "</tbody></table>"


def _write_map_runs(run: Recorded) -> Iterator[str]:
    """Write what DescribeMapRun tells of the children of distributed Maps."""
    yield "<h3>Child executions</h3><table><thead><tr><th>Map<th>Children<th>Failed<th>Aborted"
    yield "<th>Items<th>Items failed</thead><tbody>"
    for one in run.map_runs:
        children = (one.succeeded + one.failed + one.aborted, one.failed, one.aborted)
        items = (one.items.get("total", 0), one.items.get("failed", 0))
        cells = "".join(f"<td>{cell:,}" if cell else "<td>" for cell in (*children, *items))
        kind = "failed" if one.failed else "ok"
        yield f'<tr class="{kind}"><th scope="row">{escape(one.state)}{cells}'
    yield "</tbody></table>"
