"""Definitions as the API judges and describes them: diagnostics, refusals, variable references."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from carnation.emulator.interpreter.api.errors import ApiError
from carnation.emulator.interpreter.api.pages import cut_first
from carnation.emulator.interpreter.api.records import Region
from carnation.emulator.interpreter.compilation import compile_text
from carnation.errors import CarnationError
from carnation.linter import REFUSAL, RISK, Problem, Rule, find_problems

Params = Mapping[str, Any]
_MAX_LABEL = 40
_WARNINGS = {"literal-path": "NO_DOLLAR", "path-in-result": "PASS_RESULT_IS_STATIC"}


def check_definition(text: str, kind: str) -> None:
    """Raise `ApiError` (InvalidDefinition) for a definition that AWS rejects."""
    found = find_diagnostics(text, kind)
    if any(each["severity"] == "ERROR" for each in found):
        raise _invalid_definition(text, [each for each in found if each["severity"] == "ERROR"])
    try:
        compile_text(text)
    except CarnationError as error:
        raise ApiError(
            "InvalidDefinition", f"Invalid State Machine Definition: '{error}'"
        ) from error


def _invalid_definition(text: str, found: list[Mapping[str, str]]) -> ApiError:
    label = next((each for each in found if each["code"] == "INVALID_LABEL_NAME"), None)
    if label is not None and len(found) == 1:
        # The text that the published recordings have for labels. It reads like that of the emulator
        # they come from; AWS documents the code alone (see docs/fidelity.md).
        message = f"Error=ValueError Args={[label['message']]} in definition '{text}'."
        return ApiError("InvalidDefinition", message)
    return ApiError(
        "InvalidDefinition", f"Invalid State Machine Definition: '{join_diagnostics(found)}'"
    )


def join_diagnostics(found: list[Mapping[str, str]]) -> str:
    """Write diagnostics in one line, as the texts of InvalidDefinition have them."""
    return ", ".join(
        f"{each['code']}: {each['message']}"
        + (f" at {each['location']}" if "location" in each else "")
        for each in found
    )


@lru_cache(maxsize=64)
def find_diagnostics(text: str, kind: str) -> tuple[Mapping[str, str], ...]:
    """Return what AWS rejects a definition for, each with its code, its text and its place."""
    try:
        document = json.loads(text) if text.strip() else None
    except RecursionError:
        return (_make("TOO_DEEPLY_NESTED", "Definition is nested too deeply", ""),)
    except ValueError as error:
        return (_make("INVALID_JSON_DESCRIPTION", _describe_json(error), ""),)
    if not isinstance(document, dict):
        return (_make("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object", ""),)
    return tuple(_diagnose(document, kind))


def _describe_json(error: ValueError) -> str:
    return str(error) if isinstance(error, json.JSONDecodeError) else "Definition is not valid JSON"


def _diagnose(document: dict[str, Any], kind: str) -> Iterator[Mapping[str, str]]:
    problems = list(find_problems(document, type=kind, families=(REFUSAL,)))
    missing: dict[str, list[str]] = {}
    for rule, problem in problems:
        if rule.id == "missing-field":
            missing.setdefault(problem.pointer, []).append(_quoted(problem.message)[-1])
    for pointer, names in missing.items():
        ordered = sorted(names, key=("States", "StartAt").index) if not pointer else names
        yield _make(
            "SCHEMA_VALIDATION_FAILED",
            f"These fields are required: [{', '.join(ordered)}]",
            pointer or "/",
        )
    for rule, problem in problems:
        follows = rule.id == "missing-target" and "States" in missing.get(
            _above(problem.pointer), ()
        )
        if rule.id != "missing-field" and not follows:
            code, message = _word(rule, problem, document)
            yield _make(code, message, problem.pointer or "/")


def _make(code: str, message: str, pointer: str) -> Mapping[str, str]:
    found = {"severity": "ERROR", "code": code or "SCHEMA_VALIDATION_FAILED", "message": message}
    return {**found, "location": pointer} if pointer else found


def _above(pointer: str) -> str:
    return pointer.rpartition("/")[0]


def _quoted(text: str) -> list[str]:
    return text.split("'")[1::2]


def _word(rule: Rule, problem: Problem, document: dict[str, Any]) -> tuple[str, str]:
    """Describe a problem in AWS's words where they are known, else in the rule's."""
    field = problem.pointer.rpartition("/")[2]
    names = _quoted(problem.message)
    if rule.id == "missing-target" and names:
        return rule.code, f"Missing '{field}' target: {names[0]}"
    if rule.id == "unreachable-state":
        return rule.code, f'State "{problem.state}" is not reachable.'
    if rule.id == "unknown-field":
        return rule.code, "Field is not supported"
    if rule.id == "no-states" and "empty" in problem.message:
        return "SCHEMA_VALIDATION_FAILED", "Value cannot be empty"
    if rule.id == "pattern-in-express":
        what = f"'{names[0]}' service integration" if names else "Activity ARN"
        return rule.code, f"Express state machine does not support {what}"
    if rule.id == "invalid-label":
        return rule.code, _word_label(problem.message, _find(document, problem.pointer))
    return rule.code, problem.message


def _word_label(message: str, label: str) -> str:
    if len(label) > _MAX_LABEL:
        return f"Label cannot exceed {_MAX_LABEL} characters"
    _, _, character = message.partition("the character ")
    return f"Label contains invalid character: {character}" if character else message


def _find(value: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def _find_warnings(text: str) -> tuple[Mapping[str, str], ...]:
    """Return what AWS warns of: the risks that it has a code for."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    problems = find_problems(document, families=(RISK,)) if isinstance(document, dict) else ()
    return tuple(
        {**_make(_WARNINGS[rule.id], problem.message, problem.pointer), "severity": "WARNING"}
        for rule, problem in problems
        if rule.id in _WARNINGS
    )


def validate_state_machine_definition(region: Region, params: Params) -> dict[str, Any]:
    """Return the diagnostics of a definition, up to so many."""
    found = find_diagnostics(params["definition"], params.get("type", "STANDARD"))
    result = "FAIL" if found else "OK"
    if params.get("severity") == "WARNING":
        found += _find_warnings(params["definition"])
    most = params.get("maxResults") or 100
    shown, truncated = cut_first(found, most)
    return {"result": result, "diagnostics": shown, "truncated": truncated}
