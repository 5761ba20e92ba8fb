"""Every row of an optimized integration is whole: patterns, what it takes and gives, its job."""

from __future__ import annotations

import pytest

from carnation.emulator.interpreter.job_services import JOBS
from carnation.services.actions import list_actions
from carnation.services.integrations import AS_API, INTEGRATIONS
from carnation.services.optimized import find_task_parameters, find_task_result

PATTERNS = {"", "sync", "sync:2", "waitForTaskToken"}
UNKNOWN_RESULTS = ("elasticmapreduce:", "eks:runJob")
"""AWS does not document what these give; a definition that reads it is believed."""
UNKNOWN_JOBS = ("elasticmapreduce:", "emr-containers:", "emr-serverless:", "eks:runJob")
"""Neither what their `.sync` gives."""
NO_API = {"apigateway:invoke", "eks:call", "eks:runJob", "http:invoke"}


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_a_row_is_whole(name: str) -> None:
    row = INTEGRATIONS[name]
    assert set(row.patterns) <= PATTERNS
    assert "" in row.patterns
    assert (row.api == "") == (name in NO_API)
    assert (row.takes is AS_API) <= bool(find_actions(row.api))
    assert find_task_parameters(name) is not None
    if not name.startswith(UNKNOWN_RESULTS):
        assert find_task_result(name) is not None
    waits = [pattern for pattern in row.patterns if pattern.startswith("sync")]
    assert (row.job is not None) == bool(waits)
    assert row.job is None or bool(row.job.watched) == row.authorized
    if not name.startswith(UNKNOWN_JOBS):
        assert all(find_task_result(f"{name}.{pattern}") is not None for pattern in waits)
    taken = find_task_parameters(name)
    assert taken is not None
    assert set(row.json) <= set(taken.members)


def test_each_job_that_the_emulator_ends_is_one_of_a_row() -> None:
    assert [call for call in JOBS if INTEGRATIONS[call].job is None] == []


def find_actions(api: str) -> list[str]:
    service, _, action = api.partition(":")
    return [one for one in list_actions(service) if one == action]


@pytest.mark.parametrize("prefix", sorted({*UNKNOWN_RESULTS, *UNKNOWN_JOBS}))
def test_what_is_listed_as_unknown_is_unknown(prefix: str) -> None:
    calls = [
        f"{name}.{pattern}".rstrip(".")
        for name, row in INTEGRATIONS.items()
        for pattern in row.patterns
        if name.startswith(prefix) and pattern != "waitForTaskToken"
    ]
    assert any(find_task_result(call) is None for call in calls)
