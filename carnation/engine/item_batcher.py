"""ItemBatcher: several items for one child execution.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.document.values import Json
from carnation.engine.data_flow import PAYLOAD_LIMIT, DataFlow
from carnation.engine.fibers import Fiber
from carnation.engine.numbers import check_number, compile_number
from carnation.engine.payloads import Compiled, compile_payload, to_text


class ItemBatcher:
    """Puts items together, up to a number and a size."""

    def __init__(self, data_flow: DataFlow, body: Mapping[str, Json]) -> None:
        """Compile the limits and what is added to each batch."""
        self._data_flow, self._body = data_flow, body
        self._count = compile_number(body, "MaxItemsPerBatch", data_flow.language)
        self._bytes = compile_number(body, "MaxInputBytesPerBatch", data_flow.language)
        self._input = (
            compile_payload(body["BatchInput"], data_flow.language, "ItemBatcher/BatchInput")
            if "BatchInput" in body
            else None
        )

    def make_batches(
        self, fiber: Fiber, value: Json, items: list[Json]
    ) -> list[tuple[dict[str, Json], int]]:
        """Return the inputs of the children, each with its number of items."""
        count = self._limit(fiber, value, self._count, "MaxItemsPerBatch")
        size = self._limit(fiber, value, self._bytes, "MaxInputBytesPerBatch") or PAYLOAD_LIMIT
        frame: dict[str, Json] = {"Items": []}
        if self._input is not None:
            frame = {"BatchInput": self._data_flow.evaluate(fiber, self._input, value), "Items": []}
        empty = len(to_text(frame).encode("utf-8", "replace"))
        batches: list[list[Json]] = []
        used = 0
        for item in items:
            own = len(to_text(item).encode("utf-8", "replace")) + 1
            full = count is not None and bool(batches) and len(batches[-1]) >= count
            if not batches or full or used + own > size:
                batches.append([])
                used = empty
            batches[-1].append(item)
            used += own
        return [({**frame, "Items": batch}, len(batch)) for batch in batches]

    def _limit(self, fiber: Fiber, value: Json, part: Compiled | None, name: str) -> int | None:
        if part is None:
            return None
        given = self._data_flow.evaluate(fiber, part, value)
        return check_number(fiber, self._body, name, given, least=1)
