"""The one door to the Step Functions SDK (`stepfunctions`), and a lean one.

Importing the SDK's front loads sagemaker, pandas and pkg_resources (300 MB, 2.5 s), sets the root
logger to ERROR and patches YAML for the whole process. The state classes need none of that. So the
modules that hold them are imported under two bare package objects, which are taken away again: a
later `import stepfunctions` still gets the full SDK, with these very classes in it. Where the full
SDK is there already, its classes are used. Likewise `logging`, a tenth of a build's import, is
put off until the SDK logs something.

The SDK's steps for services ask a boto3 session for the partition of their ARN, a quarter of a
second each, and get that of the builder. Through this door they ask nobody: the partition is the
substitution `${Partition}`, also for steps that come from a full `import stepfunctions` later on.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from carnation.errors import CarnationError

_PACKAGES = ("stepfunctions", "stepfunctions.steps")
_METADATA = (".dist-info", ".egg-info")


class _PutOffLogger:
    """A logger that imports `logging` when it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module("logging").getLogger(self._name), attribute)


@contextmanager
def _put_off_logging() -> Iterator[None]:
    """Let `import logging` give a stand-in that makes such loggers, unless it is loaded already."""
    if "logging" in sys.modules:
        yield
        return
    stand_in = sys.modules["logging"] = ModuleType("logging")
    vars(stand_in)["getLogger"] = _PutOffLogger
    try:
        yield
    finally:
        del sys.modules["logging"]


def _locate_sdk() -> str:
    spec = find_spec("stepfunctions")
    if spec is None or not spec.submodule_search_locations:
        raise CarnationError(
            "building workflows requires the Step Functions SDK, which is not installed. "
            "Install it with: pip install 'carnation[sdk]' (or 'carnation[sagemaker]')"
        )
    root = next(iter(spec.submodule_search_locations))
    _reject_two_distributions(os.path.dirname(root))
    return root


def _reject_two_distributions(site_packages: str) -> None:
    """Reject an environment in which two distributions own the SDK's files: pip mixes them."""
    names = os.listdir(site_packages)
    found = {name.partition("-")[0] for name in names if name.endswith(_METADATA)}
    if found >= {"stepfunctions", "stepfunctions_without_sagemaker"}:
        raise CarnationError(
            "both 'stepfunctions' and 'stepfunctions-without-sagemaker' are installed; they own "
            "the same files, and one has overwritten the other. Keep one: pip uninstall -y "
            "stepfunctions stepfunctions-without-sagemaker && pip install 'carnation[sdk]'"
        )


@contextmanager
def _bare_packages() -> Iterator[None]:
    """Let the SDK's submodules be imported without running the fronts of its two packages."""
    missing = [name for name in _PACKAGES if name not in sys.modules]
    if missing:
        root = _locate_sdk()
        for name, path in zip(_PACKAGES, (root, f"{root}/steps"), strict=True):
            if name in missing:
                module = ModuleType(name)
                module.__path__ = [path]
                sys.modules[name] = module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # `is 'Choice'` in states.py, line 227
            yield
    finally:
        for name in missing:
            del sys.modules[name]


@contextmanager
def _without_boto3() -> Iterator[None]:
    """Let `import boto3` give an empty stand-in: what would use it is replaced."""
    before = {name: module for name, module in sys.modules.items() if name == "boto3"}
    sys.modules["boto3"] = ModuleType("boto3")
    try:
        yield
    finally:
        del sys.modules["boto3"]
        sys.modules.update(before)


def _partition_name() -> str:
    return "${Partition}"


def import_steps(name: str) -> ModuleType:
    """Import a module of the SDK's steps (`compute`, `service`) without the SDK's front."""
    with _put_off_logging(), _bare_packages():
        return import_module(f"stepfunctions.steps.{name}")


with _put_off_logging(), _bare_packages(), _without_boto3():
    sdk: Any = import_module("stepfunctions.steps.states")
    choice_rule: Any = import_module("stepfunctions.steps.choice_rule")
    inputs: Any = import_module("stepfunctions.inputs")
    for _asking in ("utils", "integration_resources"):
        vars(import_module(f"stepfunctions.steps.{_asking}"))["get_aws_partition"] = _partition_name
