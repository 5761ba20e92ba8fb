"""Bodies of requests, read as their headers say: whole, or in chunks.

Source: https://www.rfc-editor.org/rfc/rfc9112#section-6
"""

from __future__ import annotations

import re
from email.message import Message
from io import BufferedIOBase

_PIECE = 1 << 20  # what is kept of a body is never more than what was sent, whatever was announced
_LINE = 1024
_DIGITS = re.compile(r"[0-9]+")
_HEX = re.compile(rb"[0-9A-Fa-f]+")


def read_body(source: BufferedIOBase, headers: Message) -> bytes:
    r"""Read a request's body; raises `ValueError` where it is not what its headers say.

    >>> from io import BytesIO
    >>> headers = Message()
    >>> headers["Transfer-Encoding"] = "chunked"
    >>> read_body(BytesIO(b"2\r\n{}\r\n0\r\n\r\n"), headers)
    b'{}'
    """
    codings = headers.get("Transfer-Encoding", "identity").strip().lower()
    if codings == "chunked":
        return _read_chunks(source)
    lengths = {text.strip() for text in headers.get_all("Content-Length", ["0"])}
    length = lengths.pop()
    if codings != "identity" or lengths or not _DIGITS.fullmatch(length):
        raise ValueError("neither chunked nor of one length")
    return _read_exactly(source, int(length))


def _read_chunks(source: BufferedIOBase) -> bytes:
    parts = []
    while size := _read_size(source):
        parts.append(_read_exactly(source, size))
        if source.readline(_LINE).strip():
            raise ValueError("the chunk is longer than its declared length")
    while source.readline(_LINE).strip():
        pass  # trailers
    return b"".join(parts)


def _read_size(source: BufferedIOBase) -> int:
    text = source.readline(_LINE).partition(b";")[0].strip()
    if not _HEX.fullmatch(text):
        raise ValueError("a chunk without a size")
    return int(text, 16)


def _read_exactly(source: BufferedIOBase, size: int) -> bytes:
    parts = []
    while size > 0:
        piece = source.read(min(size, _PIECE))
        if not piece:
            raise ValueError("the connection ended before the body did")
        parts.append(piece)
        size -= len(piece)
    return b"".join(parts)
