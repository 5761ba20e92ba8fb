"""Runs of a built workflow: deploy it to an emulator, start executions, return what they did.

`run` is what `carnation run` prints. Its deployment is the one of `carnation deploy`: the same
artifacts, the same root template.
"""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carnation.artifacts import Artifacts
from carnation.document.values import Json
from carnation.emulator.embedded import default_stack_name, deploy_artifacts
from carnation.emulator.emulator import Emulator, ExecutionResult
from carnation.emulator.events import Firing
from carnation.emulator.state_faults import list_task_states
from carnation.emulator.stimuli import Stimuli, apply_stimuli
from carnation.emulator.stored import (
    READERS,
    StackResource,
    Stored,
    find_resources,
    list_resources,
    read_stored,
)
from carnation.engine import Event
from carnation.errors import UsageError, suggest_name
from carnation.history import ItemNamer, Progress, Recorded, record_run
from carnation.history.function_failures import FunctionFailure, list_function_failures
from carnation.workflow.reporters import Faults, Reporter, RunReport

_NO_STIMULI = Stimuli()
_QUEUE = re.compile(r"https?://(sqs[.]|[^/]*queue[.])[^/]*/\d{12}/[^/]+\Z")


@dataclass(frozen=True)
class WorkflowRun:
    """One execution: its input, its end, and what the workflow's reporter says of it."""

    number: int
    input: Json
    execution: ExecutionResult
    progress: Progress
    report: RunReport | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the execution succeeded."""
        return self.execution.status == "SUCCEEDED"

    @property
    def failures(self) -> list[FunctionFailure]:
        """What functions reported, the most frequent first."""
        return list_function_failures(self.execution.history)

    @property
    def path(self) -> list[str]:
        """The states that the execution entered, those of Maps and branches too, each once."""
        details = [event.get("stateEnteredEventDetails") for event in self.execution.history]
        return list(dict.fromkeys(one["name"] for one in details if one))


@dataclass(frozen=True)
class WorkflowRuns:
    """The runs of a workflow over one deployment.

    `fields` and `lines` are what its reporter says of its items, `logs` what each function printed
    (None: nobody asked), `injected` how many failures on purpose there were (None: none chosen),
    `stored` what the resources asked for hold, `undelivered` what triggers could not deliver.
    """

    artifacts: Artifacts
    runs: Sequence[WorkflowRun]
    fields: Mapping[str, Json]
    lines: Sequence[str]
    logs: Mapping[str, list[str]] | None
    injected: int | None
    stored: Mapping[str, Sequence[Stored]]
    undelivered: Sequence[str] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the last execution succeeded."""
        return self.runs[-1].succeeded

    def record(self, name_item: ItemNamer | None = None) -> list[Recorded]:
        """Record the runs for a page; raises `CarnationError` for one without a history."""
        definition = json.loads(self.artifacts.definition)
        found = []
        for one in self.runs:
            recorded = record_run(
                definition, one.execution, one.input, one.progress,
                number=one.number, name_item=name_item,
            )  # fmt: skip
            recorded.lines = one.report.lines if one.report else ()
            found.append(recorded)
        return found


class Observer:
    """Is called while `run` works; each method does nothing until a subclass says otherwise."""

    def deployed(self, seconds: float) -> None:
        """Learn that the workflow is deployed, and how long it took."""

    def warned(self, text: str) -> None:
        """Learn what is not here as it is on AWS; without a listener it is Python's warning."""
        warnings.warn(text, stacklevel=2)

    def fired(self, firing: Firing) -> None:
        """Learn that a schedule fired while time was advanced."""

    def progressed(self, number: int, progress: Progress) -> None:
        """Learn how far a run is; not more often than a person can read."""

    def ended(self, run: WorkflowRun) -> None:
        """Learn that a run has ended."""


def run(
    artifacts: Artifacts,
    *inputs: Json,
    reporter: Reporter | None = None,
    faults: Faults | None = None,
    observer: Observer | None = None,
    in_process: bool = False,
    real_time: bool = False,
    seed: int | None = None,
    logs: bool = False,
    keeps_children: bool = False,
    children: Sequence[Artifacts] = (),
    parameters: Mapping[str, str] | None = None,
    stimuli: Stimuli = _NO_STIMULI,
    shows: Sequence[str] = (),
    jobs: str | None = None,
    results: Mapping[str, Json] | None = None,
    root: str = "",
    clock: datetime | None = None,
    exact_python: bool = False,
) -> WorkflowRuns:
    """Deploy a built workflow to an emulator of its own, and run it once for each input.

    Without inputs it runs once, with `{}`, unless `stimuli` started it. `keeps_children` keeps the
    histories of children, for a page; `children` are the workflows that it starts; `shows` names
    the resources whose content is read at the end. `jobs` says how each job ends ('succeed' or
    'fail'), `results` what Task states give instead of being performed; `root` is the
    project whose `carnation fetch --local` they run with, `clock` the time at which it all
    begins. With `exact_python` a function is refused whose Python is not on this machine; otherwise
    the observer is told that it runs on another. Raises `EmulatorError`
    where it cannot be deployed or started, and `UsageError` for a name or parameter that it does
    not have.
    """
    observer = observer or Observer()
    _check_results(artifacts, children, results or {})
    with Emulator(
        in_process=in_process, real_time=real_time, seed=seed, clock=clock,
        other_python=None if exact_python else observer.warned,
    ) as emulator:  # fmt: skip
        emulator.finish_jobs(jobs, results)
        if faults:
            faults.install(emulator)
        begun = time.monotonic()
        outputs = deploy_artifacts(
            emulator,
            artifacts,
            observer.warned,
            parameters=parameters or {},
            children=children,
            root=root,
        )
        observer.deployed(time.monotonic() - begun)
        stack = _list_asked(emulator, (artifacts, *children), stimuli, shows)
        shown = {name: find_resources("--show", name, stack, *READERS) for name in shows}
        machine = outputs["StateMachineArn"]
        runs: list[WorkflowRun] = []

        def end(given: Json, execution: ExecutionResult, progress: Progress) -> None:
            report = reporter.describe_run(execution) if reporter else None
            runs.append(WorkflowRun(len(runs) + 1, given, execution, progress, report))
            observer.ended(runs[-1])

        for execution in _apply(emulator, stimuli, stack, machine, observer):
            end(_read_given(execution), execution, _count(execution))
        for given in inputs or (() if runs else ({},)):
            if runs and not real_time:
                _let_time_pass(emulator, outputs)
            progress = Progress(keeps_children=keeps_children)
            following = _follow(observer, len(runs) + 1, progress)
            end(given, emulator.execute(machine, given, **following), progress)
        fields, lines = _describe_items(emulator, outputs, reporter)
        printed = {name: emulator.lines(name) for name in emulator.functions} if logs else None
        stored = {
            name: [read_stored(emulator, one) for one in found] for name, found in shown.items()
        }
        undelivered = emulator.undelivered
    injected = None if faults is None else faults.count
    return WorkflowRuns(artifacts, runs, fields, lines, printed, injected, stored, undelivered)


def _apply(
    emulator: Emulator,
    stimuli: Stimuli,
    stack: Sequence[StackResource],
    machine: str,
    observer: Observer,
) -> list[ExecutionResult]:
    return apply_stimuli(emulator, stimuli, stack, machine, observer.fired) if stimuli else []


def _check_results(
    artifacts: Artifacts, children: Sequence[Artifacts], results: Mapping[str, Json]
) -> None:
    """Reject results of states that are no Tasks of what runs."""
    tasks = list_task_states(artifacts, *children)
    for name in results:
        if name not in tasks:
            raise UsageError(
                f"--results: '{name}' is not a Task state of '{artifacts.workflow}'."
                f"{suggest_name(name, tasks)} Its Task states: {', '.join(tasks) or 'none'}."
            )


def _list_asked(
    emulator: Emulator, artifacts: Sequence[Artifacts], stimuli: Stimuli, shows: Sequence[str]
) -> list[StackResource]:
    """List the resources of the stacks, children's too, where anything is asked of them."""
    asked = artifacts if stimuli or shows else ()
    return [found for one in asked for found in list_resources(emulator, default_stack_name(one))]


def _read_given(execution: ExecutionResult) -> Json:
    given: Json = json.loads(execution.history[0]["executionStartedEventDetails"]["input"])
    return given


def _count(execution: ExecutionResult) -> Progress:
    progress = Progress()
    for event in execution.history:
        progress.add(event)
    return progress


def _let_time_pass(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    """Let what a run has received be visible to the next, which comes later."""
    for value in outputs.values():
        if _QUEUE.match(value):
            emulator.expire_visibility(value)


def _follow(observer: Observer, number: int, progress: Progress) -> dict[str, Any]:
    """Return the options of `execute` by which a run is counted, and shown when it is time."""

    def show_if_due() -> None:
        if progress.is_due():
            observer.progressed(number, progress)

    def add(event: Event) -> None:
        progress.add_event(event)
        show_if_due()

    def add_child(child: Any, event: Any) -> None:
        progress.add_child(child, event)
        show_if_due()

    return {"on_event": add, "on_child": add_child}


def _describe_items(
    emulator: Emulator, outputs: Mapping[str, str], reporter: Reporter | None
) -> tuple[Mapping[str, Json], Sequence[str]]:
    if reporter is None or not set(reporter.outputs) & set(outputs):
        return {}, ()
    return reporter.describe_places(list(reporter.find(emulator, outputs)))
