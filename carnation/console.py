"""The console: how the verbs speak. Errors in one line, color only where a person looks."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from carnation.lazy import TYPE_CHECKING, compile_lazily

if TYPE_CHECKING:
    from typing import TextIO

_COLORS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}
_PAINTED = compile_lazily(r"(\x1b\[(?:1;)?(?:3[1-4]|[012])m)")


def has_color(stream: TextIO) -> bool:
    """Return whether to color: a terminal, and neither NO_COLOR nor TERM=dumb set."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def paint(text: str, color: str, stream: TextIO | None = None, *, shown: bool | None = None) -> str:
    r"""Color a text ("red", "bold red") for a stream that shows color (default: standard output).

    `shown` says whether to color, where the caller knows it.

    >>> paint("late", "bold red", shown=True)
    '\x1b[1;31mlate\x1b[0m'
    """
    if not (has_color(stream or sys.stdout) if shown is None else shown):
        return text
    codes = ";".join(_COLORS[word] for word in color.split())
    return f"\x1b[{codes}m{text}\x1b[0m"


def clean(text: str, keep: str = "") -> str:
    r"""Replace what a foreign text may bring along to steer a terminal, or to end the line.

    >>> clean("a\x1b[31m\u202eb\n")
    'a�[31m�b�'
    """
    text = text.replace("\xa0", " ")  # Lambda indents the lines of a traceback with it
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else "\ufffd" for char in text)


_COMMAND = compile_lazily(r"(?m)^(\s*)(?=::|##\[)")


def clean_lines(text: str) -> str:
    r"""Clean a text of several lines, none of which may begin like a command to a CI system.

    >>> clean_lines("no state 'a\n::error::b'")
    "no state 'a\n\ufffd::error::b'"
    """
    text = clean(text, "\n\t")
    return _COMMAND.sub("\\1\ufffd", text) if "::" in text or "##[" in text else text


def echo(line: str) -> None:
    """Print a line on standard output at once; of codes for the terminal only our own colors."""
    parts = _PAINTED.split(line) if has_color(sys.stdout) else [line]
    shown = (part if index % 2 else clean_lines(part) for index, part in enumerate(parts))
    print("".join(shown), flush=True)


def echo_text(text: str) -> None:
    """Print a report as it is; what the encoding of standard output lacks, as a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()  # before anything is said of it on standard error


def echo_json(text: str) -> None:
    """Print a JSON document at once; what would steer a terminal, as JSON's own escapes."""
    shown = (char if char.isprintable() or char == "\n" else _escape(char) for char in text)
    print("".join(shown), end="", flush=True)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def align_table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Align rows into columns, two spaces apart; the columns in `right` to the right.

    >>> align_table([["written", "9"], ["dead", "10"]], right=[1])
    ['written   9', 'dead     10']
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def fit_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align and indent rows; on a terminal, one that is too wide ends on a line of its own.

    >>> fit_table([["Queue", "AWS::SQS::Queue", "jobs"]])
    ['  Queue  AWS::SQS::Queue  jobs']
    """
    lines = [f"  {line}" for line in align_table(rows)]
    width = report_width() if is_terminal(sys.stdout) else sys.maxsize
    if all(len(line) <= width for line in lines):
        return lines
    found = []
    heads = align_table([_split_end(row)[0] for row in rows])
    for line, head, row in zip(lines, heads, rows, strict=True):
        found += [line] if len(line) <= width else [f"  {head}", f"      {_split_end(row)[1]}"]
    return found


def _split_end(row: Sequence[str]) -> tuple[list[str], str]:
    """Split off the last cell of a row that is not empty; the others keep their columns."""
    last = max((i for i, cell in enumerate(row) if cell), default=0)
    return [cell if i < last else "" for i, cell in enumerate(row)], row[last]


def terminal_width() -> int:
    """Find how wide help may be; argparse would load shutil for it, 3 ms at every start."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size().columns) - 2
    except (OSError, ValueError):
        return 78


def wrap_lines(text: str, stream: TextIO | None = None) -> str:
    r"""Break the sentences of a text at a terminal's width; tables and pipes keep their lines.

    A line that is indented, or has two spaces within, is one of a table. The terminal is that of
    the stream (default: standard output).
    """
    if not is_terminal(stream or sys.stdout):
        return text
    import textwrap  # who prints no long sentences need not load it

    width, lines = max(40, terminal_width()), text.split("\n")
    wrap = textwrap.TextWrapper(
        width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(line if "  " in line else wrap.fill(line) or line for line in lines)


def report_width() -> int:
    """Find how wide a report may be: as standard output's terminal; 100 where there is none."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 100
    except (OSError, ValueError, AttributeError):  # a stand-in for a stream may have no number
        return 100


def format_time(seconds: float) -> str:
    """Format a Unix time to the minute, in UTC, so that times of several places compare.

    >>> format_time(1795716435.387)
    '2026-11-26 18:07 UTC'
    """
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def count(number: int, noun: str) -> str:
    """Count something, in the singular where there is one.

    >>> count(1, "dead letter"), count(2000, "event")
    ('1 dead letter', '2,000 events')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person watches a stream that can be written over."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show_progress(line: str) -> None:
    """Show a line on standard error, if it is a terminal, until the next one replaces it."""
    if is_terminal(sys.stderr):
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
