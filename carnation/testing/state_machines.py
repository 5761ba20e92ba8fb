"""State machines under test: a definition without any AWS, a workflow in the embedded one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from carnation.asl import walk_states
from carnation.cloudformation.substitutions import find_substitutions
from carnation.document import dump_json
from carnation.engine import Execution, Outcome, Task, compile_definition, export_event
from carnation.errors import DefinitionError, UsageError, suggest_name
from carnation.history.visits import Children
from carnation.linter import REFUSAL, find_problems
from carnation.services.task_calls import read_call
from carnation.sources import read_target, split_target
from carnation.testing.coverage import Coverage
from carnation.testing.mock_results import Answer, Invoke, find_outcome
from carnation.testing.mock_validation import check_task
from carnation.testing.mocks import Mocks, Predicate
from carnation.testing.recordings import read_recording
from carnation.testing.runs import TestRun

if TYPE_CHECKING:
    from carnation.emulator import Emulator

_NAME = "execution"
Handlers = Mapping[str, Callable[[Any, Any], Any]]


class StateMachine:
    """What both kinds have: mocks, and runs that are counted for coverage."""

    def __init__(self, name: str, definition: Mapping[str, Any], coverage: Coverage) -> None:
        """Take a definition that can run."""
        self.name, self.definition = name, definition
        self.states = {place.name: place.body for place in walk_states(definition)}
        self.mocks = Mocks(self.states)
        self._coverage = coverage

    def mock(
        self,
        state: str,
        *answers: Answer,
        when: Predicate | None = None,
        per: str = "visit",
    ) -> None:
        """Describe what the attempts of a Task meet, in order.

        Attempts are counted again at each visit (so `Throw(…), Throw(…)` fails each item of a Map
        twice), or `per="execution"`, over all of it. After the last answer a fault is over and the
        real thing is called; a result is repeated. `when` takes the Task's input and says whether
        the mock is for it.
        """
        self.mocks.add(state, answers, when=when, per=per)

    def mock_recorded(self, history: str | Path) -> None:
        """Have every Task answer as it did in a recorded history.

        The same question gets the same answer, others get them in order. The history is a file,
        as `aws stepfunctions get-execution-history` prints it.
        """
        for state, attempts in read_recording(history).attempts.items():
            self.mocks.record(state, attempts)

    def _finish(self, run: TestRun) -> TestRun:
        self._coverage.add(self.name, self.definition, run)
        return run


class LocalMachine(StateMachine):
    """A definition on the engine alone: its Tasks are mocks and handlers of the test's own."""

    def __init__(
        self,
        name: str,
        definition: Mapping[str, Any],
        coverage: Coverage,
        handlers: Handlers,
    ) -> None:
        """Compile it, and take the handlers by the names of their states."""
        super().__init__(name, definition, coverage)
        self._machine = compile_definition(definition)
        for state in handlers:
            check_task(state, self.states)
        self._handlers = handlers

    def run(self, input: Any = None, *, express: bool = False, seed: int | None = None) -> TestRun:
        """Run it to the end, in virtual time."""
        self.mocks.begin()
        children = Children()
        execution = Execution(
            self._machine,
            json.loads(json.dumps({} if input is None else input)),
            self,
            arn=f"arn:aws:states:us-east-1:123456789012:execution:{self.name}:{_NAME}",
            express=express,
            seed=seed,
            now=1_700_000_000.0,
            observe_child=children.keep,
        )
        if execution.run() == "RUNNING":
            raise UsageError(
                "the execution is blocked: no task token callback for "
                f"{', '.join(sorted({s.state.name for s in execution.pending.values()}))}. "
                "Mock the state that waits with Return(…)."
            )
        events = [export_event(event) for event in execution.events]
        failure = (execution.error, execution.cause)
        ended = (execution.status, execution.output, failure)
        return self._finish(TestRun(self.states, *ended, events, execution.waited, children))

    def perform(self, task: Task) -> Outcome:
        """Answer the engine."""
        return self.mocks.answer(task, self._call)

    def _call(self, task: Task) -> Outcome:
        if task.name in self._handlers:
            return find_outcome(Invoke(self._handlers[task.name]), task, self._call)
        called = f"{task.service}:{task.action}" if task.service else task.resource
        raise UsageError(
            f"state '{task.name}' calls {called}, and nothing answers it. Mock it, use "
            f"load_definition(…, handlers={{'{task.name}': …}}), or deploy the workflow."
        )


class DeployedMachine(StateMachine):
    """A workflow in the local emulator: its stacks, and its handlers in this process.

    `outputs` are the root stack's, `emulator` the local emulator with all that it can tell:
    `emulator.items(outputs["StockName"])`, `emulator.messages(…)`, `emulator.client("s3")`.
    """

    def __init__(
        self,
        name: str,
        definition: Mapping[str, Any],
        coverage: Coverage,
        emulator: Emulator,
        outputs: Mapping[str, str],
        functions: Mapping[str, str],
    ) -> None:
        """Take where it is deployed; `functions` are the deployed names by ours."""
        super().__init__(name, definition, coverage)
        self.emulator, self.outputs, self._functions = emulator, outputs, functions
        emulator.script_tasks(self._perform)

    def _perform(self, task: Task, real: Callable[[Task], Outcome]) -> Outcome:
        # a state machine that this one starts is none of its states
        if task.name not in self.states:
            return real(task)
        return self.mocks.answer(task, real)

    def run(self, input: Any = None, *, name: str | None = None) -> TestRun:
        """Run it to the end; Wait and Retry take no time."""
        self.mocks.begin()
        given = json.loads(json.dumps({} if input is None else input))
        children = Children()
        execution = self.emulator.execute(
            self.outputs["StateMachineArn"], given, name=name, on_child=children.keep
        )
        failure = (execution.error, execution.cause)
        ended = (execution.status, execution.output, failure)
        return self._finish(
            TestRun(self.states, *ended, execution.history, execution.waited, children)
        )

    def load_handler(self, function: str) -> ModuleType:
        """Return the module of `lambdas/<function>/` that will run, for `monkeypatch.setattr`."""
        if function not in self._functions:
            near = suggest_name(function, self._functions)
            known = near or f" Functions: {', '.join(self._functions) or 'none'}."
            raise UsageError(f"workflow '{self.name}' has no function '{function}'.{known}")
        deployed = self._functions[function]
        return self.emulator.load_handler(deployed, self._find_qualifier(deployed))

    def _find_qualifier(self, function: str) -> str | None:
        """Find the version or alias by which the definition calls a function."""
        for state in self.states.values():
            given = read_call(state).given
            called = given.get("FunctionName") if isinstance(given, Mapping) else None
            name = str(called or state.get("Resource")).rpartition(":function:")[2]
            if name.partition(":")[0] == function:
                return name.partition(":")[2] or None
        return None


def load_machine(
    source: str | Path | Mapping[str, Any],
    coverage: Coverage,
    substitutions: Mapping[str, Any],
    handlers: Handlers,
) -> LocalMachine:
    """Make a machine of a definition; raises `CarnationError` for what AWS would reject."""
    if isinstance(source, Mapping):
        name, definition = str(source.get("StartAt", "definition")), source
    else:
        name, definition = _read_one(str(source))
    filled = _substitute(definition, substitutions)
    for rule, problem in find_problems(filled, families=(REFUSAL,)):
        state = f"state '{problem.state}': " if problem.state else ""
        raise DefinitionError(f"AWS would reject '{name}'. {state}{problem.message} ({rule.id}).")
    return LocalMachine(name, filled, coverage, handlers)


def _read_one(target: str) -> tuple[str, Mapping[str, Any]]:
    """Read the definition of a file, or of one machine in it: `template.yaml#Orders`."""
    found = read_target(target).sources
    if len(found) > 1:
        file = split_target(target)[0]
        names = ", ".join(f"{file}#{one.name}" for one in found)
        raise UsageError(f"{target} holds {len(found)} state machines. Name one of them: {names}")
    if not isinstance(found[0].value, Mapping):
        raise DefinitionError(f"{target}: not a state machine definition: StartAt is missing.")
    return found[0].name, found[0].value


def _substitute(definition: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill `${Name}`, as CloudFormation does."""
    known = find_substitutions(definition)
    text = dump_json(dict(definition))
    for name, value in values.items():
        if name not in known:
            raise UsageError(
                f"the definition has no ${{{name}}} to fill in.{suggest_name(name, known)}"
            )
        text = text.replace(f"${{{name}}}", json.dumps(str(value), ensure_ascii=False)[1:-1])
    filled: Mapping[str, Any] = json.loads(text)
    return filled
