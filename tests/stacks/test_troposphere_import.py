"""The door to troposphere, in fresh processes: what it leaves unloaded, and what it keeps."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def run(code: str) -> str:
    """Run code in a fresh interpreter at the project's root; give what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_making_the_stacks_loads_neither_yaml_nor_cfn_flip_nor_boto3() -> None:
    code = """
import sys
from carnation.artifacts import make_artifacts
from carnation.workflow import load_workflows
(workflow,) = load_workflows(".", ["carnation"])
assert len(make_artifacts(".", workflow).files) == 10
print(sorted({"yaml", "cfn_flip", "click", "boto3", "cfnlint"} & set(sys.modules)))
print("troposphere" in sys.modules)
"""
    assert run(code) == "[]\nTrue\n"


def test_troposphere_still_writes_its_own_yaml_behind_the_door() -> None:
    code = """
import sys
import carnation.stacks.troposphere_import
from troposphere import Ref, Template
from troposphere.sqs import Queue
template = Template()
template.add_resource(Queue("Q", QueueName=Ref("AWS::StackName")))
assert "cfn_flip" not in sys.modules
print(template.to_yaml())
import cfn_flip
assert cfn_flip.to_json and cfn_flip.__file__
"""
    assert "QueueName: !Ref 'AWS::StackName'" in run(code)


def test_serverless_templates_still_work_behind_the_door() -> None:
    code = """
import sys
import carnation.stacks
assert "troposphere.apigatewayv2" not in sys.modules
from troposphere import Template
from troposphere.serverless import SERVERLESS_TRANSFORM, FunctionGlobals, Globals
template = Template()
template.set_transform(SERVERLESS_TRANSFORM)
template.set_globals(Globals(Function=FunctionGlobals(Timeout=7)))
print(template.to_dict()["Globals"])
"""
    assert run(code) == "{'Function': {'Timeout': 7}}\n"


def test_a_process_that_has_cfn_flip_already_keeps_it() -> None:
    code = """
import sys
import cfn_flip
import carnation.stacks.troposphere_import
assert sys.modules["cfn_flip"] is cfn_flip
import troposphere
print(troposphere.cfn_flip is cfn_flip)
"""
    assert run(code) == "True\n"


def test_a_process_that_has_troposphere_already_keeps_its_whole_front() -> None:
    code = """
import troposphere
import carnation.stacks.troposphere_import
import sys
print(sys.modules["cfn_flip"] is troposphere.cfn_flip, troposphere.cfn_flip.__file__ is not None)
"""
    assert run(code) == "True True\n"


def test_a_stand_in_takes_a_module_s_place_until_it_is_used() -> None:
    from carnation.stacks.troposphere_import import _put_off

    sys.modules.pop("colorsys", None)
    with _put_off("colorsys"):
        stand_in = sys.modules["colorsys"]
        assert not hasattr(stand_in, "__path__")  # nothing secret: the import machinery asks so
    assert "colorsys" not in sys.modules
    assert stand_in.rgb_to_hls(0, 0, 0) == (0.0, 0.0, 0.0)
    import colorsys

    assert stand_in is not colorsys


def test_a_module_that_is_loaded_is_left_where_it_is() -> None:
    from carnation.stacks.troposphere_import import _put_off

    with _put_off("subprocess"):
        assert sys.modules["subprocess"] is subprocess
