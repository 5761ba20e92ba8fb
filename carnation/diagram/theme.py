"""How the picture looks: a color for each type of state, light and dark."""

from __future__ import annotations

from carnation.records import NamedTuple


class Look(NamedTuple):
    """The colors of a type of state, on light and on dark."""

    light: str
    dark: str


LOOKS = {
    "Task": Look("#c2570c", "#d9772b"),
    "Choice": Look("#7c3aed", "#8b5cf6"),
    "Map": Look("#1d64d8", "#3b82f6"),
    "Parallel": Look("#0f766e", "#0d9488"),
    "Wait": Look("#0e7490", "#0891b2"),
    "Pass": Look("#526072", "#64748b"),
    "Succeed": Look("#15803d", "#16a34a"),
    "Fail": Look("#c81e3a", "#e11d48"),
}
UNKNOWN = Look("#8b1d3f", "#be3a63")
"""For a state whose type nobody knows, and for one that a transition leads to and is not there."""

MARKS = {"added": "+", "removed": "−", "changed": "~"}

_LIGHT = {
    "ground": "#ffffff",
    "box": "#ffffff",
    "rim": "#c3cad5",
    "ink": "#1b2430",
    "faint": "#5b6675",
    "line": "#7a8696",
    "catch": "#c0394f",
    "frame": "#f5f7fa",
    "seam": "#dde2ea",
    "added": "#15803d",
    "removed": "#cf222e",
    "changed": "#b26a00",
}
_DARK = {
    "ground": "#0f141b",
    "box": "#1a212b",
    "rim": "#3a4554",
    "ink": "#e8edf4",
    "faint": "#9aa7b8",
    "line": "#7d8a9c",
    "catch": "#f0758a",
    "frame": "#141a23",
    "seam": "#2a3442",
    "added": "#3fb950",
    "removed": "#f85149",
    "changed": "#e3a32b",
}
_SHAPES = """\
svg.carnation{font-family:Arial,Helvetica,"Liberation Sans",sans-serif}
.carnation .name{font-size:13px;font-weight:bold}
.carnation .small{font-size:11px}
.carnation .label{text-anchor:middle}
.carnation .icon{fill:none;stroke:#fff;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.carnation .retry{fill:none;stroke-width:1.3;stroke-linecap:round}
.carnation .ring,.carnation .way{fill:none;stroke-width:1.5}
.carnation .catch .way{stroke-dasharray:5 4}
.carnation .missing .box{stroke-dasharray:4 3}
.carnation .sign{fill:#fff;font-size:14px;font-weight:bold;text-anchor:middle}
.carnation .removed>.name,.carnation .removed>.label{text-decoration:line-through}
"""
# colors are in the rules themselves: not every viewer of SVG knows variables
_COLORS = """\
.carnation .ground{fill:%(ground)s}
.carnation .box{fill:%(box)s;stroke:%(rim)s}
.carnation .frame{fill:%(frame)s;stroke:%(seam)s}
.carnation .name,.carnation .marker{fill:%(ink)s}
.carnation .small{fill:%(faint)s}
.carnation .retry{stroke:%(faint)s}
.carnation .ring{stroke:%(ink)s}
.carnation .way{stroke:%(line)s}
.carnation .head{fill:%(line)s}
.carnation .catch .way,.carnation .missing .box{stroke:%(catch)s}
.carnation .catch .head,.carnation .catch .label{fill:%(catch)s}
"""


def make_style() -> str:
    """Write the style sheet of a picture; its rules hold inside the picture only."""
    light, dark = _color_rules(_LIGHT, dark=False), _color_rules(_DARK, dark=True)
    return f"{_SHAPES}{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"


def _color_rules(colors: dict[str, str], *, dark: bool) -> str:
    looks = {**LOOKS, "Unknown": UNKNOWN}
    types = (
        f".carnation .{name.lower()}>.tile{{fill:{look.dark if dark else look.light}}}\n"
        for name, look in looks.items()
    )
    return _COLORS % colors + "".join(types) + _mark_rules(colors)


def _mark_rules(colors: dict[str, str]) -> str:
    """Distinguish marks by color, by a sign and by the line, so that no one needs the color."""
    rules = []
    for mark in MARKS:
        scope, color = f".carnation .{mark}", colors[mark]
        rules.append(
            f"{scope}>.box,{scope}>.way{{stroke:{color};stroke-width:2.5}}\n"
            f"{scope}>.head,{scope}>.label,{scope}>.disc{{fill:{color}}}\n"
        )
    return "".join(rules)
