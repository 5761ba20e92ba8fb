"""Parquet: the rows of a file as items, read by pyarrow (the extra `parquet`).

Rows keep their types: numbers, texts, booleans; lists and structures nest; timestamps are whole
milliseconds since 1970.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timezone
from decimal import Decimal

from carnation.document.values import Json
from carnation.engine.failures import StateError

_FAILED = "States.ItemReaderFailed"


def read_rows(content: bytes) -> Iterator[Json]:
    """Yield the rows of a file, a batch of them in memory at a time."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise StateError(_FAILED, "reading PARQUET needs pyarrow: carnation[parquet].") from None
    try:
        for batch in parquet.ParquetFile(io.BytesIO(content)).iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                yield _plain(row)
    except (ArrowException, OSError) as error:
        raise StateError(_FAILED, f"the object holds no Parquet: {error}") from None


def _plain(value: object) -> Json:
    """Write a value as JSON has it.

    >>> _plain({"at": datetime(1970, 1, 1, 0, 0, 1), "price": Decimal("1.50"), "raw": b"ab"})
    {'at': 1000, 'price': 1.5, 'raw': 'YWI='}
    """
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return {str(key): _plain(item) for key, item in value}  # a map
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return int(moment.timestamp() * 1000)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
