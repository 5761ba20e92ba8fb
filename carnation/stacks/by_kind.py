"""The layout by kind: one template's resources, split into a root and nested templates.

Each resource goes where its type says. A reference from one template to another becomes an output
of the one and a parameter of the other, passed on by the root; never an export, which would keep
a stack from changing as long as another one reads it.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from carnation.document import digest, keyed_path
from carnation.errors import WorkflowError
from carnation.records import field, record
from carnation.stacks.parameters import SHARED
from carnation.stacks.references import KEY_NAME, PLAIN_KEY, Swap, list_conditions, refer, rewrite
from carnation.stacks.resources import Sources
from carnation.stacks.writing import keep, pack, render_document

ROOT = "root"
MAX_RESOURCES = 450
"""What a template may hold: AWS allows 500."""

_STACKS: Mapping[str, tuple[str, str]] = {
    "sns": ("TopicStack", "The topics"),
    "sqs": ("QueueStack", "The queues"),
    "dynamodb": ("TableStack", "The tables"),
    "s3": ("BucketStack", "The buckets"),
    "files": ("FilesStack", "The files of executions"),
    "iam-role": ("RoleStack", "The IAM roles"),
    "lambda-function": ("FunctionStack", "The functions that the state machine invokes"),
    "cloudwatch": ("AlarmStack", "The alarms"),
    "trigger": ("TriggerStack", "What starts the state machine"),
}
_PLACES: Mapping[str, str] = {
    "AWS::ApiGatewayV2::": "trigger",
    "AWS::CloudWatch::": "cloudwatch",
    "AWS::DynamoDB::": "dynamodb",
    "AWS::Events::Rule": "trigger",
    "AWS::IAM::": "iam-role",
    "AWS::Lambda::": "lambda-function",
    "AWS::Lambda::EventSourceMapping": "trigger",
    "AWS::Lambda::Permission": "trigger",
    "AWS::Logs::": "lambda-function",
    "AWS::Pipes::": "trigger",
    "AWS::S3::": "s3",
    "AWS::SNS::": "sns",
    "AWS::SNS::Subscription": "trigger",
    "AWS::SQS::": "sqs",
    "AWS::Scheduler::": "trigger",
}
_OF_THE_MACHINE = {"StateMachineLogs": ROOT, "EmailSubscription": "sns"}
_REFS = {
    "AWS::DynamoDB::Table": "Name",
    "AWS::Lambda::Alias": "Arn",
    "AWS::Lambda::Version": "Arn",
    "AWS::S3::Bucket": "Name",
    "AWS::SNS::Topic": "Arn",
    "AWS::SQS::Queue": "Url",
    "AWS::StepFunctions::StateMachine": "Arn",
    "AWS::StepFunctions::StateMachineAlias": "Arn",
}
"""What `Ref` gives, where an output's name has to say it."""


@record(frozen=True)
class ByKind:
    """The layout by kind, and where a workflow departs from it.

    `places` gives the template of a logical ID, `ids` what it is called in there; `stacks` the
    logical ID and the description of a nested template's stack; `parameters` the name and the
    description of the parameter that takes an output in another template.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    stacks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    parameters: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def find_place(self, name: str, kind: str) -> str:
        """Find the template of a resource: by its logical ID, else by the longest prefix."""
        given = {**_OF_THE_MACHINE, **self.places}.get(name)
        prefixes = [prefix for prefix in _PLACES if kind.startswith(prefix)]
        return given or (_PLACES[max(prefixes, key=len)] if prefixes else ROOT)


def nested_name(name: str) -> str:
    """Name the path of a nested template below `build/<workflow>/`.

    >>> nested_name("sqs")
    'cft/nested-stacks/sqs-stack.yaml'
    """
    return f"cft/nested-stacks/{name}-stack.yaml"


def split_template(
    document: Mapping[str, Any], sources: Sources, layout: ByKind | None = None
) -> dict[str, str]:
    """Split a template's document into texts: path below `build/<workflow>/` to template.

    Raises `WorkflowError` for a template that would be too large, and for two that need each other.
    """
    split = _Split(document, layout or ByKind())
    order = sorted(split.nested, key=lambda name: "dynamodb" if name == "s3" else name)  # the store
    nested = {nested_name(name): render_document(split.make_nested(name)) for name in order}
    root = render_document(split.make_root(sources, nested))
    return {f"cft/{sources.workflow}-root-stack.yaml": root, **nested}


@record
class _Part:
    """One template: its resources, what it imports from the others, and exports to them."""

    resources: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, None] = field(default_factory=dict)
    taken: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """What it takes, by output: the template that gives it, and the value there."""
    given: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    """What its stack waits for in the root, and the template that has it."""


_Rewritten = tuple[dict[str, Any], dict[str, Any], dict[str, None], dict[str, tuple[str, Any]]]
"""A part's resources, conditions, parameters, and what it takes."""
_REWRITTEN: dict[bytes, _Rewritten] = {}


class _Split:
    """A template's document, put into parts."""

    def __init__(self, document: Mapping[str, Any], layout: ByKind) -> None:
        self.document, self.layout = document, layout
        self.stacks = {**_STACKS, **layout.stacks}
        resources = document["Resources"]
        self.places = {
            name: layout.find_place(name, resource["Type"]) for name, resource in resources.items()
        }
        present = set(self.places.values())
        self.nested = [name for name in self.stacks if name in present]
        self.parts = {name: _Part() for name in (*self.nested, ROOT)}
        kinds = {name: resource["Type"] for name, resource in resources.items()}
        self.packed = pack(
            [
                self.places, kinds, [*document["Parameters"]], document.get("Conditions"),
                dict(layout.ids), dict(layout.parameters), self.stacks,
            ]
        )  # fmt: skip
        """What each part is rewritten by, next to its own resources; None if it is not plain."""
        for name in self.parts:
            self._fill(name)
        self.outputs = rewrite(document.get("Outputs", {}), self._swap_in(ROOT))
        for part in self.parts.values():
            for output, (other, value) in part.taken.items():
                self.parts[other].given[output] = value
        self._reject_circle()

    def _fill(self, place: str) -> None:
        part = self.parts[place]
        resources = {
            self._rename(name): self._separate(place, resource)
            for name, resource in self.document["Resources"].items()
            if self.places[name] == place
        }
        if len(resources) > MAX_RESOURCES:
            raise WorkflowError(
                f"{place}: {len(resources)} resources in one template; AWS allows 500. Move "
                "a part of the workflow into a child workflow."
            )
        is_shared = place != ROOT and self.packed is not None  # each root has its own workflow
        made_of = pack([self.packed, place, resources]) if is_shared else None
        made = keep(_REWRITTEN, made_of, lambda: self._rewrite(place, resources))
        part.resources, part.conditions, part.parameters, part.taken = made

    def _rewrite(self, place: str, resources: Mapping[str, Any]) -> _Rewritten:
        part = self.parts[place]
        swap = self._swap_in(place)
        part.resources = {name: rewrite(one, swap) for name, one in resources.items()}
        part.conditions = self._choose_conditions(part)
        rewrite(part.conditions, swap)  # for the parameters they need
        return part.resources, part.conditions, part.parameters, part.taken

    def _rename(self, name: str) -> str:
        return self.layout.ids.get(name, name)

    def _separate(self, place: str, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Let the stack wait for what its resource would wait for in another template."""
        if "DependsOn" not in resource:
            return dict(resource)
        named = resource["DependsOn"]
        kept = []
        for name in [named] if isinstance(named, str) else named:
            other = self.places[name]
            if other == place:
                kept.append(self._rename(name))
            elif place == ROOT:
                kept.append(self.stacks[other][0])
            else:
                self.parts[place].after[self._stack_name(other, name)] = other
        rest = {key: value for key, value in resource.items() if key != "DependsOn"}
        return {**rest, **({"DependsOn": list(dict.fromkeys(kept))} if kept else {})}

    def _stack_name(self, place: str, resource: str) -> str:
        return resource if place == ROOT else self.stacks[place][0]

    def _swap_in(self, place: str) -> Swap:
        part = self.parts[place]

        def swap(name: str, attribute: str) -> Any:
            if name == KEY_NAME:
                return self._swap_key(place)
            if name in self.document["Parameters"]:
                part.parameters[name] = None
            other = self.places.get(name)
            if other is None:
                return None
            if other == place:
                return refer(self._rename(name), attribute) if name in self.layout.ids else None
            output = self._output_name(name, attribute)
            value = refer(self._rename(name), attribute)
            part.taken[output] = (other, value)
            if place == ROOT:
                return refer(self.stacks[other][0], f"Outputs.{output}")
            return {"Ref": self._parameter_name(output)}

        return swap

    def _swap_key(self, place: str) -> Any:
        """Return the key: the root makes or takes it, the other templates are given its ARN."""
        self.parts[place].parameters["KeyArn"] = None
        return None if place == ROOT else refer("KeyArn", "")

    def _output_name(self, name: str, attribute: str) -> str:
        kind = self.document["Resources"][name]["Type"]
        return name + re.sub(r"\W", "", attribute or _REFS.get(kind, ""))

    def _parameter_name(self, output: str) -> str:
        return self.layout.parameters.get(output, (output, ""))[0]

    def _reject_circle(self) -> None:
        """Reject templates that need each other, whose stacks no order could make."""
        ways = {
            name: {*(other for other, _ in part.taken.values()), *part.after.values()} - {ROOT}
            for name, part in self.parts.items()
            if name != ROOT
        }
        while ways:
            free = [name for name, needed in ways.items() if not needed & ways.keys()]
            if not free:
                raise WorkflowError(
                    f"layout by-kind: the templates {', '.join(ways)} need each other, so that "
                    f"no stack can be created first. Use one template: layout='one'."
                )
            for name in free:
                del ways[name]

    def make_nested(self, name: str) -> dict[str, Any]:
        """Make the document of a nested template."""
        part = self.parts[name]
        return {
            "AWSTemplateFormatVersion": self.document["AWSTemplateFormatVersion"],
            "Description": self.stacks[name][1],
            "Parameters": {known: self._describe(known) for known in self._list_parameters(part)},
            "Conditions": part.conditions,
            "Resources": part.resources,
            "Outputs": {output: {"Value": value} for output, value in part.given.items()},
        }

    def _list_parameters(self, part: _Part) -> list[str]:
        """List what a nested template takes: names, what all stacks share, its own, references."""
        named = dict.fromkeys(["ProjectName", "Environment", *part.parameters])
        named.update(dict.fromkeys(map(self._parameter_name, self._list_taken(part))))
        shared = list(SHARED)
        return sorted(named, key=lambda one: shared.index(one) if one in shared else len(shared))

    def _list_taken(self, part: _Part) -> list[str]:
        order = list(self.parts)
        return sorted(part.taken, key=lambda output: order.index(part.taken[output][0]))

    def _describe(self, parameter: str) -> dict[str, Any]:
        """Describe a nested template's parameter, which has no default."""
        own = {} if parameter == "KeyArn" else self.document["Parameters"].get(parameter, {})
        taken = dict(self.layout.parameters.values())
        words = {"Description": taken[parameter]} if taken.get(parameter) else {}
        kept = {name: own[name] for name in ("Type", "Description") if name in own}
        return {"Type": "String", **SHARED.get(parameter, {}), **words, **kept}

    def _choose_conditions(self, part: _Part) -> dict[str, Any]:
        conditions = self.document.get("Conditions", {})
        used, left = set[str](), [*part.resources.values()]
        while left:
            found = list_conditions(left) - used
            used |= found
            left = [conditions[name] for name in sorted(found)]
        return {name: value for name, value in conditions.items() if name in used}

    def make_root(self, sources: Sources, nested: Mapping[str, str]) -> dict[str, Any]:
        """Make the root's document; `nested` holds each nested template's text by path."""
        part = self.parts[ROOT]
        keys = {n: r for n, r in part.resources.items() if r["Type"].startswith("AWS::KMS::")}
        stacks = {
            self.stacks[name][0]: self._make_stack(
                name, f"{sources.workflow}/{nested_name(name)}", nested[nested_name(name)]
            )
            for name in self.nested
        }
        return {
            **self.document,
            "Conditions": part.conditions,
            "Resources": {**keys, **stacks, **part.resources},
            "Outputs": self.outputs,
        }

    def _make_stack(self, name: str, path: str, text: str) -> dict[str, Any]:
        part = self.parts[name]
        passed = [known for known in self._list_parameters(part) if known in part.parameters]
        values = {known: {"Ref": known} for known in ("ProjectName", "Environment", *passed)}
        if values.pop("KeyArn", None):
            values["KeyArn"] = PLAIN_KEY
        for output in self._list_taken(part):
            other, value = part.taken[output]
            inner = refer(self.stacks[other][0], f"Outputs.{output}") if other != ROOT else value
            values[self._parameter_name(output)] = inner
        key = keyed_path(path, digest(text))
        url = "https://${ArtifactBucket}.s3.${AWS::Region}.${AWS::URLSuffix}/" + key
        return {
            "Type": "AWS::CloudFormation::Stack",
            **({"DependsOn": list(part.after)} if part.after else {}),
            "Properties": {"TemplateURL": {"Fn::Sub": url}, "Parameters": values},
        }
