"""The one door to moto's CloudFormation, and a lean one.

moto imports the models of every service that a template can name: API Gateway's with a validator of
OpenAPI, EC2's with all regions and instance types, half a second in all. A workflow's templates
name few of them. So the others are put off until a template has a type that is not known without
them; where moto's CloudFormation is there already, it is used as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import Any

from carnation.emulator.resources import MAKERS

_PUT_OFF = (
    *("apigateway", "autoscaling", "batch", "datapipeline", "ec2", "ecs", "efs", "elb", "elbv2"),
    *("emr", "iot", "rds", "redshift", "route53", "sagemaker", "ssm"),
)
# what CloudFormation needs in any case, imported first: it must not meet the stand-ins
_NEEDED = (
    *("awslambda", "cloudwatch", "dynamodb", "ecr", "events", "iam", "kinesis", "kms"),
    *("organizations", "s3", "sns", "sqs", "stepfunctions"),
)


class _Parameters:
    """Stands for the stores of SSM's parameters until a template asks for one."""

    def __getitem__(self, account: str) -> Any:
        import_rest()
        return parsing.ssm_backends[account]


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let the services that are put off be imported without being loaded."""
    absent = [name for name in _PUT_OFF if f"moto.{name}" not in sys.modules]
    made = {}
    for name in absent:
        package, models = ModuleType(f"moto.{name}"), ModuleType(f"moto.{name}.models")
        vars(package)["models"] = models
        made.update({package.__name__: package, models.__name__: models})
    if "ec2" in absent:
        made["moto.ec2.models.core"] = core = ModuleType("moto.ec2.models.core")
        vars(core)["TaggedEC2Resource"] = type("TaggedEC2Resource", (), {})
    if "ssm" in absent:
        vars(made["moto.ssm"])["ssm_backends"] = _Parameters()
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]


def import_rest() -> None:
    """Import what was put off, for good."""
    for name in _PUT_OFF:
        import_module(f"moto.{name}.models")
    parsing.ec2_models = import_module("moto.ec2.models")
    parsing.TaggedEC2Resource = import_module("moto.ec2.models.core").TaggedEC2Resource
    parsing.ssm_backends = import_module("moto.ssm").ssm_backends
    for name in ("get_model_list", "get_model_map", "get_name_type_map"):
        getattr(parsing, name).cache_clear()


def has_model(kind: str) -> bool:
    """Say whether moto can make a type of resource."""
    if kind not in parsing.get_model_map():
        import_rest()
    return kind in parsing.get_model_map()


def _look_first(original: Callable[[str], Any]) -> Callable[[str], Any]:
    @wraps(original)
    def find(resource_type: str) -> Any:
        if resource_type not in MAKERS and not resource_type.startswith("Custom::"):
            has_model(resource_type)
        return original(resource_type)

    return find


def _import_parsing() -> Any:
    if "moto.cloudformation" in sys.modules:
        return import_module("moto.cloudformation.parsing")
    for name in _NEEDED:
        import_module(f"moto.{name}.models")
    with _stand_ins():
        module = import_module("moto.cloudformation.parsing")
    for name in ("resource_class_from_type", "resource_name_property_from_type"):
        setattr(module, name, _look_first(getattr(module, name)))
    return module


parsing: Any = _import_parsing()
models: Any = import_module("moto.cloudformation.models")
_utils: Any = import_module("moto.cloudformation.utils")
generate_stack_id: Any = _utils.generate_stack_id
get_stack_from_s3_url: Any = _utils.get_stack_from_s3_url
CloudFormationResponse: Any = import_module("moto.cloudformation.responses").CloudFormationResponse
ValidationError: Any = import_module("moto.cloudformation.exceptions").ValidationError
