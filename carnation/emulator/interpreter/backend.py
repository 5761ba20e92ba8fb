"""The engine behind moto's Step Functions API: starting, finding, answering, versions, aliases."""

from __future__ import annotations

import copy
import datetime
import json
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.exceptions import (
    ExecutionDoesNotExist,
    InvalidToken,
    StateMachineDoesNotExist,
)
from moto.stepfunctions.models import StepFunctionBackend, stepfunctions_backends
from moto.stepfunctions.parser.api import InvalidDefinition

from carnation.emulator.clients import Clients
from carnation.emulator.interpreter import actions, activities, listings
from carnation.emulator.interpreter.compilation import compile_text
from carnation.emulator.interpreter.executions import How, Run, WatchChild, Watcher
from carnation.emulator.interpreter.task_runner import Invoke, Performer
from carnation.emulator.patching import ACCESS_KEY, SECRET_KEY, Patches
from carnation.engine import Execution, Failed, Outcome, Port, Succeeded
from carnation.errors import CarnationError, EmulatorError

ACCOUNT = "123456789012"
Backend = Any  # moto's StepFunctionBackend, or what stands in its place

_watcher = threading.local()


@contextmanager
def watching(watcher: Watcher | None, of_children: WatchChild | None = None) -> Iterator[None]:
    """Show the history of the execution that is started in this block, event by event."""
    _watcher.current = watcher, of_children
    try:
        yield
    finally:
        _watcher.current = None, None


def install(patches: Patches, *, region: str, how: How, invoke: Invoke) -> Performer:
    """Put the engine behind moto's API for as long as an emulator is open; gives what performs."""
    clients = Clients(region, (ACCESS_KEY, SECRET_KEY))
    performer = Performer(clients, invoke, lambda arn: find(arn).describe())

    def start(backend: Backend, *arguments: Any, **options: Any) -> Run:
        return _start(backend, performer, how, *arguments, **options)

    api = StepFunctionBackend
    patches.set(api, "start_execution", start)
    patches.set(api, "describe_execution", lambda backend, execution_arn: _describe(execution_arn))
    for name in ("create_state_machine", "update_state_machine"):
        patches.set(api, name, _validate_first(getattr(api, name)))
    patches.set(api, "send_task_success", _succeed_task)
    patches.set(api, "send_task_failure", _fail_task)
    patches.set(api, "send_task_heartbeat", _beat_task)
    patches.set(api, "list_map_runs", _list_map_runs)
    patches.set(api, "describe_map_run", _describe_map_run)
    patches.set(api, "update_map_run", _update_map_run)
    actions.install(patches, find, performer, publish_version)
    listings.install(patches)
    activities.install(patches, performer.activities, _answer, find, real_time=how.real_time)
    return performer


def _validate_first(original: Callable[..., Any]) -> Callable[..., Any]:
    def make(backend: Backend, *arguments: Any, **options: Any) -> Any:
        """Make or update a state machine, unless its definition is none."""
        definition = options.get("definition")
        try:
            if definition is not None:
                compile_text(definition)
        except CarnationError as error:
            raise InvalidDefinition(message=str(error)) from error
        return original(backend, *arguments, **options)

    return make


def _backend(arn: str) -> Backend:
    return stepfunctions_backends[ACCOUNT][arn.split(":")[3]]


def _runs(backend: Backend) -> Iterator[Run]:
    for machine in backend.state_machines:
        yield from machine.executions


def _succeed_task(backend: Backend, task_token: str, outcome: str) -> None:
    _answer(backend, task_token, Succeeded(json.loads(outcome)))


def _fail_task(
    backend: Backend, task_token: str, error: str | None = None, cause: str | None = None
) -> None:
    _answer(backend, task_token, Failed(error, cause))


def _answer(backend: Backend, token: str, outcome: Outcome) -> None:
    if not any(run.answer(token, outcome) for run in _runs(backend)):
        raise InvalidToken


def _beat_task(backend: Backend, task_token: str) -> None:
    if not any(run.beat(task_token) for run in _runs(backend)):
        raise InvalidToken


def _list_map_runs(backend: Backend, execution_arn: str) -> dict[str, Any]:
    run = find(execution_arn)
    return {
        "mapRuns": [
            {
                "executionArn": execution_arn,
                "mapRunArn": map_run.arn,
                "stateMachineArn": run.state_machine.arn,
                "startDate": run.start_date,
            }
            for map_run in run.engine.map_runs
        ]
    }


def _describe_map_run(backend: Backend, map_run_arn: str) -> dict[str, Any]:
    for run in _runs(backend):
        for map_run in run.engine.map_runs:
            if map_run.arn == map_run_arn:
                return _export_map_run(run, map_run)
    raise EmulatorError(f"there is no map run '{map_run_arn}' in this emulator.")


def _update_map_run(backend: Backend, map_run_arn: str, *_: Any, **__: Any) -> None:
    raise EmulatorError(
        f"map run '{map_run_arn}' stays as it began: the emulator has no UpdateMapRun. "
        "Change the definition, or the execution's input."
    )


def _export_map_run(run: Run, map_run: Any) -> dict[str, Any]:
    rest = ("pending", "running", "timedOut", "resultsWritten")
    counts = {
        "total": map_run.total,
        "succeeded": map_run.succeeded,
        "failed": map_run.failed,
        "aborted": map_run.aborted,
        **dict.fromkeys(rest, 0),
    }
    failed, total = map_run.items.get("failed", 0), map_run.items.get("total", 0)
    items = {**counts, "total": total, "failed": failed, "succeeded": total - failed}
    return {
        "mapRunArn": map_run.arn,
        "executionArn": run.execution_arn,
        "status": map_run.status,
        "startDate": run.start_date,
        "maxConcurrency": map_run.max_concurrency,
        "toleratedFailureCount": map_run.tolerated_count,
        "toleratedFailurePercentage": map_run.tolerated_percentage,
        "itemCounts": items,
        "executionCounts": counts,
    }


def _resolve(backend: Backend, arn: str) -> tuple[Any, Any]:
    """Find the state machine and what of it is to run: itself, a version, an alias's version."""
    base = ":".join(arn.split(":")[:7])
    machine = next((m for m in backend.state_machines if m.arn == base), None)
    if machine is None:
        raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
    if arn == base:
        return machine, machine
    qualifier = arn.rsplit(":", 1)[1]
    if qualifier in machine.aliases:
        routes = machine.aliases[qualifier].routing_configuration
        weights = [int(route["weight"]) for route in routes]
        (route,) = random.choices(routes, weights)  # noqa: S311 - no secret
        qualifier = route["stateMachineVersionArn"].rsplit(":", 1)[1]
    if qualifier.isdecimal() and int(qualifier) in machine.versions:
        return machine, machine.versions[int(qualifier)]
    raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")


def _name_alias(machine: Any, arn: str) -> str | None:
    return arn if arn.rpartition(":")[2] in machine.aliases else None


def _start(
    backend: Backend,
    performer: Performer,
    how: How,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: Any = None,
) -> Run:
    machine, revision = _resolve(backend, state_machine_arn)
    if name:
        backend._validate_name(name)
    text = execution_input or "{}"
    machine._validate_execution_input(text)
    name = name or str(uuid.uuid4())
    existing: Run | None = machine._handle_name_input_idempotency(name, text)
    if existing is not None:
        return existing
    run = _make_run(machine, revision, name, text, (performer, how))
    watcher, run.watches_child = getattr(_watcher, "current", (None, None))
    run.watchers = [watcher] if watcher else []
    run.version_arn = revision.arn if revision is not machine else None
    run.alias_arn = _name_alias(machine, state_machine_arn)
    run.prepare()
    # before it starts: a worker may answer its first task at once
    machine.executions.append(run)
    run.start()
    return run


def _make_run(
    machine: Any, revision: Any, name: str, text: str, ways: tuple[Performer, How]
) -> Run:
    snapshot = copy.copy(revision)
    snapshot.arn, snapshot.type = machine.arn, machine.type
    arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
    return Run(ways[0], compile_text(revision.definition), ways[1], arn, name, snapshot, text)


def hold(arn: str, name: str, given: Any, port: Port, seed: int | None, now: float) -> Execution:
    """Begin an execution that no thread runs: whoever asked for it steps it."""
    machine, revision = _resolve(_backend(arn), arn)
    return Execution(
        compile_text(revision.definition),
        given,
        port,
        arn=f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}",
        machine_arn=machine.arn,
        role_arn=revision.roleArn,
        express=str(machine.type or "").endswith("EXPRESS"),
        seed=seed,
        now=now,
    )


def find(execution_arn: str) -> Run:
    """Find an execution by its ARN."""
    for run in _runs(_backend(execution_arn)):
        if run.execution_arn == execution_arn:
            return run
    raise EmulatorError(f"there is no execution '{execution_arn}' in this emulator.")


def _describe(execution_arn: str) -> Run:
    try:
        return find(execution_arn)
    except EmulatorError as error:
        raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{execution_arn}'") from error


def stop(execution_arn: str, error: str | None, cause: str | None) -> None:
    """Abort an execution, as StopExecution does; one that has ended stays as it is."""
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    find(execution_arn).stop(now, error, cause)


def time_out(execution_arn: str) -> None:
    """End an execution now as its TimeoutSeconds would."""
    find(execution_arn).time_out()


def find_revision(machine_arn: str) -> str:
    """Give a state machine's revision: it changes with the definition and the role."""
    machine, _ = _resolve(_backend(machine_arn), machine_arn)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{machine.roleArn} {machine.definition}"))


def publish_version(machine_arn: str, revision: str | None, description: str | None) -> str:
    """Publish a version of a state machine as it is now; gives the version's ARN."""
    machine, _ = _resolve(_backend(machine_arn), machine_arn)
    if revision is not None and revision != find_revision(machine_arn):
        raise EmulatorError(
            f"StateMachineRevisionId is '{revision}', and '{machine.name}' is at another revision."
        )
    machine.publish(description)
    arn: str = machine.latest_version.arn
    return arn
