"""What a built workflow tells of its functions."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.estimates import Facts, make_model
from carnation.estimates.targets import derive_facts, find_target
from tests.conftest import ROOT
from tests.estimates.test_maps import call


@pytest.mark.parametrize(("name", "state"), [("orders", "ChargePayment"), ("jsonata", "")])
def test_the_memory_of_functions_is_read_through_what_names_them(
    name: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    memories = derive_facts(find_target(name)).memories
    assert memories
    assert set(memories.values()) != {128}
    assert not state or memories[state] == 256


@pytest.mark.parametrize("retry", [{}, {"Retry": [{"ErrorEquals": ["States.ALL"]}]}])
def test_rates_without_a_map_say_which_task_they_are_about(retry: dict[str, Any]) -> None:
    states = {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Look"},
        "Look": call(End=True, **retry),
    }
    model = make_model({"StartAt": "Wait", "States": states}, Facts(fail=0.5, retry=0.5))
    fails, retries = (note for note in model.notes if "without a Map" in note)
    assert "'Look'" in fails
    assert "'Look'" in retries
    assert ("has no effect" in retries) is not bool(retry)
