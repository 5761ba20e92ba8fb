"""The triggers of a workflow, each rendered by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carnation.errors import UsageError
from carnation.resources import triggers
from carnation.stacks.rendering import Rendering
from carnation.stacks.triggers import (
    add_undelivered,
    needs_undelivered,
    render_rule_trigger,
    render_schedule,
    render_upload,
)


def add_triggers(rendering: Rendering) -> None:
    """Add all triggers of a workflow, and the dead-letter queue of those that have it."""
    if needs_undelivered(rendering):
        add_undelivered(rendering)
    for trigger in rendering.application.triggers:
        _find_renderer(trigger)(rendering, trigger)


def _find_renderer(trigger: triggers.Trigger) -> Callable[[Rendering, Any], None]:
    """Find what renders a trigger; the modules of pipes and APIs are loaded when needed."""
    if isinstance(trigger, triggers.HttpApi):
        from carnation.stacks.apis import render_api

        return render_api
    if isinstance(trigger, (triggers.QueueSource, triggers.TableSource)):
        from carnation.stacks import pipes

        queues = isinstance(trigger, triggers.QueueSource)
        return pipes.render_queue_source if queues else pipes.render_table_source
    found = _RENDERERS.get(type(trigger))
    if found is None:
        raise UsageError(
            f"{trigger!r} ({trigger.line}) is not a trigger of carnation.resources, so that it "
            f"is not rendered. Write its resources as Raw(…)."
        )
    return found


_RENDERERS: dict[type, Callable[[Rendering, Any], None]] = {
    triggers.EventRule: render_rule_trigger,
    triggers.Schedule: render_schedule,
    triggers.Upload: render_upload,
}
