"""Risks of the two query languages: what belongs to the other one, and what neither looks up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl.fields import ATA, PATH
from carnation.asl.graph import Problem
from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.risks.payloads import list_texts

_IN_JSONATA = ("Arguments", "Output", "Assign", "ItemSelector", "BatchInput", "Items")
_PATH_LIKE = compile_lazily(r"\$\$?\.[A-Za-z_][\w.\[\]*-]*\Z")
_CALL_LIKE = compile_lazily(r"(?s)States\.[A-Z][A-Za-z0-9]+\(.*\)\Z")


def _walk(value: Json, inner: str) -> Iterator[tuple[str, str, Json]]:
    """Yield (pointer, key, value) for everything under a value, in order; lists have no keys."""
    waiting = [(inner, "", value)]
    while waiting:
        pointer, key, item = waiting.pop()
        yield pointer, key, item
        if isinstance(item, Mapping):
            children = [(join_pointer(pointer, name), name, one) for name, one in item.items()]
            waiting += reversed(children)
        elif isinstance(item, list):
            listed = [(f"{pointer}/{index}", "", one) for index, one in enumerate(item)]
            waiting += reversed(listed)


@risk("jsonpath-in-jsonata", WARNING)
def find_left_keys(machine: Machine) -> Iterator[Problem]:
    """A key in a JSONata state ends in `.$`, as in JSONPath.

    Problem: in JSONata a key is sent as it is, with the `.$`, and so is the path behind it. A
    service does not know such a parameter.
    Solution: take the `.$` off, and write the value as an expression: `{% $states.input.id %}`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for part in machine.parts:
        for name in _IN_JSONATA if part.language == ATA else ():
            for pointer, key, item in _walk(part.body.get(name), f"/{name}"):
                if key.endswith(".$") and pointer.rpartition("/")[0] != "/Assign":
                    value = f" {item[:40]!r}" if isinstance(item, str) else ""
                    said = f"'{key}'{value} is JSONPath, and this state is JSONata"
                    yield part.problem(f"{said}: it is sent as it is", pointer)


@risk("jsonata-in-jsonpath", WARNING)
def find_left_expressions(machine: Machine) -> Iterator[Problem]:
    """A value in a JSONPath state is an expression of JSONata.

    Problem: in JSONPath `{% … %}` is a string like any other; it is sent as it is.
    Solution: set `"QueryLanguage": "JSONata"` and use its fields, or write `"id.$": "$.id"`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for part, _, pointer, _, text in list_texts(machine):
        if part.language == PATH and text.startswith("{%") and text.endswith("%}"):
            message = f"'{text[:60]}' is JSONata, and this state is JSONPath: it is sent as it is"
            yield part.problem(message, pointer)


@risk("path-in-result", WARNING)
def find_static_results(machine: Machine) -> Iterator[Problem]:
    """The `Result` of a Pass holds paths or intrinsic functions.

    Problem: `Result` is the output as it is written: nothing in it is looked up, and a key keeps
    its `.$`. AWS warns of it when the state machine is created (PASS_RESULT_IS_STATIC).
    Solution: use `Parameters`, which is a payload template.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html
    """
    for state in machine.by_type["Pass"]:
        if state.language != PATH or "Result" not in state.body:
            continue
        for pointer, key, item in _walk(state.body["Result"], "/Result"):
            if isinstance(item, str) and _looks_up(key, item):
                message = f"'Result' is written as it is: '{item[:60]}' is not looked up"
                yield state.problem(message, pointer)


def _looks_up(key: str, text: str) -> bool:
    if key.endswith(".$"):
        return text.startswith(("$", "States."))
    meant = _CALL_LIKE.match(text) or _PATH_LIKE.match(text)
    return meant is not None and not key.endswith(("Path", "Expression", "Selector", "Pointer"))
