"""Hash seeds: the commands print the same bytes under each of them (`build` in test_build)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.depth import every
from tests.rule_cases import REFUSALS, RISKS

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from carnation.__main__ import main
for command in sys.argv[1:]:
    print(command, main(command.split()), flush=True)
"""
UNKNOWN = [f"{first}{last}" for first in "abcdefgh" for last in "uvwxyz"]
RULE = {"Variable": "$.a", "IsNull": True, "IsString": True, "NumericEquals": 1}
CROWDED = {
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Task", "Next": "B", "Resource": "arn:aws:states:::aws-sdk:rds:startDBInstance",
            **dict.fromkeys(UNKNOWN, 1),
            "Arguments": "{% 1 %}", "Output": "{% $x + %}", "Items": [],
            "Parameters": {"DBInstanceIdentifier": "a", "DBINSTANCEIDENTIFIER": "b", "x.$": "$..."},
            "InputPath": "$.[", "OutputPath": "a", "ResultPath": "b",
            "ResultSelector": {"y.$": "c"},
            "Retry": [{"ErrorEquals": ["States.DataLimitExceeded", "States.Runtime", "X", "X"]}],
        },
        "B": {
            "Type": "Choice", "Default": "C",
            "Choices": [
                {"And": [RULE, {**RULE, "IsNull": False, "IsString": False, "NumericEquals": 2}],
                 "Next": "C"},
                {"Not": {"Variable": "$.a", "IsNull": True, **dict.fromkeys(UNKNOWN, 1)},
                 "Next": "C"},
            ],
        },
        "C": {"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "Timestamp": "x", "End": True},
    },
}  # fmt: skip
"""A definition with many mistakes of a kind in one place."""


def run_under_seed(folder: Path, seed: int, commands: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *commands], cwd=folder, capture_output=True, text=True,
        env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def lay_cases(folder: Path, stride: int) -> None:
    """Write what keeps and what breaks each rule, and the crowded definition."""
    for side in ("old", "new"):
        (folder / side).mkdir()
    for index, case in enumerate([*REFUSALS, *RISKS][::stride]):
        for side, definition in (("old", case.kept), ("new", case.broken)):
            path = folder / side / f"{index:03}.asl.json"
            path.write_text(json.dumps(definition), encoding="utf-8")
    (folder / "new" / "crowded.asl.json").write_text(json.dumps(CROWDED), encoding="utf-8")


@every(29)
def test_lint_diff_and_estimate_print_the_same_under_any_hash_seed(
    tmp_path: Path, stride: int
) -> None:
    lay_cases(tmp_path, stride)
    built = sorted(ROOT.glob("build/*/code/state-machine/*.asl.json"))[:: -(-stride // 5)]
    assert built
    commands = [
        "lint new --notes", "lint new --format json", "lint new --diff", "diff old new",
        "diff old new --format json", "estimate old/000.asl.json --items 1,7 --format json",
        *(f"estimate {path} --items 10,1000 --format json" for path in built),
    ]  # fmt: skip
    first, *others = [run_under_seed(tmp_path, seed, commands) for seed in (1, 2, 3)]
    assert all(f"\n{command} " in first for command in commands)
    assert others == [first, first]
