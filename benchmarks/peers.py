"""The peers: what else builds, checks, or runs a state machine, each as a process to measure.

Every one is looked for in `.venv-benchmarks/`, and named where it is not installed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

Peer = tuple[str, list[str], str | None, Callable[[], None] | None, float | None, str]
"""The fields of a `Subject` of build.py."""

HERE = Path(__file__).resolve().parent
ITEMS = "2000"
_ROLE = "arn:aws:iam::123456789012:role/machine"
_FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:work"
DEFINITION = {
    "StartAt": "Work",
    "States": {
        "Work": {"Type": "Task", "Resource": _FUNCTION, "TimeoutSeconds": 60, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}


def list_peers(project: Path, comparators: Path, python: str) -> Iterator[Peer]:
    """List what builds the same workflow, what checks a definition, and what runs a large Map."""
    yield from _list_builders(project, comparators)
    yield from _list_checkers(project, comparators, python)
    yield from _list_engines(comparators, python)


def _peer(name: str, needed: Path | None, arguments: list[str], python: str | None = None) -> Peer:
    there = needed is None or needed.exists()
    missing = "" if there else "not installed; benchmarks/README.md says how"
    return name, arguments, python, None, None, missing


def _list_builders(project: Path, comparators: Path) -> Iterator[Peer]:
    cdk = comparators / "cdk_js" / "node_modules" / ".bin" / "cdk"
    cdk_python = comparators / "cdk_python" / "bin" / "python"
    synth = [str(cdk), "synth", "--quiet", "--no-notices", "--no-version-reporting", "--output"]
    javascript = [*synth, str(project / "cdk-js"), "--app", f"node {HERE / 'cdk_js' / 'app.js'}"]
    app = f"{cdk_python} {HERE / 'cdk_python' / 'app.py'}"
    sdk = comparators / "sdk" / "bin" / "python"
    plain = [str(HERE / "plain_sdk.py"), str(project / "plain-sdk")]
    sfnx = comparators / "sfnx" / "bin" / "sfnx"
    yield _peer("plain script, full SDK", sdk, plain, str(sdk))
    yield _peer("cdk synth, JavaScript", cdk, javascript)
    there = cdk_python if cdk.exists() else cdk
    yield _peer("cdk synth, Python", there, [*synth, str(project / "cdk-python"), "--app", app])
    compiled = [str(sfnx), "compile", str(HERE / "sfnx_app.py")]
    yield _peer("sfnx compile, a definition alone", sfnx, compiled)


def _list_checkers(project: Path, comparators: Path, python: str) -> Iterator[Peer]:
    """List what checks the same small definition; cfn-lint, in a template."""
    definition, template = project / "small.asl.json", project / "small.template.json"
    definition.write_text(json.dumps(DEFINITION), encoding="utf-8")
    properties = {"RoleArn": _ROLE, "Definition": DEFINITION}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    template.write_text(json.dumps({"Resources": {"Machine": machine}}), encoding="utf-8")
    cfn_lint = comparators / "cfn-lint" / "bin" / "cfn-lint"
    validator = comparators / "asl-validator" / "node_modules" / ".bin" / "asl-validator"
    statelint = comparators / "statelint" / "bin" / "statelint"
    lint = ["-m", "carnation", "lint", str(definition)]
    yield _peer("carnation lint, a small definition", None, lint, python)
    lenient = ["--non-zero-exit-code", "error", str(template)]
    yield _peer("cfn-lint, the same in a template", cfn_lint, [str(cfn_lint), *lenient])
    yield _peer("asl-validator", validator, [str(validator), "--json-path", str(definition)])
    yield _peer("statelint", statelint, [str(statelint), str(definition)])


def _list_engines(comparators: Path, python: str) -> Iterator[Peer]:
    """List what runs a Map over 2,000 items, from the start of the process to its end."""
    moto = comparators / "moto" / "bin" / "python"
    npm = comparators / "npm" / "node_modules" / "aws-local-stepfunctions"
    run = [str(HERE / "engine.py"), "--items", ITEMS, "--contender"]
    yield _peer(f"carnation's engine, a Map of {ITEMS}", None, [*run, "engine"], python)
    yield _peer("moto, the same", moto, [*run, "moto"], str(moto))
    node = [*run, "npm", "--npm", str(comparators / "npm")]
    yield _peer("aws-local-stepfunctions, the same", npm, node, python)
