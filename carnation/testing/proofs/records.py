"""Which calls of AWS write to a store."""

from __future__ import annotations

WRITES = (
    *("PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"),
    *("PutObject", "CompleteMultipartUpload"),
)
"""The actions that write to a table or a bucket."""
