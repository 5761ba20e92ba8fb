"""Each way to install works in an empty environment: `pytest -m exhaustive` runs this file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.install import TARGETS, WAYS, Cost, measure
from tests.test_packaging import read_setup


def test_each_way_is_an_extra_and_each_target_is_a_way() -> None:
    extras = set(read_setup()["options.extras_require"])
    assert {extra for way in WAYS for extra in way.split(",")} <= {*extras, "base"}
    assert TARGETS.keys() <= WAYS.keys()
    assert Cost("base", 41, 1).is_too_much
    assert not Cost("base", 39, 1).is_too_much


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", WAYS)
def test_a_way_to_install_works_in_an_empty_environment(tmp_path: Path, way: str) -> None:
    index = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "six"]
    if subprocess.run(
        [*index, "--dest", str(tmp_path)], check=False, capture_output=True
    ).returncode:
        pytest.skip("no package index answers here")
    cost = measure(way, tmp_path)
    print(cost)  # -rP shows it: the figures of docs/install.md
    assert not cost.is_too_much
