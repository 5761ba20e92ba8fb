"""What is newer than carnation: raw ASL goes through, a build included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.errors import DefinitionError
from carnation.states import (
    Branch,
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    Credentials,
    ItemProcessor,
    Map,
    Parallel,
    Pass,
    Raw,
    Retry,
    Succeed,
    Task,
    find_unchecked,
)
from carnation.workflow import Workflow

NEW = {"Mood": "calm"}
CALL = "arn:aws:lambda:eu-west-1:111122223333:function:pay"


def build(folder: Path, states: Any) -> dict[str, Any]:
    made = make_artifacts(str(folder), Workflow(name="new", version="1.0.0", states=states))
    definition: dict[str, Any] = json.loads(made.files["code/state-machine/new.asl.json"])
    return definition["States"]


def choose(rule: Any) -> Choice:
    return Choice("A", choices=[(rule, Succeed("B"))], default="B")


@pytest.mark.parametrize(
    "state",
    [
        Pass("A", extra=NEW),
        Raw("A", {"Type": "Question", "Options": 3}),
        Raw("A", {"Type": "Pass", "Mood": "calm"}),
        Task("A", resource=CALL, retry=Retry(error_equals=["E"], extra=NEW)),
        Task("A", resource=CALL, catch=Catch(error_equals=["E"], next_step=Pass("B"), extra=NEW)),
        Task("A", resource=CALL, credentials=Credentials(role_arn="arn:x", extra=NEW)),
        Parallel("A", branches=[Branch(Pass("B"), extra=NEW)]),
        Map("A", item_processor=ItemProcessor(Pass("B"), extra=NEW)),
        choose(ChoiceRule.IsNull("$.a", True, extra=NEW)),
    ],
    ids=lambda state: type(state).__name__,
)  # fmt: skip
def test_what_nobody_knows_is_built_where_it_is_meant(tmp_path: Path, state: Any) -> None:
    assert find_unchecked(state) == {"A"}
    assert "Mood" in (text := json.dumps(build(tmp_path, state))) or "Question" in text


def test_what_nobody_knows_is_refused_where_it_is_not_meant(tmp_path: Path) -> None:
    plain = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Mood": "calm", "End": True}}}
    with pytest.raises(DefinitionError, match="'Mood'"):
        build(tmp_path, plain)


def test_what_is_known_is_checked_beside_it(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="the path"):
        build(tmp_path, Chain([Pass("A", extra=NEW, input_path="$.a["), Succeed("B")]))
    with pytest.raises(DefinitionError, match="'Catch' has no place in a Pass"):
        Pass("A", extra={"Catch": []})


def test_rules_inside_rules_are_looked_at() -> None:
    inner = ChoiceRule.IsNull("$.a", True)
    deep = ChoiceRule.Not(ChoiceRule.Or([inner, ChoiceRule.And([inner])]), extra=NEW)
    assert find_unchecked(choose(deep)) == {"A"}
    assert find_unchecked(choose(ChoiceRule.Not(ChoiceRule.Or([inner])))) == set()
