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
from carnation.history.function_failures import readable_cause
from carnation.history.script import SCRIPT
from carnation.history.style import STYLE
from carnation.history.timeline import FAILED, OK, OPEN, RETRIED, Failure, Recorded

_WORST = (FAILED, RETRIED, OPEN, OK)


def render_page(runs: Sequence[Recorded], title: str, items: Sequence[str] = ()) -> str:
    """Write the page; `title` says what ran, `items` where every item is, if anybody knows."""
    return "\n".join(_render_page(runs, title, items)) + "\n"


def save_page(path: str, runs: Sequence[Recorded], title: str, items: Sequence[str] = ()) -> None:
    """Write the page into a file, whole or not at all; raises `UsageError` where it cannot be."""
    part = Path(f"{path}.part")
    try:
        part.write_text(render_page(runs, title, items), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error}.") from error


def escape(text: str) -> str:
    """Make a foreign text safe, in content and in attributes; control characters are left out."""
    shown = "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
    return escape_html(shown, quote=True)


def _render_page(runs: Sequence[Recorded], title: str, items: Sequence[str]) -> Iterator[str]:
    script = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    # the pictures bring their styles along, so styles are allowed inline; scripts only this one
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; "
    policy += "base-uri 'none'; form-action 'none'"
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>carnation run: {escape(title)}</title><style>{STYLE}</style></head><body>"
    yield f"<header><h1>{escape(title)}</h1></header><main>"
    yield from _render_overview(runs, items)
    for number, run in enumerate(runs, 1):
        yield from _render_run(run, number)
    yield '</main><aside id="detail" role="dialog" aria-label="Details" tabindex="-1" hidden>'
    yield "</aside>"
    yield f'<script type="application/json" id="data">{_embed(runs)}</script>'
    yield f"<script>{SCRIPT}</script></body></html>"


def _render_overview(runs: Sequence[Recorded], items: Sequence[str]) -> Iterator[str]:
    """Write what a person asks first: how each run ended, where the items are, what failed."""
    yield '<section class="overview" aria-labelledby="overview"><h2 id="overview">Runs</h2>'
    yield '<div class="wide" role="region" aria-label="Each run" tabindex="0"><table><thead><tr>'
    yield '<th scope="col">Run<th scope="col">Status<th scope="col">Duration'
    yield '<th scope="col">Of which waits<th scope="col" class="text">Input</thead><tbody>'
    for number, run in enumerate(runs, 1):
        yield (
            f'<tr class="{_find_ending(run)}"><th scope="row"><a href="#run{number}">Run {number}'
            f"</a><td>{escape(run.status)}<td>{run.seconds:,.1f} s<td>{_render_waits(run)}"
            f'<td class="text"><code>{escape(_cut(run.input, 120))}</code>'
        )
    yield "</tbody></table></div>"
    first = next(
        ((number, run.first_failure) for number, run in enumerate(runs, 1) if run.first_failure),
        None,
    )
    if first is not None:
        yield f"<p>{_render_failure(first[1], f'in run {first[0]} ' if runs[1:] else '')}</p>"
    if items:
        yield f"<h2>Where every item is</h2><pre>{escape(chr(10).join(items))}</pre>"
    yield "</section>"


def _render_waits(run: Recorded) -> str:
    return f"{run.waited:,.1f} s" if run.waited else "none"


def _find_ending(run: Recorded) -> str:
    return "ok" if run.status == "SUCCEEDED" else "failed"


def _render_failure(failure: Failure, run: str) -> str:
    """Write what failed first for good: where, when, why, and what came of it."""
    where = f" of {escape(failure.where)}," if failure.where else ","
    then = f" It went on to {escape(failure.then)}." if failure.then else ""
    cause = readable_cause(failure.cause).rstrip(".")
    why = f": {escape(_cut(cause, 300))}" if cause else ""
    return (
        f"Failed first {run}at {failure.at:,.1f} s: state <b>{escape(failure.state)}</b>{where} "
        f'<b class="error">{escape(failure.error)}</b>{why}.{then}'
    )


def _embed(runs: Sequence[Recorded]) -> str:
    """Write the data so that nothing in it ends the element it is in."""
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


def _render_run(run: Recorded, number: int) -> Iterator[str]:
    """Write a run; those after the first are folded."""
    yield f'<section id="run{number}" data-run="{number - 1}" aria-label="Run {number}">'
    chip = f'<span class="chip {_find_ending(run)}">{escape(run.status)}</span>'
    if number > 1:
        yield f"<details><summary><h2>Run {number} {chip}</h2></summary>"
    else:
        yield f"<h2>Run {number} {chip}</h2>"
    yield '<div class="sides"><figure tabindex="0" role="group" '
    yield f'aria-label="Picture of run {number}">'
    yield draw_svg(run.definition, title=f"What run {number} did", prefix=f"r{number}")
    yield "</figure><div>"
    if run.error or run.cause:
        yield f'<p class="cause"><b>{escape(run.error)}</b> {escape(run.cause)}</p>'
    yield f"<p>{run.seconds:,.1f} s, of which waits: {_render_waits(run)}.</p>"
    if run.first_failure is not None:
        yield f"<p>{_render_failure(run.first_failure, '')}</p>"
    yield from (f"<p>{escape(line)}</p>" for line in run.lines)
    yield f"<p>Input <code>{escape(_cut(run.input))}</code></p>"
    yield from _render_table(run)
    if run.map_runs:
        yield from _render_map_runs(run)
    yield "</div></div>"
    yield '<h3>Timeline</h3><div class="tools" role="toolbar" aria-label="Rows to show"></div>'
    yield '<div class="axis" aria-hidden="true"></div>'
    yield '<div class="timeline" role="listbox" tabindex="0" aria-label="States and items">'
    yield '<div class="space" role="presentation"></div></div>'
    yield f"{'</details>' if number > 1 else ''}</section>"


def _cut(text: str, longest: int = 200) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _render_table(run: Recorded) -> Iterator[str]:
    seconds: Counter[str] = Counter()
    for visit in _list_visits(run):
        seconds[visit["n"]] += visit["b"] - visit["a"]
    yield '<div class="wide" role="region" aria-label="States" tabindex="0"><table><thead><tr>'
    yield '<th scope="col">State<th scope="col">Visits<th scope="col">Retried'
    yield '<th scope="col">Failed<th scope="col">Sum of seconds</thead><tbody>'
    for (name, _), counts in _count_visits(run).items():
        total = sum(counts.values())
        worst = _find_worst(counts)
        yield (
            f'<tr class="{worst or "never"}"><th scope="row">{escape(name)}'
            f"<td>{f'{total:,}' if total else '–'}"
            f"<td>{counts[RETRIED] or ''}<td>{counts[FAILED] or ''}"
            f"<td>{f'{seconds[name]:,.2f}' if total else ''}"
        )
    yield "</tbody></table></div>"


def _render_map_runs(run: Recorded) -> Iterator[str]:
    """Write what DescribeMapRun tells of the children of distributed Maps."""
    yield '<h3>Child executions</h3><div class="wide" role="region" aria-label="Children" '
    yield 'tabindex="0"><table><thead><tr>'
    names = ("Map", "Children", "Failed", "Aborted", "Items", "Items failed")
    yield "".join(f'<th scope="col">{name}' for name in names) + "</thead><tbody>"
    for one in run.map_runs:
        children = (one.succeeded + one.failed + one.aborted, one.failed, one.aborted)
        items = (one.items.get("total", 0), one.items.get("failed", 0))
        cells = "".join(f"<td>{cell:,}" if cell else "<td>" for cell in (*children, *items))
        kind = "failed" if one.failed else "ok"
        yield f'<tr class="{kind}"><th scope="row">{escape(one.state)}{cells}'
    yield "</tbody></table></div>"
