"""Parameters and conditions of templates: what every workflow's stacks have alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Equals, Not, Parameter, Ref, Template

from carnation.errors import WorkflowError

Properties = Mapping[str, Any]

_LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
             2922, 3288, 3653]  # fmt: skip
SHARED: Mapping[str, Properties] = {
    "ProjectName": {
        "Description": "First part of the name of every resource",
        "AllowedPattern": "[a-z][a-z0-9-]{0,22}",
        "ConstraintDescription": "up to 23 small letters, digits and hyphens, a letter first",
    },
    "Environment": {
        "Description": "Second part of the name of every resource: dev, test, prod",
        "AllowedPattern": "[a-z][a-z0-9]{0,9}",
        "ConstraintDescription": "up to 10 small letters and digits, a letter first",
    },
    "ArtifactBucket": {"Description": "The bucket of the uploaded artifacts"},
    "KeyArn": {"Description": "The ARN of the customer managed key that encrypts every resource"},
    "TopicArn": {"Description": "The topic that alarms publish to"},
    "LogRetentionDays": {"Description": "Days that logs are retained", "Type": "Number"},
    "PermissionsBoundaryArn": {
        "Description": "The ARN of the permissions boundary of every role; empty: none"
    },
    "DeletionProtection": {
        "Description": "Whether tables have deletion protection",
        "AllowedValues": ["true", "false"],
    },
    "AlarmEmail": {"Description": "Email address that alarms notify; empty: none"},
}
"""What templates describe alike, in the order in which nested ones take it."""
_ROOT: Mapping[str, Properties] = {
    "Environment": {"Default": "dev"},
    "ArtifactBucket": {
        "AllowedPattern": "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "ConstraintDescription": "the name of a bucket in this region",
    },
    "DeploymentType": {
        "Description": "How the alias shifts traffic to a new version",
        "Default": "ALL_AT_ONCE",
        "AllowedValues": ["ALL_AT_ONCE", "CANARY", "LINEAR"],
    },
    "KeyArn": {
        "Description": "The ARN of a customer managed key; empty: the stack creates one",
        "Default": "",
        "AllowedPattern": "(arn:[a-z-]+:kms:.+:key/.+)?",
        "ConstraintDescription": "the ARN of a key, not of an alias",
    },
    "DeletionProtection": {"Default": "true"},
    "PermissionsBoundaryArn": {
        "Default": "",
        "AllowedPattern": "(arn:[a-z-]+:iam::.+:policy/.+)?",
        "ConstraintDescription": "the ARN of a managed policy",
    },
    "AlarmEmail": {
        "Default": "",
        "AllowedPattern": r"([^@\s]+@[^@\s]+)?",
        "ConstraintDescription": "an address, as in who@example.com",
    },
    "LogRetentionDays": {"Default": 30, "AllowedValues": _LOG_DAYS},
}
_CONDITIONS: Mapping[str, Any] = {
    "MakesKey": Equals(Ref("KeyArn"), ""),
    "HasBoundary": Not(Equals(Ref("PermissionsBoundaryArn"), "")),
    "HasEmail": Not(Equals(Ref("AlarmEmail"), "")),
    "HasSchedule": Not(Equals(Ref("Schedule"), "")),
    "MovesGradually": Not(Equals(Ref("DeploymentType"), "ALL_AT_ONCE")),
}


class _WholeTemplate(Template):  # type: ignore[misc]
    """A workflow's resources, before they are split: as many as there are, each named once."""

    def add_resource(self, resource: Any) -> Any:
        """Add a resource; raise `WorkflowError` where its logical ID is taken."""
        self.put(resource.title, resource)
        return resource

    def put(self, name: str, resource: Any) -> None:
        """Put a resource, or a plain document, under a logical ID that nothing has."""
        for what, taken in (("resources", self.resources), ("parameters", self.parameters)):
            if name in taken:
                raise WorkflowError(
                    f"one of the {what} of the template is already named '{name}'. Use another "
                    f"id, or logical_id=, for one of the two."
                )
        self.resources[name] = resource


def open_template(
    workflow: str, groups: Mapping[str, Sequence[str]], own: Mapping[str, Properties]
) -> Template:
    """Begin a workflow's template: parameters by group, described, with their defaults."""
    template = _WholeTemplate(Description=f"{workflow}: the root stack")
    template.set_version("2010-09-09")
    project = {"ProjectName": {"Default": workflow[:23].rstrip("-")}}
    for names in groups.values():
        for name in names:
            layers = (SHARED, _ROOT, project, own)
            add_parameter(
                template, name, {k: v for layer in layers for k, v in layer.get(name, {}).items()}
            )
    shown = [
        {"Label": {"default": label}, "Parameters": list(names)} for label, names in groups.items()
    ]
    template.set_metadata({"AWS::CloudFormation::Interface": {"ParameterGroups": shown}})
    return template


def add_parameter(template: Template, name: str, properties: Properties) -> None:
    """Add a parameter, a text unless its properties say otherwise."""
    template.add_parameter(Parameter(name, **{"Type": "String", **properties}))


def add_conditions(template: Template, *names: str) -> None:
    """Add some of the conditions that stacks have alike, in the order given."""
    for name in names:
        template.add_condition(name, _CONDITIONS[name])
