"""The states that do no work: Pass, Choice, Wait, Succeed and Fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl.expressions import MISSING, Scope, parse_path
from carnation.document.values import Json
from carnation.engine.choices import compile_rule
from carnation.engine.data_flow import DataFlow, blame
from carnation.engine.failures import QUERY, RUNTIME, StateError
from carnation.engine.fibers import WAIT, Fiber, State, Steps
from carnation.engine.numbers import is_whole
from carnation.engine.payloads import (
    Compiled,
    QueryError,
    compile_jsonata,
    compile_payload,
    compile_query,
    is_jsonata,
    to_text,
)
from carnation.engine.timestamps import parse_timestamp
from carnation.errors import DefinitionError, EvaluationError

MAX_WAIT = 99_999_999


class Pass(State):
    """Passes its input on, processed."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile the data flow."""
        super().__init__(name, body, language)
        self.data_flow = DataFlow(name, body, language)
        self._is_idle = not set(body) & {
            *("InputPath", "Parameters", "Result", "ResultPath", "OutputPath", "Assign", "Output")
        }

    def run(self, fiber: Fiber) -> str | None:
        """DataFlow the input, or the Result."""
        if self._is_idle and fiber.trace is None:
            fiber.output = fiber.input
            fiber.add(self.exited, {"name": self.name, "output": fiber.input})
            return self.next
        value = self.data_flow.select_input(fiber)
        if self.data_flow.is_jsonata:
            details = self.data_flow.finish(fiber, MISSING, value)
        else:
            value = self._result(fiber, value)
            details = self.data_flow.finish(fiber, value, value)
        fiber.add(self.exited, details)
        return self.next

    def _result(self, fiber: Fiber, value: Json) -> Json:
        value = self.data_flow.make_parameters(fiber, value)
        if "Result" in self.body:
            value = self.body["Result"]
            if fiber.trace is not None:
                # AWS shows no step of the input that the Result replaces
                for step in ("afterInputPath", "afterParameters"):
                    fiber.trace.pop(step, None)
                fiber.trace["result"] = value
        return value


class Succeed(State):
    """Ends a flow well."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile the data flow."""
        super().__init__(name, body, language)
        self.data_flow = DataFlow(name, body, language)

    def run(self, fiber: Fiber) -> None:
        """DataFlow the input."""
        value = self.data_flow.select_input(fiber)
        fiber.add(self.exited, self.data_flow.finish(fiber, MISSING, value))


class Choice(State):
    """Chooses where to go."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile the rules."""
        super().__init__(name, body, language)
        rules = body.get("Choices")
        if not isinstance(rules, list) or not rules:
            raise DefinitionError(f"state '{name}' is a Choice without Choices. Add a rule.")
        self.data_flow = DataFlow(name, body, language)
        self._rules = [
            (
                compile_rule(rule, language, f"state '{name}', Choices[{at}]"),
                rule.get("Next"),
                DataFlow(name, {**_common(body), **_outputs(rule)}, language),
                "Assign" in rule or "Output" in rule,
            )
            for at, rule in enumerate(rules)
        ]
        self._default = body.get("Default")
        self._looks_around = "$$" in str(rules) or "$states" in str(rules)

    def targets(self) -> Iterator[tuple[str, Json]]:
        """Yield the rules' transitions, and the default."""
        for at, rule in enumerate(self.body["Choices"]):
            yield f"Choices[{at}].Next", rule.get("Next")
        if "Default" in self.body:
            yield "Default", self._default

    def run(self, fiber: Fiber) -> str:
        """Find the first rule that holds."""
        value = self.data_flow.select_input(fiber)
        scope = self.data_flow.scope(fiber, value)
        try:
            for test, target, data_flow, own in self._rules:
                if test(scope):
                    return self._leave(fiber, data_flow if own else self.data_flow, value, target)
        except StateError as failure:
            raise blame(fiber, failure) from None
        if self._default is None:
            raise blame(
                fiber,
                StateError(
                    RUNTIME,
                    "Failed to transition out of the state. The state does not point to a "
                    "next state.",
                ),
            )
        return self._leave(fiber, self.data_flow, value, self._default)

    def _leave(self, fiber: Fiber, data_flow: DataFlow, value: Json, target: str) -> str:
        fiber.add(self.exited, data_flow.finish(fiber, MISSING, value))
        return target


def _common(body: Mapping[str, Json]) -> dict[str, Json]:
    return {key: body[key] for key in ("OutputPath", "Output") if key in body}


def _outputs(rule: Mapping[str, Json]) -> dict[str, Json]:
    return {key: rule[key] for key in ("Assign", "Output") if key in rule}


class Wait(State):
    """Lets time pass."""

    waits = True

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile how long."""
        super().__init__(name, body, language)
        self.data_flow = DataFlow(name, body, language)
        fields = [key for key in _WAITS if key in body]
        if len(fields) != 1:
            raise DefinitionError(f"state '{name}': a Wait needs one of {', '.join(_WAITS)}.")
        self._field = fields[0]
        value = body[self._field]
        self._value: Compiled
        if self._field.endswith("Path"):
            self._value = _compile_wait_path(value, self._field)
        elif is_jsonata(value):
            wanted = "number" if self._field == "Seconds" else "string"
            self._value = compile_jsonata(value, self._field, wanted)
        else:
            self._value = lambda scope: value

    def run(self, fiber: Fiber) -> Steps:
        """Wait, and go on."""
        value = self.data_flow.select_input(fiber)
        given = self.data_flow.evaluate(fiber, self._value, value)
        try:
            seconds = self._seconds(fiber, given)
        except StateError as failure:
            raise blame(fiber, failure) from None
        if seconds > 0:
            fiber.run.waited += seconds
            fiber.run.clock.sleep(fiber, seconds)
            yield WAIT
        fiber.add(self.exited, self.data_flow.finish(fiber, MISSING, value))
        return self.next

    def _seconds(self, fiber: Fiber, given: Json) -> float:
        if not self._field.startswith("Timestamp"):
            return self._checked_seconds(given)
        moment = parse_timestamp(given)
        if moment is None:
            if self._field == "TimestampPath":
                raise StateError(
                    RUNTIME,
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended "
                    "offset date-time format string: "
                    f"{self.body[self._field]} == {_bare(given)}",
                )
            raise _mistaken(self.body[self._field], "Timestamp", "a valid timestamp", given)
        return moment - fiber.run.clock.now

    def _checked_seconds(self, given: Json) -> float:
        shown = f"{self.body[self._field]} == {_bare(given)}"
        if not is_whole(given):
            if self._field == "SecondsPath":
                raise StateError(
                    RUNTIME, f"The SecondsPath parameter cannot be parsed as a long value: {shown}"
                )
            raise _mistaken(self.body[self._field], "Seconds", "an integer", given)
        if given < 0:
            if self._field == "SecondsPath":
                raise StateError(
                    RUNTIME, f"The SecondsPath parameter references a negative value: {shown}"
                )
            raise _mistaken(self.body[self._field], "Seconds", "0 or more", given)
        return float(min(given, MAX_WAIT))


_WAITS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")


def _mistaken(text: Json, field: str, wanted: str, given: Json) -> StateError:
    shown = text[2:-2].strip() if is_jsonata(text) else text
    return QueryError(
        f"The JSONata expression '{shown}' specified for the field '{field}' returned an invalid "
        f"value. Expected {wanted}, but was: {to_text(given)}",
        field,
    )


def _bare(value: Json) -> str:
    return value if isinstance(value, str) else to_text(value)


def _compile_wait_path(text: str, field: str) -> Compiled:
    path = parse_path(text)

    def find(scope: Scope) -> Json:
        try:
            return path.evaluate(scope)
        except EvaluationError:
            raise StateError(
                RUNTIME, f"The {field} parameter does not reference an input value: {text}"
            ) from None

    return find


class Fail(State):
    """Ends a flow badly."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile the error's name and cause."""
        super().__init__(name, body, language)
        self.data_flow = DataFlow(name, body, language)
        self._parts = {part: _compile_part(body, part, language) for part in ("Error", "Cause")}

    def run(self, fiber: Fiber) -> None:
        """Fail."""
        value = self.data_flow.select_input(fiber)
        parts = {
            part: None if compiled is None else self.data_flow.evaluate(fiber, compiled, value)
            for part, compiled in self._parts.items()
        }
        for part, text in parts.items():
            if text is not None and not isinstance(text, str):
                failure = StateError(
                    QUERY if self.data_flow.is_jsonata else RUNTIME,
                    f"The field '{part}' of a Fail state has to be a string, and is "
                    f"{to_text(text)}",
                )
                raise blame(fiber, failure)
        raise StateError(parts["Error"], parts["Cause"])


def _compile_part(body: Mapping[str, Json], part: str, language: str) -> Compiled | None:
    if f"{part}Path" in body:
        text = body[f"{part}Path"]
        return compile_query(text, f"{part}Path")
    if part not in body:
        return None
    if language == "JSONata" and is_jsonata(body[part]):
        return compile_jsonata(body[part], part, "string")
    return compile_payload(body[part], "JSONPath", part)
