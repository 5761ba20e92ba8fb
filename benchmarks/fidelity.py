"""Writes docs/fidelity.md: what the engine emulates how, and what differs from AWS's recordings.

python benchmarks/fidelity.py [--check] ../shared/conformance
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.conformance import ROOT, load_cases, run_case, summarize

PAGE = ROOT / "docs" / "fidelity.md"

INTRODUCTION = """# Fidelity

How the engine (`carnation.engine`) runs definitions, beside AWS. `python benchmarks/fidelity.py
../shared/conformance` writes this page out of the recordings made on AWS; a test keeps it current.

The figures are of the recordings that the engine was developed with, a sample of about 60 % of
those that are known, split by test: no other variant of a test is among the rest. Of executions
that nobody looked at, more will differ: of 466 of the rest, 95.7 % of the outcomes agreed in
version 0.1.0.
"""

CONVERSATIONS = """
## Variants of the recordings

`python benchmarks/variants.py ../shared/conformance` runs variants of the recorded executions whose
outcome the language fixes: defaults written out, fields in another order, comments and a far
timeout, another error handled; behind a Pass, a Choice, an Assign; in a Parallel, beside another
branch, in a Map over one item, in a child execution. All 6,381 of them hold.

## The API, against recorded conversations

Of 287 recorded conversations with the API, again a sample of about 60 % of those that are known,
277 hold: same answers, error codes, texts, and statuses. Of the others, as far as one can tell
from outside, seven read logs whose texts the recorder rewrote as JSON, two name a memory limit that
was raised later, and one stops an execution in a Wait, for which time has to be real.

For 53 of the 277 the text needs a word. They create a machine whose Map has a `Label` with a
character that AWS does not allow. The recorded text (`Error=ValueError Args=[…] in definition '…'`)
reads like that of the emulator which the recordings come from; every other rejected definition is
answered `Invalid State Machine Definition: '…'`. AWS documents the code, `InvalidDefinition`, and
the characters, not the text. The recorded text is kept: nothing else is known. Rely on the code;
ValidateStateMachineDefinition gives the finding with its place.
"""

TABLE = [
    ("Pass, Choice, Wait, Succeed, Fail", "as on AWS; time is virtual unless asked otherwise"),
    ("Task", "performed by a port; the events, timeouts, heartbeats and tokens are the engine's"),
    ("Retry, Catch", "backoff, seeded jitter, MaxDelaySeconds; terminal errors stay terminal"),
    (
        "Parallel, Map inline",
        "at most 40 concurrently, without threads, in an order chosen by a seed",
    ),
    ("Map over an object", "an iteration for each member, a Key and a Value"),
    ("Map distributed", "children with histories of their own; counts, tolerance, redrive"),
    (
        "ItemReader",
        "CSV, JSON, JSONL, PARQUET (by pyarrow); manifests of S3, Athena; listings, flattened too",
    ),
    ("ItemBatcher, ResultWriter", "by number and bytes; manifest and files, with WriterConfig"),
    ("JSONPath", "Jayway's semantics, in a parser of our own"),
    ("Intrinsic functions", "all eighteen; the texts of their errors are ours inside AWS's frame"),
    ("JSONata", "jsonata-python, with AWS's functions; `$eval` is rejected"),
    ("Variables", "Assign in all states, catchers and rules; inner scopes read outer ones"),
    ("History", "event types, ids and details; 25,000 events; none for the children of a Map run"),
    ("Payloads", "256 KiB, measured as compact UTF-8 JSON"),
    ("Abort, time-out, redrive", "what is finished stays finished, in Map and Parallel as well"),
    ("TestState", "inspection levels, mocks, state configuration; mocks of any shape are taken"),
    ("Express", "no history limit; synchronous ones have no RedriveCount"),
    ("Checks of parameters by a service", "left to the port: the engine knows no AWS"),
]  # fmt: skip

_OBJECTS = "recorded before AWS let a Map run over an object's members"
REASONS = {
    "scenarios.base_scenarios--map_state_items_eval_jsonata_fail_object": _OBJECTS,
    "scenarios.base_scenarios--map_state_items_eval_jsonata_variable_sampling_fail_obj": _OBJECTS,
    "callback.callback--multiple": "the recording holds the token as text, which nobody can know",
    "scenarios.base_scenarios--lambda_service_invoke_with_retry_extended": (
        "recorded before AWS put RedriveCount into the Context object"
    ),
    "scenarios.base_scenarios--parallel_state_nested": "the recorder dropped an event",
    "services.apigetway_task_service--invoke_with_headers": (
        "AWS checks the parameters of API Gateway before it schedules the task; the port's affair"
    ),
}


def make_page(summary: dict[str, Any]) -> str:
    """Write the page."""
    lines = [INTRODUCTION, "## What is emulated how", "", "| what | how |", "| --- | --- |"]
    lines += [f"| {what} | {how} |" for what, how in TABLE]
    lines += ["", "## Against the recordings", "", "| measure | rate | of |", "| --- | --- | --- |"]
    lines += [
        f"| status and output, or error and cause | {summary['outcomes']:.1%} |"
        f" {summary['counted']} cases |",
        f"| types of the history's events, in order | {summary['types']:.1%} |"
        f" {summary['histories']} histories |",
        f"| details of the events | {summary['details']:.1%} | {summary['events']} events |",
        f"| ids and previous ids of the events | {summary['ids']:.1%} |"
        f" {summary['events']} events |",
        f"| the same, where the recording cannot be replayed in full |"
        f" {summary['outcomes_left_out']:.1%} | {summary['left_out']} cases |",
    ]
    lines += ["", "## What differs, and why", ""]
    lines += [f"- `{miss['id']}`: {find_reason(miss)}." for miss in list_misses(summary)]
    return "\n".join(lines) + "\n" + CONVERSATIONS


def list_misses(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """List the misses of the cases that count, one for each reason."""
    return [miss for miss in summary["misses"] if not miss["left_out"]]


def find_reason(miss: dict[str, Any]) -> str:
    """Return the reason for a miss; an unknown one shows what differs."""
    for beginning, reason in REASONS.items():
        if miss["id"].startswith(beginning):
            return reason
    return "not yet looked into"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or say whether it is current."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder of cases")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    options = parser.parse_args(arguments)
    page = make_page(summarize([run_case(case) for case in load_cases(options.folder)]))
    if options.check:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
