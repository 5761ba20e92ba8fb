"""Write the terminal screens of `docs/pictures/`, by doing what the pages say.

Run as `python scripts/write_screens.py`; with `--check` it only says whether they are current, but
for times. They show the Start page, the page on existing projects, and the reference workflow.
"""

from __future__ import annotations

import html
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.pages import Command, read_steps  # noqa: E402  the project need not be installed

PICTURES = ROOT / "docs" / "pictures"
STORY = [
    "carnation", "run", "carnation", "--input", '{"start_seq": 1, "end_seq": 11}',
    "--fail", "3,7", "--fail-attempts", "4", "--runs", "4",
]  # fmt: skip
_COLUMNS = 84
_MOST_LINES = 30
_CODE = re.compile(r"\x1b\[([\d;]*)m")
_CLASSES = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "34": "blue"}
_STYLE = """
text{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#e6edf3}
.bold{font-weight:bold}.dim{fill:#9198a1}.red{fill:#ff7b72}.green{fill:#56d364}.yellow{fill:#e3b341}
.blue{fill:#79c0ff}
"""


def main() -> int:
    """Write the screens, or compare them."""
    with tempfile.TemporaryDirectory() as folder:
        made = dict(make_pictures(Path(folder)))
    stale = [name for name, text in made.items() if not _is_current(PICTURES / name, text)]
    if "--check" in sys.argv:
        print(*(f"docs/pictures/{name} is stale" for name in stale), sep="\n")
        return bool(stale)
    for name in stale:
        (PICTURES / name).write_text(made[name], encoding="utf-8")
    return 0


def make_pictures(folder: Path) -> Iterator[tuple[str, str]]:
    """Return the name and the text of each picture."""
    follow_start(folder)
    yield (
        "diff.svg",
        draw_screen("carnation diff main", watch(["carnation", "diff", "main"], folder)),
    )
    write_files(ROOT / "docs" / "bring.md", folder)
    words = ["carnation", "lint", "refund.asl.json"]
    yield "lint.svg", draw_screen(" ".join(words), watch(words, folder))
    yield "run.svg", draw_screen(" ".join(STORY[:3]) + " --fail 3,7 --runs 4 …", watch(STORY, ROOT))


def follow_start(folder: Path) -> None:
    """Do what the Start page does, up to the first comparison."""
    for step in read_steps((ROOT / "docs" / "start.md").read_text(encoding="utf-8")):
        if not isinstance(step, Command):
            (folder / step.path).write_text(step.text, encoding="utf-8")
        elif step.line.startswith("carnation diff"):
            return
        elif step.line.split()[:2] in (["carnation", "init"], ["carnation", "build"]):
            watch(step.line.split(), folder)
        elif step.line.startswith("git "):
            _run_git(step.line, folder)


def write_files(page: Path, folder: Path) -> None:
    """Write the files that a page shows."""
    for step in read_steps(page.read_text(encoding="utf-8")):
        if not isinstance(step, Command):
            (folder / step.path).write_text(step.text, encoding="utf-8")


def _run_git(line: str, folder: Path) -> None:
    names = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    command = ["git", *names, *shlex.split(line)[1:]]
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603  the commands of our own pages


def watch(words: list[str], folder: Path) -> str:
    """Run a command whose standard output is a terminal; return what that shows."""
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(_COLUMNS), "TERM": "xterm"}
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(  # noqa: S603  the commands of our own pages
        command, cwd=folder, env=environment, stdout=slave, stderr=subprocess.DEVNULL
    ) as process:
        os.close(slave)
        shown = b"".join(_read(master))
    os.close(master)
    if process.returncode > 1:
        raise SystemExit(f"{shlex.join(words)} exited with {process.returncode}: no screen of it")
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the command has ended
            return
        if not part:
            return
        yield part


def draw_screen(command: str, shown: str) -> str:
    """Draw a terminal with a command and what it printed, as SVG."""
    lines = [f"\x1b[1m$ {command}\x1b[0m", *shown.rstrip().splitlines()]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], "\x1b[2m…\x1b[0m"]
    height = 18 * len(lines) + 26
    width = round(7.83 * max(_COLUMNS, *(len(_CODE.sub("", line)) for line in lines))) + 30
    rows = "\n".join(
        f'<text x="15" y="{18 * number + 26}" xml:space="preserve">{_paint(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img"><title>{html.escape(command)}</title>'
        f"<style>{_STYLE}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n{rows}\n</svg>\n'
    )


def _paint(line: str) -> str:
    parts, classes = [], ""
    for index, part in enumerate(_CODE.split(line)):
        if index % 2:
            classes = " ".join(_CLASSES[code] for code in part.split(";") if code in _CLASSES)
        elif part:
            text = html.escape(part)
            parts.append(f'<tspan class="{classes}">{text}</tspan>' if classes else text)
    return "".join(parts)


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and _mask(path.read_text(encoding="utf-8")) == _mask(text)


def _mask(text: str) -> str:
    return re.sub(r"\d+\.\d+ s\b", "0.0 s", text)


if __name__ == "__main__":
    sys.exit(main())
