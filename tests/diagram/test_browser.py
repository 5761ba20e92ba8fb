"""The pictures as a browser shows them: what is measured here is what a reader sees."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from carnation.asl import walk_states
from carnation.diagram import draw_svg
from tests.diagram.test_diagram import make_hostile
from tests.diagram.test_layout import read_built
from tests.geometry import chain

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine"),
]

# texts that stick out of the box they were measured for, and what else must not be
PROBE = """
<script>
const found = {outside: [], boxes: 0, alerts: window.alerted || 0, font: ""};
for (const group of document.querySelectorAll("g.state")) {
  const box = group.querySelector(".box").getBBox();
  found.boxes += box.width > 0 && box.height > 0;
  for (const text of group.querySelectorAll("text.name, text.small")) {
    const at = text.getBBox();
    if (at.x < box.x || at.x + at.width > box.x + box.width) found.outside.push(text.textContent);
  }
}
found.dark = getComputedStyle(document.querySelector(".ground")).fill;
document.body.dataset.found = JSON.stringify(found);
</script>
"""


def browse(folder: Path, *arguments: str) -> str:
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}", *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def probe(folder: Path, definition: dict[str, Any], *arguments: str) -> dict[str, Any]:
    """Show a picture in a page and ask the browser what it sees."""
    page = folder / "page.html"
    alarm = "<script>window.alert = () => { window.alerted = (window.alerted || 0) + 1 }</script>"
    page.write_text(
        f"<!doctype html><meta charset=utf-8><body>{alarm}{draw_svg(definition)}{PROBE}",
        encoding="utf-8",
    )
    dumped = browse(folder, *arguments, "--dump-dom", page.as_uri())
    found = re.search(r'data-found="([^"]*)"', dumped)
    assert found
    result: dict[str, Any] = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
    return result


@pytest.mark.parametrize("name", ["carnation", "archive"])
def test_a_browser_finds_every_state_and_no_text_outside_of_its_box(
    name: str, tmp_path: Path
) -> None:
    definition = read_built(name)
    found = probe(tmp_path, definition)
    assert found["boxes"] == len(list(walk_states(definition)))
    assert found["outside"] == []


def test_hostile_names_run_nothing_in_a_browser_and_stay_in_their_boxes(tmp_path: Path) -> None:
    definition = make_hostile()
    found = probe(tmp_path, definition)
    assert found["alerts"] == 0
    assert found["boxes"] == len(definition["States"])
    assert found["outside"] == []


def test_the_picture_is_dark_where_the_reader_is(tmp_path: Path) -> None:
    light = probe(tmp_path, chain(1), "--blink-settings=preferredColorScheme=1")
    dark = probe(tmp_path, chain(1), "--blink-settings=preferredColorScheme=0")
    assert (light["dark"], dark["dark"]) == ("rgb(255, 255, 255)", "rgb(15, 20, 27)")


def test_the_file_alone_is_shown_as_a_picture(tmp_path: Path) -> None:
    (tmp_path / "picture.svg").write_text(draw_svg(read_built("carnation")), encoding="utf-8")
    shot = tmp_path / "shot.png"
    browse(
        tmp_path, f"--screenshot={shot}", "--window-size=800,1200",
        (tmp_path / "picture.svg").as_uri(),
    )  # fmt: skip
    # a white page of this size takes about 5 kB
    assert shot.stat().st_size > 30_000
