"""The SDK's own steps for services: `LambdaStep`, `DynamoDBPutItemStep` and 26 more.

For definitions that were written with the SDK. They are its very classes, from `steps/compute.py`
and `steps/service.py`, without its front (sagemaker, boto3), and are in a graph beside ours. Their
ARN's partition is the substitution `${Partition}`, on every machine. New tasks are
better made with `carnation.states.integrate`, which checks their parameters.

>>> from carnation.states.steps import LambdaStep
>>> LambdaStep("Ask", wait_for_callback=True).fields["resource"]
'arn:${Partition}:states:::lambda:invoke.waitForTaskToken'
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from carnation.errors import suggest_name
from carnation.states.sdk import import_steps, sdk


@lru_cache(maxsize=1)
def _find_steps() -> dict[str, Any]:
    return {
        name: step
        for module in ("compute", "service")
        for name, step in vars(import_steps(module)).items()
        if isinstance(step, type) and issubclass(step, sdk.Task) and step is not sdk.Task
    }


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    steps = _find_steps()
    if name not in steps:
        raise AttributeError(
            f"the SDK has no step '{name}' for a service.{suggest_name(name, steps)}"
        )
    return steps[name]


def __dir__() -> list[str]:
    return sorted(_find_steps())
