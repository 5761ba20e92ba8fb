"""Definitions for property tests: any graph, any nesting, hostile names and texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

HOSTILE = [
    '"""\nimport os\nos.abort()\n"""', "'); import os #", "\\", '\\"', "a\nb", "\x00", "\u202e",
    "\ud800", "{% x %}", "${Name}", "$$.Execution.Id", "# noqa", "é" * 20, "x" * 80, " ",
    "__import__", "None", "\u2028", "f'{1}'", "draw_graph", "self", "order-2", "Order 2", "pass",
    "print", "注文を待つ" * 10, "🙂🙂", "e\u0301",
]  # fmt: skip
# how wide a letter is, formatters and versions of Python agree on for these
_LETTERS = st.characters(max_codepoint=0x24F)
TEXTS = (
    st.text(_LETTERS, max_size=40)
    | st.sampled_from(HOSTILE)
    | st.from_regex(r"\A([a-z]{1,9} ?){1,30}\Z")
)
NAMES = st.sampled_from(HOSTILE) | st.from_regex(r"\A[A-Z][a-z]{1,6}( [a-z]{1,6}){0,2}\Z")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
_ADDRESSES = st.sampled_from(
    ["arn:aws:states:::lambda:invoke", "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
     "arn:aws:lambda:eu-west-1:111122223333:function:charge-card:$LATEST", "${ChargeFunction.Arn}"]
)  # fmt: skip
_ERRORS = st.lists(st.sampled_from(["States.Timeout", "Lambda.Unknown", "E'\""]), min_size=1)
_RETRIERS = st.lists(
    st.fixed_dictionaries(
        {"ErrorEquals": _ERRORS},
        optional={"MaxAttempts": st.integers(0, 9), "BackoffRate": st.sampled_from([1, 1.5, 2.0])},
    ),
    min_size=1,
    max_size=2,
)
_SHARED = {"Comment": TEXTS, "OutputPath": st.sampled_from([None, "$", "$.a"])}
_WORK = {**_SHARED, "ResultPath": st.sampled_from([None, "$.b"]), "Retry": _RETRIERS}
_RULES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.fixed_dictionaries({"Variable": st.just("$.a"), "StringEquals": TEXTS})
    | st.fixed_dictionaries({"Variable": st.just("$.a"), "IsPresent": st.booleans()}),
    lambda inner: (
        st.fixed_dictionaries({"Not": inner})
        | st.fixed_dictionaries({"And": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=4,
)
_FIELDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "Pass": st.fixed_dictionaries({}, optional={**_SHARED, "Result": VALUES, "Parameters": VALUES}),
    "Task": st.fixed_dictionaries(
        {"Resource": _ADDRESSES}, optional={**_WORK, "Parameters": VALUES}
    ),
    "Wait": st.fixed_dictionaries({"Seconds": st.integers(0, 9)}, optional=_SHARED),
    "Succeed": st.fixed_dictionaries({}, optional=_SHARED),
    "Fail": st.fixed_dictionaries({}, optional={"Error": TEXTS, "Cause": TEXTS}),
    "Choice": st.fixed_dictionaries({}, optional=_SHARED),
    "Parallel": st.fixed_dictionaries({}, optional=_WORK),
    "Map": st.fixed_dictionaries({}, optional={**_WORK, "ItemSelector": VALUES}),
}
Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def definitions(draw: Draw) -> dict[str, Any]:
    """Make a definition with a graph: every state is reached, every name stands once."""
    names = draw(st.lists(NAMES, min_size=1, max_size=14, unique=True))
    body = _draw_scope(draw, names)
    optional = {"Comment": TEXTS, "TimeoutSeconds": st.integers(1, 9)}
    return {**draw(st.fixed_dictionaries({}, optional=optional)), **body}


def _draw_scope(draw: Draw, names: list[str]) -> dict[str, Any]:
    """Make a scope of the names, some of which lie in scopes inside of it."""
    own, inner = names, []
    if len(names) > 2 and draw(st.booleans()):
        at = draw(st.integers(1, len(names) - 1))
        own, inner = names[:at], names[at:]
    states: dict[str, Any] = {}
    for name in own:
        states[name] = _draw_state(draw, own, inner)
        inner = [] if "Branches" in states[name] or "ItemProcessor" in states[name] else inner
    return {"StartAt": own[0], "States": _keep_reached(own[0], states)}


def _draw_state(draw: Draw, own: list[str], inner: list[str]) -> dict[str, Any]:
    types = ["Parallel", "Map"] if inner else ["Pass", "Task", "Wait", "Choice", "Succeed", "Fail"]
    kind = draw(st.sampled_from(types))
    state = {"Type": kind, **draw(_FIELDS[kind])}
    targets = st.sampled_from(own)
    if kind == "Choice":
        rules = draw(st.lists(_RULES, min_size=1, max_size=3))
        state["Choices"] = [{**rule, "Next": draw(targets)} for rule in rules]
        state |= {"Default": draw(targets)} if draw(st.booleans()) else {}
    elif kind not in ("Succeed", "Fail"):
        state |= {"Next": draw(targets)} if draw(st.integers(0, 3)) else {"End": True}
    if kind in ("Task", "Map", "Parallel") and draw(st.booleans()):
        state["Catch"] = [{"ErrorEquals": draw(_ERRORS), "Next": draw(targets)}]
    if kind == "Map":
        processor = _draw_scope(draw, inner)
        state["ItemProcessor"] = {"ProcessorConfig": {"Mode": "INLINE"}, **processor}
    elif kind == "Parallel":
        at = draw(st.integers(0, len(inner) - 1))
        parts = [part for part in (inner[:at], inner[at:]) if part]
        state["Branches"] = [_draw_scope(draw, part) for part in parts]
    return state


def _keep_reached(start: str, states: dict[str, Any]) -> dict[str, Any]:
    reached = [start]
    for name in reached:
        state = states[name]
        moves = [state, *state.get("Choices", ()), *state.get("Catch", ())]
        for move in moves:
            for target in (move.get("Next"), move.get("Default")):
                if target is not None and target not in reached:
                    reached.append(target)
    return {name: states[name] for name in states if name in reached}
