"""A port with a script, and short ways to write machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carnation.engine import Execution, Outcome, Succeeded, Task, compile_definition
from carnation.engine.execution import NO_INPUT

LAMBDA = "arn:aws:states:::lambda:invoke"
Answer = Outcome | Callable[[Task], Outcome]


class Script:
    """Answers the tasks of a state in order; the last answer is repeated."""

    def __init__(self, **answers: Answer | list[Answer]) -> None:
        self.answers = {
            name: list(given) if isinstance(given, list) else [given]
            for name, given in answers.items()
        }
        self.asked: list[Task] = []

    def perform(self, task: Task) -> Outcome:
        self.asked.append(task)
        answers = self.answers.get(task.name, [Succeeded(task.parameters)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(task) if callable(answer) else answer


def machine(*states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A chain of states A, B, C …; what has no Next continues to the next one."""
    names = [chr(ord("A") + at) for at in range(len(states))]
    chain: dict[str, Any] = {}
    for at, (name, state) in enumerate(zip(names, states, strict=True)):
        ends = state["Type"] in ("Choice", "Succeed", "Fail") or "Next" in state or "End" in state
        link = {} if ends else {"Next": names[at + 1]} if at + 1 < len(names) else {"End": True}
        chain[name] = {**state, **link}
    return {"StartAt": "A", "States": chain, **fields}


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA, **fields}


def run(
    definition: dict[str, Any], value: Any = NO_INPUT, port: Any = None, **options: Any
) -> Execution:
    execution = Execution(compile_definition(definition), value, port, **options)
    execution.run()
    return execution


def types(execution: Execution) -> list[str]:
    return [event.type for event in execution.events]
