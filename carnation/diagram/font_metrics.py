"""How wide a text is, without a font: the advance widths of Helvetica and Arial, in thousandths.

A picture has to know its texts' widths to make boxes that hold them. The two families, and
Liberation Sans, share these metrics. Letters outside the table are taken as wide: their boxes
have room to spare, and no viewer is asked to squeeze or to stretch them.

Source: the Adobe Font Metrics of Helvetica and Helvetica-Bold (the 14 standard PostScript fonts).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# from the space to the tilde, in the order of ASCII
_REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
)  # fmt: skip
_OTHERS = {"…": 1000, "·": 278, "×": 584, "≥": 549, "≤": 549, "≠": 549, "→": 1000, "−": 584}
_WIDE, _FOREIGN = 1250, 900


@lru_cache(maxsize=4096)
def _width_of(letter: str, bold: bool) -> int:
    base = unicodedata.normalize("NFD", letter)[0]
    if " " <= base <= "~":
        return (_BOLD if bold else _REGULAR)[ord(base) - 32]
    if letter in _OTHERS:
        return _OTHERS[letter]
    if unicodedata.combining(letter):
        return 0
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _FOREIGN


def measure_text(text: str, size: float, bold: bool = False) -> float:
    """Return the width of a line of text at a font size, in the same unit.

    >>> measure_text("iii", 10), measure_text("WWW", 10)
    (6.66, 28.32)
    """
    return round(sum(_width_of(letter, bold) for letter in text) * size / 1000, 2)


def cut_text(text: str, room: float, size: float, bold: bool = False) -> str:
    """Return the text if it fits into the room, else its beginning with an ellipsis.

    >>> cut_text("ProcessEveryEvent", 60, 13)
    'Process…'
    """
    if measure_text(text, size, bold) <= room:
        return text
    room -= measure_text("…", size, bold)
    length = 0
    for letter in text:
        room -= _width_of(letter, bold) * size / 1000
        if room < 0:
            break
        length += 1
    return text[:length].rstrip() + "…"


def wrap_text(
    text: str, room: float, size: float, bold: bool = False, lines: int = 2
) -> tuple[str, ...]:
    """Break a text into at most so many lines that fit; what is left over becomes an ellipsis.

    A line ends at a space, behind punctuation, before a capital letter; within a word if it must.

    >>> wrap_text("PutInDeadLetters", 70, 13)
    ('PutInDead', 'Letters')
    """
    wrapped: list[str] = []
    rest = text
    while rest and len(wrapped) < lines - 1 and measure_text(rest, size, bold) > room:
        end = _find_break(rest, room, size, bold)
        wrapped.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return (*wrapped, cut_text(rest, room, size, bold)) if rest else tuple(wrapped) or ("",)


def _find_break(text: str, room: float, size: float, bold: bool) -> int:
    """Find the last place within the room at which a reader would break the line."""
    best = fits = 0
    for index, letter in enumerate(text):
        before = text[index - 1] if index else ""
        opens = letter.isupper() and before.islower()
        # a stub of a line is worse than a break within a word
        if index > 2 and (letter == " " or before in " -_./:,)" or opens):
            best = index
        room -= _width_of(letter, bold) * size / 1000
        if room < 0:
            break
        fits = index + 1
    return best or max(fits, 1)
