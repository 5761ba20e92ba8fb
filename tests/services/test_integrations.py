"""Every row of an optimized integration is whole: patterns, what it takes and gives, its job."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from carnation.permissions import jobs
from carnation.services import optimized
from carnation.services.integrations import INTEGRATIONS
from carnation.services.optimized import find_task_parameters, find_task_result

PATTERNS = {"", "sync", "sync:2", "waitForTaskToken"}
UNKNOWN_RESULTS = ("elasticmapreduce:", "eks:runJob")
"""AWS does not document what these give; a definition that reads it is believed."""
UNKNOWN_JOBS = ("elasticmapreduce:", "emr-containers:", "emr-serverless:", "eks:runJob")
"""Neither what their `.sync` gives."""


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_an_integration_is_whole(name: str) -> None:
    patterns = INTEGRATIONS[name]
    assert set(patterns) <= PATTERNS
    assert "" in patterns
    assert find_task_parameters(name) is not None
    if not name.startswith(UNKNOWN_RESULTS):
        assert find_task_result(name) is not None
    waits = [pattern for pattern in patterns if pattern.startswith("sync")]
    assert (name in jobs.JOBS) == (bool(waits) and name not in jobs.UNAUTHORIZED)
    if not name.startswith(UNKNOWN_JOBS):
        assert all(find_task_result(f"{name}.{pattern}") is not None for pattern in waits)


@pytest.mark.parametrize("prefix", sorted({*UNKNOWN_RESULTS, *UNKNOWN_JOBS}))
def test_what_is_listed_as_unknown_is_unknown(prefix: str) -> None:
    calls = [
        f"{name}.{pattern}".rstrip(".")
        for name, patterns in INTEGRATIONS.items()
        for pattern in patterns
        if name.startswith(prefix) and pattern != "waitForTaskToken"
    ]
    assert any(find_task_result(call) is None for call in calls)


@pytest.mark.parametrize(
    "table",
    [
        optimized._TAKEN, optimized._GIVEN, optimized._AS_JSON, optimized._ADDED, optimized._JOBS,
        optimized._ACTIONS, jobs.JOBS, jobs.EXTRA, jobs.RENAMED, jobs.UNAUTHORIZED,
    ],
)  # fmt: skip
def test_no_table_has_a_row_of_an_integration_that_does_not_exist(table: Collection[str]) -> None:
    assert [name for name in table if name not in INTEGRATIONS] == []
