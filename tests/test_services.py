from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from carnation.services import INTEGRATIONS, find_action, list_actions

ROOT = Path(__file__).parents[1]


def test_an_action_is_found_with_what_it_needs() -> None:
    assert find_action("dynamodb", "putItem") == ("Item", "TableName")
    assert find_action("s3", "listBuckets") == ()
    assert find_action("rds", "startDBInstance") == ("DbInstanceIdentifier",)
    assert find_action("appsync", "graphql") == ()


def test_an_action_that_a_known_service_lacks_is_none() -> None:
    assert find_action("s3", "getObjekt") is None
    assert "getObject" in list_actions("s3")


def test_of_a_service_nobody_knows_every_action_is_believed() -> None:
    assert find_action("newservice", "doIt") == ()
    assert list_actions("newservice") == ()


def test_optimized_integrations_know_their_patterns() -> None:
    assert INTEGRATIONS["lambda:invoke"] == ("", "waitForTaskToken")
    assert "sync:2" in INTEGRATIONS["states:startExecution"]
    assert len(INTEGRATIONS) > 60


@pytest.mark.slow
def test_the_actions_are_those_of_botocore() -> None:
    botocore = pytest.importorskip("botocore")
    script = str(ROOT / "scripts" / "write_actions.py")
    done = subprocess.run([sys.executable, script, "--check"], check=False)
    assert done.returncode == 0, f"botocore {botocore.__version__}: run scripts/write_actions.py"
