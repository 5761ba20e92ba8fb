"""The site: every page is in its navigation, and every command and public name in its reference."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from carnation.cli.commands import COMMANDS
from tests.conftest import ROOT
from tests.test_public import PUBLIC

SITE = ROOT / "scripts" / "site"
SETTINGS = yaml.safe_load((SITE / "mkdocs.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, str]]:
    sys.path.insert(0, str(SITE))
    try:
        yield importlib.import_module("reference").make_pages()
    finally:
        sys.path.remove(str(SITE))


def list_entries(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from list_entries(entry)


def test_each_page_is_in_the_navigation_once(pages: dict[str, str]) -> None:
    entries = list(list_entries(SETTINGS["nav"]))
    written = [path.name for path in (ROOT / "docs").glob("*.md")]
    single = [path for path in pages if path.count("/") == 1]
    listed = [entry for entry in entries if entry.endswith(".md")]
    assert sorted(listed) == sorted([*written, *single, "changelog.md"])
    assert sorted(set(entries) - set(listed)) == ["COMMANDS", "DECISIONS", "PYTHON"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_of_a_command_is_in_the_reference(pages: dict[str, str], command: str) -> None:
    parser = importlib.import_module(f"carnation.cli.{command}")._make_parser()
    page = pages[f"reference/commands/{command}.md"]
    assert page.startswith(f"# carnation {command}\n")
    assert [
        name for name in re.findall(r"--[a-z-]+", parser.format_usage()) if name not in page
    ] == []


@pytest.mark.parametrize("package", PUBLIC)
def test_each_public_name_is_in_the_reference(pages: dict[str, str], package: str) -> None:
    page = pages[f"reference/python/{package}.md"]
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == importlib.import_module(package).__all__


def test_the_fixtures_are_in_the_reference(pages: dict[str, str]) -> None:
    page = pages["reference/fixtures.md"]
    assert "## `deploy_workflow`" in page
    assert "--carnation-cov" in page


def test_the_reference_is_the_same_everywhere(pages: dict[str, str]) -> None:
    text = "\n".join(pages.values())
    assert str(ROOT) not in text
    assert re.findall(r" at 0x[0-9a-f]+", text) == []


def test_the_site_is_built_with_no_broken_link_and_asks_no_other_host(tmp_path: Path) -> None:
    if find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed here: pip install '.[docs]'")
    words = ["mkdocs", "build", "--strict", "-f", str(SITE / "mkdocs.yml"), "-d", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    html = "\n".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html"))
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?:[^>]+>", html) == []
    lines = (tmp_path / "llms.txt").read_text(encoding="utf-8").splitlines()
    linked = re.findall(r"^- \[.+\]\((.+)\): ", "\n".join(lines), re.MULTILINE)
    assert len(linked) == len(list(tmp_path.rglob("index.html")))
    assert [url for url in linked if not (tmp_path / url / "index.html").is_file()] == []
