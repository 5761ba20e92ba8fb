"""Events as they come: which of them a person is shown, and how far long Maps are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.history.progress import Progress

_SHOWN = ("StateEntered", "IterationFailed", "ExecutionSucceeded", "ExecutionFailed", "Retry")
_FEW = 20  # items of a Map that are shown one by one


class LiveEvents:
    """Formats states and failures as they come; of the items of a long Map, only the failures."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self.progress = Progress()
        self._inside: set[int] = set()  # the events of the iterations of long Maps
        self._long: dict[str, bool] = {}  # long Maps by name: whether one is itself inside another
        self._map = ""  # that was entered last

    def add(self, event: Mapping[str, Any]) -> Iterator[str]:
        """Add an event, as `GetExecutionHistory` returns it; yield its line, if it is shown."""
        self.progress.add(event)
        kind, is_inside = str(event["type"]), self._find_inside(event)
        if is_inside:
            self._inside.add(event["id"])
        if "Failed" in kind or (kind.endswith(_SHOWN) and not is_inside):
            yield _format_event(event, kind)

    def is_due(self) -> bool:
        """Return whether the progress of a long Map is to be shown again."""
        return bool(self._long) and self.progress.is_due()

    def _find_inside(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event is of an iteration of a long Map."""
        kind, follows = event["type"], event.get("previousEventId") in self._inside
        if kind == "MapStateEntered":
            self._map = event["stateEnteredEventDetails"]["name"]
        elif kind == "MapStateStarted" and event["mapStateStartedEventDetails"]["length"] > _FEW:
            self._long[self._map] = follows
        elif kind.startswith("MapIteration"):
            (iteration,) = (v for k, v in event.items() if k.startswith("mapIteration"))
            if iteration["name"] in self._long:
                return kind == "MapIterationStarted" or self._long[iteration["name"]]
        return follows


def _format_event(event: Mapping[str, Any], kind: str) -> str:
    details: Mapping[str, Any] = next(
        (v for k, v in event.items() if k.endswith("EventDetails") and v), {}
    )
    words = [details.get("name"), details.get("error")]
    when = event["timestamp"].strftime("%H:%M:%S")
    return f"  {when}  {kind:<28}{' '.join(str(word) for word in words if word)}".rstrip()
