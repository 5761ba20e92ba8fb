"""Workflow: a definition with its resources and its name, as `definitions/` declares it.

Definitions are loaded by path: every `definitions/<module>.py` that does not begin with an
underscore has a function `make_workflow()` which returns a fresh `Workflow`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from carnation.asl import walk_states
from carnation.errors import WorkflowError, suggest_name
from carnation.states import find_source, find_unchecked, make_definition
from carnation.workflow.modules import choose_definitions, find_definition, importable, load_module
from carnation.workflow.names import validate_name, validate_version

if TYPE_CHECKING:
    from carnation.resources import (
        Alarms,
        Application,
        Function,
        Grant,
        Key,
        Resource,
        StateMachine,
        Trigger,
    )
    from carnation.stacks import Sources
    from carnation.workflow.reporters import Reporter


class Workflow:
    """A definition, the resources it uses, what starts it, a name and a version.

    `states` is the graph: its first state, a chain, an SDK graph, or a definition as plain ASL.
    `name` has up to 40 lowercase letters, digits and hyphens; `version` is `major.minor.patch`.
    `timeout_seconds` bounds an execution; `language_version` is ASL's own `Version`.
    `resources` and `triggers` list what the workflow's stacks make (see `carnation.resources`);
    without either, the template deploys the state machine alone. `uses` grants the state machine
    what its definition does not show. `type` is STANDARD or EXPRESS; `machine`, `alarms` and `key`
    say how it is deployed, watched and encrypted; `dashboard=True` adds a dashboard, $3 a month.
    `tags` are put on everything. `layout` is "one" template, or "by-kind". `change` may change a
    template before it is written. `stacks="none"` builds no templates: somebody else deploys the
    definition.
    A function given as `stacks` renders templates of its own (see `carnation.event_stacks`), with
    the code of `functions`.
    `input`, `output` and `results` (by name of state) declare shapes, each a JSON schema, a
    TypedDict or a dataclass (see `carnation.workflow.schemas.make_schema`); the
    manifest holds them.
    `reporter` knows what the workflow's executions work on (see `carnation.workflow.reporters`);
    without one, `run` prints status and output, and nothing else.

    >>> from carnation.states import Succeed
    >>> workflow = Workflow(name="tiny", version="1.0.0", states=Succeed("Done"))
    >>> workflow.make_definition()["StartAt"]
    'Done'
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        states: Any,
        comment: str | None = None,
        query_language: str | None = None,
        language_version: str | None = None,
        timeout_seconds: int | None = None,
        resources: Sequence[Resource] = (),
        triggers: Sequence[Trigger] = (),
        uses: Sequence[Grant] = (),
        type: str = "STANDARD",
        machine: StateMachine | None = None,
        alarms: Alarms | Literal["default"] | None = "default",
        dashboard: bool = False,
        key: Key | None = None,
        tags: Mapping[str, str] | None = None,
        layout: str = "one",
        change: Callable[[str, dict[str, Any]], Any] | None = None,
        functions: Sequence[Function] = (),
        stacks: Callable[[Sources], Mapping[str, str]] | Literal["none"] | None = None,
        input: object = None,
        output: object = None,
        results: Mapping[str, object] | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        validate_name(name)
        validate_version(version)
        self.name = name
        self.version = version
        self.states = states
        self.comment = comment
        self.query_language = query_language
        self.language_version = language_version
        self.timeout_seconds = timeout_seconds
        listed = _read_functions(name, functions)
        for what, values in (("resources", resources), ("triggers", triggers), ("uses", uses)):
            if not isinstance(values, (list, tuple)) and not hasattr(values, "__iter__"):
                raise WorkflowError(
                    f"workflow '{name}': {what} is {values!r}; expected a list: {what}=[…]."
                )
        self.stacks = _read_stacks(name, stacks)
        if self.stacks is not None and triggers:
            raise WorkflowError(
                f"workflow '{name}': triggers have no effect, since with stacks= "
                f"{'another tool' if stacks == 'none' else 'a function'} creates the templates. "
                f"Remove one of the two."
            )
        given: dict[str, Any] = {
            "resources": (*listed, *(one for one in resources if one not in listed)),
            "triggers": tuple(triggers),
            "uses": tuple(uses),
            "type": type,
            "key": key,
            "tags": dict(tags or {}),
            "layout": layout,
            "dashboard": dashboard,
            "change": change,
        }
        if machine is not None:
            given["machine"] = machine
        if alarms != "default":
            given["alarms"] = alarms
        self._given = given
        self.is_alone = not (resources or triggers or stacks)  # its template was made unasked
        self.declared = _read_declared(name, input, output, results or {})
        self.reporter = _note_reporter(name, reporter)

    @cached_property
    def application(self) -> Application:
        """The workflow's resources and triggers, checked as a whole."""
        from carnation.resources.application import Application

        return Application(self.name, **self._given)

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions that the workflow's stacks make."""
        return self.application.functions

    def render_stacks(self, sources: Sources) -> dict[str, str]:
        """Render the templates: path below `build/<workflow>/` to text."""
        if callable(self.stacks):
            return dict(self.stacks(sources))
        if self.stacks == "none":
            return {}
        from carnation.stacks.application import render_application

        return render_application(self.application, sources)

    def make_definition(self) -> dict[str, Any]:
        """Write the definition; a plain one (a mapping) is given as it is."""
        if isinstance(self.states, Mapping):
            definition = dict(self.states)
        else:
            definition = make_definition(
                self.states,
                comment=self.comment,
                query_language=self.query_language,
                version=self.language_version,
                timeout_seconds=self.timeout_seconds,
            )
        if "results" in self.declared:
            self._reject_lost_results(definition)
        return definition

    def _reject_lost_results(self, definition: Mapping[str, Any]) -> None:
        names = [place.name for place in walk_states(definition)]
        for name in self.declared["results"]:
            if name not in names:
                raise WorkflowError(
                    f"workflow '{self.name}' declares a result for unknown state "
                    f"'{name}'.{suggest_name(name, names)}"
                )

    def find_source(self, state: str) -> str:
        """Say on which line of Python a state was made; '' where that is not known."""
        if not state or isinstance(self.states, Mapping):
            return ""
        return find_source(self.states, state)

    def find_unchecked(self) -> set[str]:
        """Find the states that hold raw ASL (`Raw`, `extra`), where what nobody knows is meant."""
        return set() if isinstance(self.states, Mapping) else find_unchecked(self.states)

    def __repr__(self) -> str:
        return f"Workflow(name={self.name!r}, version={self.version!r})"


def _read_declared(
    workflow: str, input: object, output: object, results: Mapping[str, object]
) -> dict[str, Any]:
    """Return the declared shapes as JSON schemas, those that were declared."""
    if input is None and output is None and not results:
        return {}
    from carnation.workflow.schemas import make_schema  # 5 ms, and many workflows declare nothing

    declared: dict[str, Any] = {}
    for name, shape in (("input", input), ("output", output)):
        if shape is not None:
            declared[name] = make_schema(shape, f"workflow '{workflow}': its {name}")
    if results:
        declared["results"] = {
            state: make_schema(shape, f"workflow '{workflow}': the result of '{state}'")
            for state, shape in results.items()
        }
    return declared


def _note_reporter(workflow: str, reporter: object) -> dict[str, Any]:
    """Return what the manifest notes of a reporter."""
    if reporter is None:
        return {}
    from carnation.workflow.reporters import note_reporter

    return note_reporter(workflow, reporter)


def _read_functions(workflow: str, functions: Any) -> tuple[Function, ...]:
    found = [functions] if hasattr(functions, "is_packed") else list(functions)
    for function in found:
        if not hasattr(function, "is_packed"):
            raise WorkflowError(
                f"workflow '{workflow}': functions: expected a list of Function, got {function!r}."
            )
    return tuple(found)


def _read_stacks(workflow: str, stacks: Any) -> Any:
    if stacks is None or stacks == "none" or callable(stacks):
        return stacks
    raise WorkflowError(
        f"workflow '{workflow}': stacks is {stacks!r}; expected \"none\", where somebody else "
        "deploys it, or a function that renders templates."
    )


def load_workflows(root: str, names: Sequence[str] = ()) -> Iterator[Workflow]:
    """Load the workflows of a project, all or those named, each when it is asked for.

    So a graph can be let go before the next comes: building 200 takes an eighth less memory.

    Raises `WorkflowError` for a name that is not there, a module without `make_workflow`, a
    workflow that is not named like its module (`-` for `_`), so that no two have one tree in
    `build/`. What a module itself raises comes through as it is; what it prints goes to standard
    error, since standard output is the verb's.
    """
    modules = choose_definitions(root, names)
    return (load_workflow(root, module) for module in modules)


def load_workflow(root: str, module: str) -> Workflow:
    """Load the workflow of a module of `definitions/`; raises as `load_workflows` does."""
    name = f"_definition_{module}"
    loaded = load_module(root, find_definition(root, module), name)
    try:
        with importable(root), redirect_stdout(sys.stderr):
            make = getattr(loaded, "make_workflow", None)
            if not callable(make):
                raise WorkflowError(
                    f"definitions/{module}.py does not define make_workflow(). Define it, or "
                    "prefix the file name with '_' if it is a helper module."
                )
            workflow = make()
    finally:
        sys.modules.pop(name, None)
    if not isinstance(workflow, Workflow):
        raise WorkflowError(
            f"make_workflow() of definitions/{module}.py returns {type(workflow).__name__}; "
            "it must return a Workflow."
        )
    if workflow.name != module.replace("_", "-"):
        raise WorkflowError(
            f"definitions/{module}.py defines a workflow named '{workflow.name}'. Name it "
            f"'{module.replace('_', '-')}' like its module, or rename the module."
        )
    return workflow
