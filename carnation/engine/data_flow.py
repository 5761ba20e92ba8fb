"""What a state does to its input and its result: InputPath to OutputPath, Arguments to Output.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
and …/dg/workflow-variables.html.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Callable, Mapping

from carnation.asl.expressions import MISSING, Scope
from carnation.document.values import Json
from carnation.engine.failures import DATA_LIMIT, QUERY, StateError
from carnation.engine.fibers import Fiber
from carnation.engine.payloads import (
    Compiled,
    compile_path,
    compile_payload,
    compile_put,
    to_text,
)
from carnation.engine.timestamps import format_timestamp
from carnation.errors import DefinitionError

PAYLOAD_LIMIT = 256 * 1024
VARIABLES_LIMIT = 10 * 1024 * 1024  # of an execution; a single Assign holds a payload's at most
_EXCEEDS = "exceeding the maximum number of bytes service limit"
_RESULT = "The state/task '{}' returned a result with a size"
_PARAMETERS = "The state/task '{}' has parameters with a size"
_ASSIGNED = "The state '{}' assigns variables with a size"
_VARIABLES = "The execution has, after the state '{}', variables with a size"
# a value's JSON is never longer than this many times its marshalled bytes: `\u0001` is one of them
_WIDEST = 6


def check_size(value: Json, what: str, sentence: str = _RESULT, limit: int = PAYLOAD_LIMIT) -> None:
    """Raise States.DataLimitExceeded for a payload above 256 KiB of UTF-8 JSON, or another limit.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and
    …/latest/dg/workflow-variables.html.
    """
    try:
        # a bound that takes a tenth of the time; version 2 writes twice what is there twice
        if len(marshal.dumps(value, 2)) * _WIDEST <= limit:
            return
    except ValueError:  # a type of ours, or nested too deep
        pass
    text = to_text(value)
    if len(text) > limit // 4 and len(text.encode("utf-8", "replace")) > limit:
        raise StateError(DATA_LIMIT, f"{sentence.format(what)} {_EXCEEDS}.")


def _is_within(value: Json) -> bool:
    try:
        check_size(value, "")
    except StateError:
        return False
    return True


def context_of(fiber: Fiber) -> dict[str, Json]:
    """Make the Context object as it is for a state now."""
    if fiber.run.given_context is not None:
        return fiber.run.given_context
    state: dict[str, Json] = {
        "Name": fiber.state.name,
        "EnteredTime": format_timestamp(fiber.entered_at),
    }
    context = {**fiber.context, "State": state}
    if fiber.state.waits and fiber.state.type != "Wait":
        state["RetryCount"] = fiber.attempt
    if fiber.item is not None:
        context["Map"] = {"Item": fiber.item}
    if fiber.token:
        context["Task"] = {"Token": fiber.token}
    return context


class DataFlow:
    """The input and output processing of one state, compiled."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile the fields that are there."""
        self.name, self.language = name, language
        self.is_jsonata = language == "JSONata"
        text = json.dumps(body)
        self._looks_around = "$$" in text or "$states" in text
        self._input = _path_or_none(body, "InputPath")
        self._arguments = self._compile_arguments(body)
        self._selector = self._compile(body, "ResultSelector")
        if not isinstance(body.get("Assign", {}), dict):
            raise DefinitionError(f"state '{name}': Assign must be an object of variables.")
        self._assign = self._compile(body, "Assign")
        self._output = self._compile(body, "Output")
        self._put = compile_result_path(body)
        self._filter = _path_or_none(body, "OutputPath")
        # a literal is measured once, not each time that it is the output
        is_measured = "Result" in body and _is_within(body["Result"])
        self._literal: Json = body["Result"] if is_measured else MISSING

    def _compile(self, body: Mapping[str, Json], field: str) -> Compiled | None:
        return compile_payload(body[field], self.language, field) if field in body else None

    def _compile_arguments(self, body: Mapping[str, Json]) -> Compiled | None:
        if self.is_jsonata:
            return self._compile(body, "Arguments")
        # the Parameters of a Map are the old name of its ItemSelector
        return None if body.get("Type") == "Map" else self._compile(body, "Parameters")

    def scope(self, fiber: Fiber, document: Json, **states: Json) -> Scope:
        """Make what an expression of this state may look at."""
        run = fiber.run
        context = context_of(fiber) if self._looks_around else {}
        if not self.is_jsonata:
            return Scope(document, context, fiber.variables, run.read_clock, run.chance)
        known = {"input": fiber.input, "context": context, **states}
        return Scope(
            None, context, {**fiber.variables, "states": known}, run.read_clock, run.chance
        )

    def evaluate(self, fiber: Fiber, part: Compiled, document: Json, **states: Json) -> Json:
        """Evaluate one expression or payload; failures name the state."""
        try:
            return part(self.scope(fiber, document, **states))
        except StateError as failure:
            raise blame(fiber, failure) from None

    def select_input(self, fiber: Fiber) -> Json:
        """Apply InputPath."""
        value = fiber.input
        if self._input is not None:
            value = self.evaluate(fiber, self._input, value)
        if fiber.trace is not None and not self.is_jsonata:
            fiber.trace["afterInputPath"] = value
        return value

    def make_parameters(self, fiber: Fiber, value: Json) -> Json:
        """Apply Parameters or Arguments to the effective input."""
        if self._arguments is not None:
            value = self.evaluate(fiber, self._arguments, value)
            check_size(value, self.name, _PARAMETERS)
        if fiber.trace is not None and not (self.is_jsonata and self._arguments is None):
            fiber.trace["afterArguments" if self.is_jsonata else "afterParameters"] = value
        return value

    def finish(self, fiber: Fiber, result: Json, document: Json) -> dict[str, Json]:
        """Make the output out of the result, and assign variables; returns what was assigned too.

        `document` is what the expressions of a state without a result see.
        """
        if self.is_jsonata:
            states = {} if result is MISSING else {"result": result}
            return self._finish_jsonata(fiber, document if result is MISSING else result, states)
        value = document if result is MISSING else result
        trace = fiber.trace
        if self._selector is not None:
            value = self.evaluate(fiber, self._selector, value)
        if trace is not None and result is not MISSING:
            trace["afterResultSelector"] = value
        assigned = None
        if self._assign is not None:
            assigned = self.evaluate(fiber, self._assign, value)
        if result is not MISSING:
            value = self._put(fiber, value)
            if trace is not None:
                trace["afterResultPath"] = value
        if self._filter is not None:
            value = self.evaluate(fiber, self._filter, value)
        return self.settle(fiber, value, assigned)

    def _finish_jsonata(
        self, fiber: Fiber, value: Json, states: dict[str, Json]
    ) -> dict[str, Json]:
        assigned = None
        if self._assign is not None:
            assigned = self.evaluate(fiber, self._assign, value, **states)
        if self._output is not None:
            value = self.evaluate(fiber, self._output, value, **states)
        return self.settle(fiber, value, assigned)

    def settle(
        self, fiber: Fiber, output: Json, assigned: dict[str, Json] | None
    ) -> dict[str, Json]:
        """Keep the variables, and give the details of the StateExited event."""
        if output is not fiber.input and output is not self._literal:
            check_size(output, self.name)
        details = {"name": self.name, "output": output}
        if assigned:
            beside = len(assigned) + 1  # what a list of them has beside them
            check_size(list(assigned.values()), self.name, _ASSIGNED, PAYLOAD_LIMIT + beside)
            variables = {**fiber.variables, **assigned}
            check_size(variables, self.name, _VARIABLES, VARIABLES_LIMIT)
            fiber.variables = variables
            details["assignedVariables"] = assigned
        fiber.output = output
        return details


def blame(fiber: Fiber, failure: StateError) -> StateError:
    """Put the name of the state before a cause."""
    failure.cause = (
        f"An error occurred while executing the state '{fiber.state.name}' "
        f"(entered at the event id #{fiber.entered_id}). {failure.cause}"
    )
    if failure.error == QUERY:
        if fiber.previous == fiber.entered_id:
            fiber.previous = fiber.before  # AWS's event points past the entered one
        location = getattr(failure, "location", "")
        details = {"error": QUERY, "cause": failure.cause, "state": fiber.state.name}
        fiber.add("EvaluationFailed", {**details, "location": location} if location else details)
    return failure


def _path_or_none(body: Mapping[str, Json], field: str) -> Compiled | None:
    if field not in body or body[field] == "$":
        return None
    if body[field] is None:
        return lambda scope: {}
    return compile_path(body[field])


def compile_result_path(body: Mapping[str, Json]) -> Callable[[Fiber, Json], Json]:
    """Compile ResultPath: what becomes of the input when the result is put into it."""
    path = body.get("ResultPath", "$")
    if path is None:
        return lambda fiber, value: fiber.input
    if path == "$":
        return lambda fiber, value: value
    put = compile_put(path)

    def place(fiber: Fiber, value: Json) -> Json:
        try:
            return put(fiber.input, value)
        except StateError as failure:
            raise blame(fiber, failure) from None

    return place
