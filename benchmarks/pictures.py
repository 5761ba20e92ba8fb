"""How legible pictures are: crossings, bends, area, and the smallest text, beside other tools.

    python benchmarks/pictures.py FOLDER [--most 100] [--format json]

FOLDER holds definitions (`*.json`). Each is laid out by carnation and, where it is installed, by
Graphviz's `dot` (the same boxes and labels, scopes as clusters), and by Mermaid's `mmdc` (its own
boxes, seconds each). Text is 11 pixels high, less where a picture is wider than a page of 900. All
lines count alike: a bend is a turn of the corners that a line, or the curve along them, follows.
Pictures count with their margins. What is missing is named as skipped.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import atan2, radians
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from carnation.diagram import draw_mermaid  # noqa: E402
from carnation.diagram.graph import read_graph  # noqa: E402
from carnation.diagram.layout import Layout, lay_out_for_page  # noqa: E402

Point = tuple[float, float]
_PAGE, _TEXT, _INCH = 900.0, 11.0, 72.0
_PAD = 8.0  # what dot leaves free around a picture that it writes as SVG
_STRAIGHT = radians(6)
_STEPS = 6  # straight pieces that a curve is measured by


class Figures(NamedTuple):
    """What one picture measures."""

    crossings: float
    bends: float
    area: float
    text: float


def measure(lines: Mapping[Any, Sequence[Sequence[Point]]], bends: int, size: Point) -> Figures:
    """Measure a picture by its lines: edges are the keys, and what shares an end may meet."""
    pieces = [
        (edge, a, b) for edge, paths in lines.items() for path in paths for a, b in pairwise(path)
    ]
    met = set()
    for number, (edge, a, b) in enumerate(pieces):
        for other, c, d in pieces[:number]:
            if edge != other and edge[1] != other[1]:
                found = _intersect(a, b, c, d)
                if found:
                    met.add(found)
    width, height = size
    return Figures(len(met), bends, width * height, _TEXT * min(1, _PAGE / width))


def _intersect(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Return where two pieces cross; None where they do not, or only touch."""
    if max(a[0], b[0]) < min(c[0], d[0]) or max(c[0], d[0]) < min(a[0], b[0]):
        return None
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return None
    across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
    if not across:
        return None
    t = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across
    u = ((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])) / across
    if not (0.001 < t < 0.999 and 0.001 < u < 0.999):
        return None
    return round(a[0] + t * (b[0] - a[0])), round(a[1] + t * (b[1] - a[1]))


def measure_carnation(layout: Layout) -> Figures:
    """Measure our own picture; edges of one kind to one target share their way."""
    lines: dict[Any, Sequence[Sequence[Point]]] = {
        (number, (line.edge.target, line.edge.kind)): line.paths
        for number, line in enumerate(layout.lines)
    }
    bends = sum(max(0, len(path) - 2) for line in layout.lines for path in line.paths)
    return measure(lines, bends, (layout.width, layout.height))


def measure_dot(definition: Mapping[str, Any], layout: Layout) -> Figures:
    """Measure what Graphviz makes of the same boxes and labels."""
    text = "\n".join(write_dot(definition, layout))
    plain = subprocess.run(
        [str(shutil.which("dot")), "-Tplain"],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    size, bends = (0.0, 0.0), 0
    lines: dict[Any, Sequence[Sequence[Point]]] = {}
    for number, line in enumerate(plain.splitlines()):
        words = line.split()
        if words[0] == "graph":
            size = (float(words[2]) * _INCH + _PAD, float(words[3]) * _INCH + _PAD)
        if words[0] == "edge":
            count = int(words[3])
            numbers = [float(word) * _INCH for word in words[4 : 4 + 2 * count]]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            bends += count_turns(points)
            lines[number, words[2]] = [list(_flatten(points))]
    return measure(lines, bends, size)


def count_turns(points: Sequence[Point]) -> int:
    """Count where a line turns: a curve does so at its control points, an S twice as our corners.

    What turns by less than a fourteenth of a right angle looks straight.
    """
    turns = 0
    corners = [points[0]]
    for point in points[1:]:
        if point != corners[-1]:
            corners.append(point)
    for (ax, ay), (bx, by), (cx, cy) in zip(corners, corners[1:], corners[2:], strict=False):
        across = (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        along = (bx - ax) * (cx - bx) + (by - ay) * (cy - by)
        turns += abs(atan2(across, along)) > _STRAIGHT
    return turns


def _flatten(points: Sequence[Point]) -> Iterator[Point]:
    """Take a chain of Bézier curves apart into straight pieces."""
    yield points[0]
    for start in range(0, len(points) - 3, 3):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[start : start + 4]
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            s = 1 - t
            weights = (s**3, 3 * s * s * t, 3 * s * t * t, t**3)
            yield (
                sum(w * x for w, x in zip(weights, (ax, bx, cx, dx), strict=True)),
                sum(w * y for w, y in zip(weights, (ay, by, cy, dy), strict=True)),
            )


def write_dot(definition: Mapping[str, Any], layout: Layout) -> Iterator[str]:
    """Write the same graph for Graphviz: a Map or a Parallel is a cluster around its own box."""
    scopes = {scope.pointer: scope for scope in read_graph(definition)}
    boxes = {box.node.pointer: box for box in layout.boxes}
    labels = {(line.edge.source, line.edge.target, line.edge.kind): line.label
              for line in layout.lines}  # fmt: skip
    yield 'digraph { compound=true; node [shape=box fixedsize=true label=""]; edge [fontsize=11]'
    yield from _write_nodes("", scopes, boxes)
    for scope in scopes.values():
        for edge in scope.edges:
            label = labels.get((edge.source, edge.target, edge.kind))
            told = json.dumps("\n".join(label.lines)) if label else '""'
            yield f"{_name(edge.source)} -> {_name(edge.target)} [label={told}]"
    yield "}"


def _write_nodes(
    pointer: str, scopes: Mapping[str, Any], boxes: Mapping[str, Any]
) -> Iterator[str]:
    for node in scopes[pointer].nodes:
        if node.scopes:
            yield f"subgraph {'cluster' + _name(node.pointer)} {{"
        yield _write_node(boxes[node.pointer])
        for inner in node.scopes:
            yield from _write_nodes(inner, scopes, boxes)
        if node.scopes:
            yield "}"


def _name(pointer: str) -> str:
    """Name a node by letters and digits alone."""
    return f"n{pointer.encode().hex()}"


def _write_node(box: Any) -> str:
    name = _name(box.node.pointer)
    return f"{name} [width={box.face.width / _INCH:.2f} height={box.face.height / _INCH:.2f}]"


def measure_mermaid(definition: Mapping[str, Any]) -> Figures:
    """Measure what Mermaid draws, by its `mmdc`, with its text as high as ours."""
    with tempfile.TemporaryDirectory() as folder:
        source, target, config = (Path(folder, name) for name in ("a.mmd", "a.svg", "a.json"))
        source.write_text(draw_mermaid(definition), encoding="utf-8")
        config.write_text(json.dumps({"themeVariables": {"fontSize": f"{_TEXT:g}px"}}))
        command = [str(shutil.which("mmdc")), "-q", "-c", str(config)]
        command += ["-i", str(source), "-o", str(target)]
        subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)
        root = ElementTree.parse(target).getroot()  # noqa: S314  of our own making
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    lines: dict[Any, Sequence[Sequence[Point]]] = {}
    bends = 0
    for number, (name, points) in enumerate(_list_links(root, (0.0, 0.0))):
        bends += count_turns(points)
        lines[number, _target_of(name, root)] = [points]
    return measure(lines, bends, (width, height))


def _list_links(element: Any, shift: Point) -> Iterator[tuple[str, Sequence[Point]]]:
    """List the links of Mermaid's picture, each with the corners that its curve follows."""
    moved = re.match(r"translate\(([^,)]+),? *([^)]*)\)", element.get("transform", ""))
    if moved:
        shift = shift[0] + float(moved[1]), shift[1] + float(moved[2] or 0)
    if "data-points" in element.attrib and "flowchart-link" in element.get("class", ""):
        corners = json.loads(base64.b64decode(element.get("data-points")))
        yield element.get("data-id"), [(p["x"] + shift[0], p["y"] + shift[1]) for p in corners]
    for inner in element:
        yield from _list_links(inner, shift)


def _target_of(link: str, root: Any) -> str:
    """Find the node that a link named L_SOURCE_TARGET_NUMBER leads to."""
    ids = {element.get("id", "") for element in root.iter()}
    names = {re.sub(r"^.*?flowchart-|-\d+$", "", one) for one in ids if "flowchart-" in one}
    body = link.rpartition("_")[0]
    return max((name for name in names | ids if body.endswith(f"_{name}")), key=len, default=link)


def main() -> int:
    """Measure, and print a table or a document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--most", type=int, default=1000, help="Definitions, from all over the folder"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    options = parser.parse_args()
    found: dict[str, list[Figures]] = {"carnation": []}
    skipped = {tool: "is not installed" for tool in ("dot", "mmdc") if not shutil.which(tool)}
    failed = 0
    paths = sorted(options.folder.rglob("*.json"))
    for path in paths[:: -(-len(paths) // options.most)]:
        definition = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(definition, dict) or not isinstance(definition.get("States"), dict):
            continue
        layout = lay_out_for_page(definition)
        figures = {"carnation": measure_carnation(layout)}
        try:
            if "dot" not in skipped:
                figures["dot"] = measure_dot(definition, layout)
            if "mmdc" not in skipped:
                figures["mmdc"] = measure_mermaid(definition)
        except subprocess.SubprocessError:
            failed += 1
            continue
        for tool, one in figures.items():
            found.setdefault(tool, []).append(one)
    _print(found, skipped, failed, options.format)
    return 0


def _print(
    found: Mapping[str, Sequence[Figures]], skipped: Mapping[str, str], failed: int, form: str
) -> None:
    rows = {
        tool: {
            "pictures": len(figures),
            **{f"{name}, {word}": round(how([getattr(one, name) for one in figures]), 2)
               for name in Figures._fields for word, how in (("median", median), ("mean", mean))},
        }
        for tool, figures in found.items() if figures
    }  # fmt: skip
    if form == "json":
        print(json.dumps({"tools": rows, "skipped": skipped, "failed": failed}, indent=2))
        return
    for name in next(iter(rows.values()), {}):
        cells = "".join(f"{row[name]:>16,}" for row in rows.values())
        print(f"{name:20}{cells}")
    print(f"{'':20}{''.join(f'{tool:>16}' for tool in rows)}")
    for tool, why in skipped.items():
        print(f"skipped: {tool} {why}")
    if failed:
        print(f"{failed} definitions could not be drawn by one of the tools, and are left out")


if __name__ == "__main__":
    sys.exit(main())
