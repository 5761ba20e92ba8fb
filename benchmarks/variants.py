"""Runs variants of recorded cases whose outcome the language fixes, and prints where one differs.

    python benchmarks/variants.py ../shared/conformance

A variant says the same otherwise (defaults written out, fields in another order, a far timeout), or
stands inside of something (a Parallel, a Map over one item) that the language says the meaning of.
What AWS answered to the recorded case then fixes what it answers to the variant. A variant is
compared only where the recorded case itself agrees.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.conformance import load_cases, run_case, run_execution

Case = dict[str, Any]
_EVENT = re.compile(r"#\d+(?=\))")
_DEFAULTS = {
    "InputPath": ("Pass", "Task", "Choice", "Wait", "Succeed", "Parallel", "Map"),
    "OutputPath": ("Pass", "Task", "Choice", "Wait", "Succeed", "Parallel", "Map"),
    "ResultPath": ("Pass", "Task", "Parallel", "Map"),
}


class Variant(NamedTuple):
    """A way to say the same: its name, and what makes it; None where it does not apply."""

    name: str
    make: Callable[[Case], Case | None]


def walk_states(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every state below a definition."""
    if isinstance(value, dict):
        states = value.get("States")
        if "StartAt" in value and isinstance(states, dict):
            for state in states.values():
                if isinstance(state, dict):
                    yield state
                    for field in ("Branches", "Iterator", "ItemProcessor"):
                        yield from walk_states(state.get(field))
    elif isinstance(value, list):
        for item in value:
            yield from walk_states(item)


def is_jsonata(case: Case) -> bool:
    """Return whether any state speaks JSONata."""
    return "JSONata" in json.dumps(case["definition"])


def write_defaults(case: Case) -> Case | None:
    """Write out the paths that are the default."""
    if is_jsonata(case):
        return None
    for state in walk_states(case["definition"]):
        for field, types in _DEFAULTS.items():
            if state.get("Type") in types:
                state.setdefault(field, "$")
    case["definition"].setdefault("QueryLanguage", "JSONPath")
    return case


def reverse_fields(case: Case) -> Case | None:
    """Write every object's fields in the other order, those of payloads too."""
    if any("DISTRIBUTED" in str(state) for state in case["definition"].get("States", {}).values()):
        return None

    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turn(value[key]) for key in reversed(value)}
        return [turn(item) for item in value] if isinstance(value, list) else value

    case["definition"] = turn(case["definition"])
    return case


def comment(case: Case) -> Case:
    """Write a comment wherever one may stand, and a timeout that is far."""
    for state in walk_states(case["definition"]):
        state["Comment"] = "a comment"
    case["definition"].setdefault("TimeoutSeconds", 9_999_999)
    return case


def put_behind_pass(case: Case) -> Case:
    """Begin with a Pass that passes."""
    definition = case["definition"]
    first = {"Type": "Pass", "Next": definition["StartAt"]}
    definition["States"] = {"VariantPass": first, **definition["States"]}
    definition["StartAt"] = "VariantPass"
    return case


def handle_another_error(case: Case) -> Case | None:
    """Retry and catch, behind what is there, an error that no case raises."""
    found = False
    for state in walk_states(case["definition"]):
        if state.get("Type") in ("Task", "Parallel", "Map"):
            found = True
            state["Retry"] = [*state.get("Retry", ()), {"ErrorEquals": ["Variant.Never"]}]
            catcher = {"ErrorEquals": ["Variant.Never"], "Next": state.get("Next", "")}
            if not catcher["Next"]:
                continue
            state["Catch"] = [*state.get("Catch", ()), catcher]
            for entry in ("Retry", "Catch"):  # States.ALL has to be the last
                state[entry].sort(key=lambda each: "States.ALL" in each["ErrorEquals"])
    return case if found else None


def put_behind_choice(case: Case) -> Case:
    """Begin with a Choice whose second rule holds."""
    definition = case["definition"]
    rules: list[dict[str, Any]]
    if definition.get("QueryLanguage") == "JSONata":
        rules = [{"Condition": f"{{% {value} %}}"} for value in ("false", "1 = 1")]
    else:
        rules = [
            {"Variable": "$.variant", "IsPresent": True},
            {"Not": {"Variable": "$.variant", "IsPresent": True}},
        ]
    first = {
        "Type": "Choice",
        "Choices": [
            {**rules[0], "Next": "VariantPass"},
            {**rules[1], "Next": definition["StartAt"]},
        ],
    }
    other = {"Type": "Pass", "End": True}
    definition["States"] = {"VariantChoice": first, "VariantPass": other, **definition["States"]}
    definition["StartAt"] = "VariantChoice"
    return case


def put_behind_assign(case: Case) -> Case:
    """Begin with a Pass that sets a variable which nothing reads."""
    put_behind_pass(case)
    case["definition"]["States"]["VariantPass"]["Assign"] = {"variantVariable": [1, {"a": None}]}
    return case


def put_beside_another(case: Case) -> Case:
    """Stand in the first of two branches, of which the second is over at once."""
    wait: dict[str, Any] = {
        "StartAt": "VariantDone",
        "States": {"VariantDone": {"Type": "Succeed"}},
    }
    if case["definition"].get("QueryLanguage") == "JSONata":
        wait["States"]["VariantDone"]["Output"] = "other"
    else:
        wait["States"]["VariantDone"] = {"Type": "Pass", "Result": "other", "End": True}
    wrapped = _wrap(case, lambda flow: {"Type": "Parallel", "End": True, "Branches": [flow, wait]})
    if "output" in wrapped["expected"]:
        wrapped["expected"]["output"].append("other")
    return wrapped


def put_into_children(case: Case) -> Case | None:
    """Stand in a distributed Map over one item, which a child execution runs."""
    text = json.dumps(case["definition"])
    if "$$" in text or "error" in case["expected"] or "DISTRIBUTED" in text:
        return None
    made = put_into_map(case)
    if made is not None:
        config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        made["definition"]["States"]["VariantOuter"]["ItemProcessor"]["ProcessorConfig"] = config
    return made


def put_into_parallel(case: Case) -> Case:
    """Stand in the only branch of a Parallel."""
    return _wrap(case, lambda flow: {"Type": "Parallel", "End": True, "Branches": [flow]})


def put_into_map(case: Case) -> Case | None:
    """Stand in a Map over one item."""
    text = json.dumps(case["definition"])
    if is_jsonata(case) or "$$.Map" in text or '"$$"' in text:
        return None  # inside, the Context object has the Map's item
    wrapped = _wrap(
        case,
        lambda flow: {
            "Type": "Map", "End": True, "ItemsPath": "$.items",
            "ItemProcessor": {**flow, "ProcessorConfig": {"Mode": "INLINE"}},
        },
    )  # fmt: skip
    states = wrapped["definition"]["States"]
    gather = {"items.$": "States.Array($)"}
    wrapped["definition"]["StartAt"] = "VariantItems"
    states["VariantItems"] = {"Type": "Pass", "Parameters": gather, "Next": "VariantOuter"}
    return wrapped


def _wrap(case: Case, make: Callable[[Any], Any]) -> Case:
    definition = case["definition"]
    flow = {key: definition.pop(key) for key in ("StartAt", "States")}
    definition["StartAt"], definition["States"] = "VariantOuter", {"VariantOuter": make(flow)}
    expected = case["expected"]
    if "output" in expected:
        expected["output"] = [expected["output"]]
        case["volatile"] = [
            pointer.replace("/expected/output", "/expected/output/0", 1)
            for pointer in case.get("volatile") or ()
        ]
    return case


VARIANTS = (
    Variant("defaults written out", write_defaults),
    Variant("fields in another order", reverse_fields),
    Variant("comments and a far timeout", comment),
    Variant("behind a Pass", put_behind_pass),
    Variant("in a Parallel", put_into_parallel),
    Variant("in a Map", put_into_map),
    Variant("another error handled", handle_another_error),
    Variant("behind a Choice", put_behind_choice),
    Variant("behind an Assign", put_behind_assign),
    Variant("beside another branch", put_beside_another),
    Variant("in a child execution", put_into_children),
)


def make_variants(case: Case) -> Iterator[tuple[str, Case]]:
    """Yield the variants of an execution."""
    for variant in VARIANTS:
        made = variant.make(copy.deepcopy(case))
        if made is not None:
            made.pop("history", None)
            yield variant.name, made


def _compare_without_numbers(made: Case) -> str:
    """Compare causes but for the number of the event in them, which a variant changes."""
    execution = run_execution(copy.deepcopy(made))
    found = [_EVENT.sub("#", str(cause)) for cause in (execution.cause, made["expected"]["cause"])]
    made["expected"]["cause"] = execution.cause
    return run_case(made).outcome or ("" if found[0] == found[1] else f"cause is {found[0]}")


def find_differences(folder: Path, every: int = 1) -> Iterator[tuple[str, str, str]]:
    """Yield (case, variant, what differs), and ('', variant, '') for each that holds."""
    for case in itertools.islice(load_cases(folder), 0, None, every):
        if case["kind"] != "execution" or "aborted" in (case.get("tags") or ()):
            continue
        if case.get("type") == "EXPRESS" or run_case(copy.deepcopy(case)).outcome:
            continue
        for name, made in make_variants(case):
            outcome = run_case(made).outcome
            if _EVENT.search(outcome):  # the event has another number
                outcome = _compare_without_numbers(made)
            yield (case["id"], name, outcome) if outcome else ("", name, "")


def main(arguments: list[str] | None = None) -> int:
    """Run all variants; exit 1 where one differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder of cases")
    options = parser.parse_args(arguments)
    count, differing = 0, 0
    for case, name, outcome in find_differences(options.folder):
        count += 1
        if case:
            differing += 1
            print(f"{case}\n  {name}: {outcome}")
    print(f"{count - differing} of {count} variants hold")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
