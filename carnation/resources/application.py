"""Application: what a workflow consists of next to its definition, checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from carnation.errors import WorkflowError
from carnation.records import field, record
from carnation.resources.functions import Function
from carnation.resources.grants import Grant, list_given
from carnation.resources.keys import Key
from carnation.resources.machines import Alarms, StateMachine
from carnation.resources.parameters import Parameter
from carnation.resources.references import Reference
from carnation.resources.resource import Resource
from carnation.resources.triggers import Trigger

TYPES = ("STANDARD", "EXPRESS")
LAYOUTS = ("one", "by-kind")

Change = Callable[[str, dict[str, Any]], Any]
"""A last change of a template: its path and its document, which it changes or replaces."""


@record(frozen=True)
class Application:
    """A workflow's resources and triggers, and how its state machine is deployed and watched."""

    workflow: str
    resources: tuple[Resource, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    uses: tuple[Grant, ...] = ()
    type: str = "STANDARD"
    machine: StateMachine = field(default_factory=StateMachine)
    alarms: Alarms | None = field(default_factory=Alarms)
    key: Key | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    layout: str = "one"
    dashboard: bool = False
    change: Change | None = None

    def find_line(self, logical_id: str) -> str:
        """Find the line of Python of the resource that a logical ID, or the start of it, names.

        What is made next to a resource begins with its title: the queue of dead letters, alarms.
        """
        parts = [
            one for one in (*self.resources, *self.triggers)
            if logical_id == one.resource_id or logical_id.startswith(one.title)
        ]  # fmt: skip
        exact = [one for one in parts if logical_id == one.resource_id]
        found = exact or sorted(parts, key=lambda one: len(one.title))
        return found[-1].line if found else ""

    def __post_init__(self) -> None:
        """Check what a single resource cannot know; raise `WorkflowError` naming both places."""
        owner = f"workflow '{self.workflow}'"
        _check_all(owner, "resources", self.resources, Resource)
        _check_all(owner, "triggers", self.triggers, Trigger)
        _check_all(owner, "uses", self.uses, Grant)
        for resource in self.resources:
            if isinstance(resource, Trigger):
                raise WorkflowError(f"{owner}: {resource!r} ({resource.line}) is a trigger. "
                                    "List it in Workflow(triggers=[…]).")  # fmt: skip
        for name, option, kind in (
            ("machine", self.machine, StateMachine),
            ("alarms", self.alarms, Alarms),
            ("key", self.key, Key),
        ):
            if option is not None and not isinstance(option, kind):
                raise WorkflowError(
                    f"{owner}: {name} is {option!r}; expected {kind.__name__}(…) or None."
                )
        for name, value, known in (("type", self.type, TYPES), ("layout", self.layout, LAYOUTS)):
            if value not in known:
                raise WorkflowError(f"{owner}: {name} is {value!r}; expected {' or '.join(known)}.")
        self._reject_tags()
        self._reject_doubles()
        self._reject_unlisted()

    def _reject_tags(self) -> None:
        """Raise for tags that CloudFormation would reject.

        Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
        """
        for name, value in self.tags.items():
            valid = isinstance(name, str) and isinstance(value, str) and 0 < len(name) <= 128
            if not valid or len(value) > 256 or name.startswith("aws:") or len(self.tags) > 50:
                raise WorkflowError(
                    f"workflow '{self.workflow}': tags has {name!r}: {value!r}; expected up to 50 "
                    "names of up to 128 characters, none beginning with aws:, and values of up to "
                    "256."
                )

    def _reject_doubles(self) -> None:
        seen: dict[str, tuple[str, Resource]] = {}
        for resource in (*self.resources, *self.triggers):
            names = [("id", resource.id), ("logical ID", resource.resource_id)]
            names += [("reference", str(one)) for one in resource.list_references()]
            for what, name in names:
                other = seen.setdefault(name, (what, resource))[1]
                if other is not resource:
                    raise WorkflowError(
                        f"workflow '{self.workflow}': {other!r} ({other.line}) and {resource!r} "
                        f"({resource.line}) have one {what}, '{name}'. Rename one of them."
                    )

    def _reject_unlisted(self) -> None:
        """Raise for what a resource, function or trigger is about and nobody lists."""
        for owner in (*self.resources, *self.triggers):
            for needed in _list_needed(owner):
                self._reject_if_unlisted(f"{owner!r} ({owner.line})", needed)
        for needed in list_given(self.uses):
            self._reject_if_unlisted("Workflow(uses=[…])", needed)
        if self.alarms and self.alarms.topic:
            self._reject_if_unlisted("Alarms(topic=…)", self.alarms.topic)

    def _reject_if_unlisted(self, owner: str, needed: Resource) -> None:
        if needed in self.resources:
            return
        alike = [one for one in self.resources if one.id == needed.id]
        what = (
            f"and {alike[0]!r} ({alike[0].line}) is listed. Use one of them in both places, or "
            "rename one."
            if alike
            else "which is not listed. List it in Workflow(resources=[…])."
        )
        raise WorkflowError(
            f"workflow '{self.workflow}': {owner} uses {needed!r} ({needed.line}), {what}"
        )

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions that the workflow's stacks make."""
        return tuple(
            one for one in self.resources if isinstance(one, Function) and not one.is_existing
        )

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the root: those listed, and those that say what exists."""
        given: list[object] = []
        for resource in self.resources:
            origin = resource.origin
            given += (resource, *(origin.list_given() if origin else ()))
        given += [self.key.given] if self.key else []
        own = [one for one in given if isinstance(one, Parameter) and not one.is_shared]
        return tuple({one.resource_id: one for one in own}.values())

    def list_examples(self) -> dict[str, str]:
        """Return the values that `run`, `serve` and tests take, by the parameter's name."""
        return {one.resource_id: one.example for one in self.parameters if one.example is not None}

    def list_references(self) -> dict[str, Reference]:
        """Return all that a definition may say, by key."""
        listed = (*self.resources, *self.triggers)
        return {one.key: one for resource in listed for one in resource.list_references()}


def _list_needed(owner: Resource) -> Iterator[Resource]:
    if isinstance(owner, Trigger):
        yield from owner.list_resources()
    yield from list_given(getattr(owner, "uses", ()))
    for name in ("secret", "bus"):
        one = getattr(owner, name, None)
        if isinstance(one, Resource):
            yield one
    for one in getattr(owner, "subscribers", ()):
        if isinstance(one, Resource):
            yield one


def _check_all(owner: str, argument: str, values: Iterable[object], kind: type) -> None:
    for value in values:
        if not isinstance(value, kind):
            raise WorkflowError(
                f"{owner}: {argument} has {_format_value(value)}; "
                f"expected a list of {kind.__name__}."
                f"{_format_place(value)}"
            )


def _format_value(value: object) -> str:
    return f"{value!r} ({value.line})" if isinstance(value, Resource) else repr(value)


def _format_place(value: object) -> str:
    """Describe what is to be done with a value that is in the wrong place."""
    if isinstance(value, type):
        return f" Did you mean {value.__name__}(…)?"
    if isinstance(value, Resource):
        return " List it in Workflow(resources=[…])."
    return ""
