"""What a built workflow tells of its functions."""

from __future__ import annotations

import pytest

from carnation.estimates.targets import derive_facts, find_target
from tests.conftest import ROOT


@pytest.mark.parametrize(("name", "state"), [("orders", "ChargePayment"), ("jsonata", "")])
def test_the_memory_of_functions_is_read_through_what_names_them(
    name: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    memories = derive_facts(find_target(name)).memories
    assert memories
    assert set(memories.values()) != {128}
    assert not state or memories[state] == 256
