"""What MkDocs is told beside `mkdocs.yml`: generated pages, links that leave docs/, llms.txt."""

from __future__ import annotations

import re
import sys
from html import unescape
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from reference import COMMANDS, ROOT, list_packages, make_pages

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\./[^)\s]+)\)")


def on_config(config: Any) -> Any:
    """Fill the parts of the navigation that name a folder."""
    lists = {
        "COMMANDS": [{name: f"reference/commands/{name}.md"} for name in COMMANDS],
        "PYTHON": [{name: f"reference/python/{name}.md"} for name in list_packages()],
        "DECISIONS": [f"decisions/{path.name}" for path in _list_decisions()],
    }
    config.nav = [_fill(entry, lists) for entry in config.nav]
    return config


def _fill(entry: Any, lists: dict[str, list[Any]]) -> Any:
    if not isinstance(entry, dict):
        return entry
    ((title, value),) = entry.items()
    if isinstance(value, list):
        return {title: [filled for child in value for filled in _spread(child, lists)]}
    return {title: lists.get(value, value)}


def _spread(entry: Any, lists: dict[str, list[Any]]) -> list[Any]:
    return lists[entry] if isinstance(entry, str) and entry in lists else [_fill(entry, lists)]


def _list_decisions() -> list[Path]:
    return sorted((ROOT / "docs" / "decisions").glob("*.md"))


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are generated, the changelog, and the style sheet."""
    from mkdocs.structure.files import File
    from pygments.formatters import HtmlFormatter

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "](")
    light = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs("[data-bs-theme=dark] .highlight")
    own = Path(__file__).with_name("site.css").read_text(encoding="utf-8")
    made = {**make_pages(), "changelog.md": changelog, "site.css": f"{light}\n{dark}\n{own}"}
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Let a link to a file outside of docs/ lead to the repository, or be text without one."""
    depth = page.file.src_uri.count("/")

    def replace(match: re.Match[str]) -> str:
        text, target = match[1], match[2]
        ups = len(re.match(r"(?:\.\./)*", target)[0]) // 3
        if ups <= depth:
            return match[0]
        path = target[3 * ups :]
        if path == "CHANGELOG.md":
            return f"[{text}]({'../' * depth}changelog.md)"
        return f"[{text}]({config.repo_url}/blob/main/{path})" if config.repo_url else text

    return _LINK.sub(replace, markdown)


_PAGES: dict[str, tuple[str, str]] = {}
"""What llms.txt says of each page: URL to title and first sentence."""


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Keep the title and the first sentence of a page for llms.txt."""
    first = re.search(r"<p>(.*?)</p>", html, re.DOTALL)
    text = re.sub(r"<[^>]+>", "", first[1]) if first else ""
    sentence = re.split(r"(?<=\.)\s", " ".join(unescape(text).split()))[0]
    _PAGES[page.url] = (str(page.title), sentence)
    return html


def on_post_build(config: Any) -> None:
    """Write llms.txt: a line for each page, in the order of the navigation."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}"]
    _add_section("", config.nav, lines)
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _add_section(path: str, entries: list[Any], lines: list[str]) -> None:
    pages = [entry for entry in entries if not _is_section(entry)]
    if pages:
        lines += ["", *([f"## {path}", ""] if path else []), *map(_describe_page, pages)]
    for entry in filter(_is_section, entries):
        ((title, children),) = entry.items()
        _add_section(f"{path}: {title}" if path else title, children, lines)


def _is_section(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(next(iter(entry.values())), list)


def _describe_page(entry: Any) -> str:
    value = next(iter(entry.values())) if isinstance(entry, dict) else entry
    url = "" if value == "index.md" else value.removesuffix(".md") + "/"
    title, sentence = _PAGES[url]
    return f"- [{title}]({url or './'}): {sentence}"
