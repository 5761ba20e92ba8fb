"""Tests of recorded histories: every Task answers as recorded, and the execution succeeds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pprint import pformat

from carnation.asl import walk_states
from carnation.console import clean
from carnation.document import read_document
from carnation.errors import UsageError, suggest_name
from carnation.testing.recordings import Recording

_TEST = '''\
"""Replayed from {title}."""

from __future__ import annotations

from typing import Any

HISTORY = {history!r}
DEFINITION = {definition!r}
INPUT = {input}


def test_{name}(load_definition: Any) -> None:
    """{sentence}"""
    machine = load_definition(DEFINITION)
    machine.mock_recorded(HISTORY)

    run = machine.run(INPUT)

    {assertion}
'''


def find_definition(recording: Recording) -> str:
    """Find the built definition that has every state that the history enters."""
    names = sorted(os.listdir("build")) if os.path.isdir("build") else []
    paths = [
        os.path.join("build", name, "code", "state-machine", f"{name}.asl.json") for name in names
    ]
    found = [
        path
        for path in paths
        if os.path.isfile(path) and set(recording.states) <= set(_list_states(path))
    ]
    if len(found) != 1:
        raise UsageError(
            f"{'no definition' if not found else 'more than one'} in build/ has the states of this "
            f"history ({', '.join(recording.states[:5])}). Name it with --definition."
        )
    return found[0]


def _list_states(path: str) -> list[str]:
    value = read_document(path).value
    return [place.name for place in walk_states(value)] if isinstance(value, dict) else []


def list_unknown_states(path: str, recording: Recording) -> Iterator[str]:
    """List the states that the history enters and the definition does not have."""
    states = _list_states(path)
    for name in recording.states:
        if name not in states:
            yield (
                f"the history enters '{name}', and {path} has no such state."
                f"{suggest_name(name, states)}"
            )


def render_test(history: str, definition: str, recording: Recording) -> str:
    """Render a test that plays a recording against a definition."""
    stem = os.path.basename(history).partition(".")[0]
    name = re.sub(r"\W+", "_", stem).strip("_").lower() or "history"
    if recording.status == "SUCCEEDED":
        sentence, verb = "It succeeded, and does so still.", "still_succeeds"
        assertion = f"run.assert_succeeded({_literal(recording.output)})"
    else:
        error = f" with {recording.error}" if recording.error else ""
        sentence = (
            f"The execution ended with {recording.status}{error}. "
            "Fix the definition until this test passes."
        )
        assertion, verb = "run.assert_succeeded()", "succeeds"
    return _TEST.format(
        title=_plain(history),
        history=history,
        definition=definition,
        input=_literal(recording.input),
        name=f"{name}_{verb}",
        sentence=_plain(sentence),
        assertion=assertion,
    )


def _plain(text: str) -> str:
    """Return a text that a docstring can hold, whatever it is."""
    return clean(text).replace("\\", "/").replace('"', "'")


def _literal(value: object) -> str:
    return pformat(value, width=96, sort_dicts=False)
