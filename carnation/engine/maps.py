"""The Map state, inline: its items run as iterations, at most 40 at once."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.asl.expressions import parse_path
from carnation.document.values import Json
from carnation.engine.child_executions import STATE_DATA
from carnation.engine.failures import RUNTIME, StateError
from carnation.engine.fiber_groups import abort, run_group
from carnation.engine.fibers import Fiber, Steps
from carnation.engine.numbers import check_number, compile_number
from carnation.engine.payloads import (
    Compiled,
    compile_jsonata,
    compile_path,
    compile_payload,
    is_jsonata,
)
from carnation.engine.retry_catch import RetryableState
from carnation.errors import DefinitionError

MAX_CONCURRENCY = 40


class Entry(dict[str, Json]):
    """An item that is a member of an object: its Key and its Value."""


def list_items(items: Json) -> list[Json] | None:
    """List what a Map iterates over: an array's items, an object's members; None for others."""
    if isinstance(items, dict):
        return [Entry(Key=key, Value=value) for key, value in items.items()]
    return items if isinstance(items, list) else None


def describe_item(item: Json, index: int, source: str = STATE_DATA) -> dict[str, Json]:
    """Make the Context object's Map.Item."""
    value = item if isinstance(item, Entry) else {"Value": item}
    return {"Index": index, **value, "Source": source}


class MapState(RetryableState):
    """What both kinds of Map have in common: where the items come from."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile ItemsPath or Items, the selector and the concurrency."""
        super().__init__(name, body, language)
        self._items = self._compile_items()
        selector = "ItemSelector" if "ItemSelector" in body else "Parameters"
        self._selector = (
            compile_payload(body[selector], language, selector) if selector in body else None
        )
        self._concurrency = compile_number(body, "MaxConcurrency", language, 0)

    def _compile_items(self) -> Compiled | None:
        items, field = self.body.get("Items"), "Items"
        if items is None:
            path = self.body.get("ItemsPath", "$")
            if self.data_flow.is_jsonata:
                return compile_jsonata("{% $states.input %}", field, "array", "object")
            return None if path == "$" else compile_path(path)
        if not is_jsonata(items):
            if not isinstance(items, (list, dict)):
                raise DefinitionError(
                    f"state '{self.name}': Items must be an array, an object, or '{{% … %}}'."
                )
            return compile_payload(items, "JSONata", field)
        return compile_jsonata(items, field, "array", "object")

    def find_items(self, fiber: Fiber, value: Json) -> list[Json]:
        """Find the items; the failure of what is no array has AWS's words."""
        items = value
        if self._items is not None:
            items = self.data_flow.evaluate(fiber, self._items, value)
        found = list_items(items)
        path = parse_path(self.body.get("ItemsPath", "$"))
        if found is None or (path.is_context and not isinstance(items, list)):
            # AWS shows `$$` as `$`
            shown = path.text[1:] if path.is_context else path.text
            raise StateError(RUNTIME, f'Reference path "{shown}" must point to array.')
        if fiber.trace is not None and not self.data_flow.is_jsonata:
            fiber.trace["afterItemsPath"] = items
        return found

    def find_concurrency(self, fiber: Fiber, value: Json) -> int:
        """Evaluate MaxConcurrency; 0 stands for no limit of the definition's."""
        if self._concurrency is None:
            return 0
        given = self.data_flow.evaluate(fiber, self._concurrency, value)
        return check_number(fiber, self.body, "MaxConcurrency", given)

    def select(
        self, fiber: Fiber, value: Json, item: Json, index: int, source: str = STATE_DATA
    ) -> Json:
        """Apply ItemSelector to one item."""
        if self._selector is None:
            return item
        kept, fiber.item = fiber.item, describe_item(item, index, source)
        try:
            return self.data_flow.evaluate(fiber, self._selector, value)
        finally:
            fiber.item = kept

    def fail(self, fiber: Fiber, failure: StateError) -> None:
        """Write that the Map failed, unless it ended with the whole execution."""
        if failure.error != RUNTIME:
            fiber.add("MapStateFailed", {})


class InlineMap(MapState):
    """Runs the iterations inside the execution, in its history."""

    def attempt(self, fiber: Fiber, value: Json) -> Steps:
        """Run the iterations; gives the list of their outputs."""
        items = self.find_items(fiber, value)
        concurrency = min(self.find_concurrency(fiber, value) or MAX_CONCURRENCY, MAX_CONCURRENCY)
        if not fiber.redriven:
            fiber.add("MapStateStarted", {"length": len(items)})
        last = [fiber.previous]  # what the next iteration starts behind

        def start(index: int) -> Fiber:
            item = items[index]
            given = self.select(fiber, value, item, index)
            child = fiber.run.spawn(fiber, self.inner[0], given, index)
            child.item, child.key = describe_item(item, index), self.name
            child.previous = last[0]
            child.add("MapIterationStarted", {"name": self.name, "index": index})
            return child

        def accept(child: Fiber) -> bool:
            last[0] = child.previous
            if child.failure is not None:
                fiber.previous = child.previous
                fiber.note("MapIterationFailed", {"name": self.name, "index": child.index})
                return False
            if not child.is_kept:  # its events were written before a redrive
                fiber.previous = child.note(
                    "MapIterationSucceeded", {"name": self.name, "index": child.index}
                )
            return True

        others = yield from run_group(fiber, len(items), concurrency, start, accept)
        failed = next((child.failure for child in fiber.children if child.failure), None)
        if failed is not None:
            abort(others, "MapIterationAborted")
            raise StateError(failed.error, failed.cause, failed.alias)
        fiber.note("MapStateSucceeded", {})
        return [child.output for child in fiber.children]
