"""The stacks of any workflow: one template, rendered from its resources and its definition.

Renderers are loaded by kind, so that a build pays for the kinds of resources that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from troposphere import Output, Ref, Sub

import carnation.stacks.troposphere_import  # noqa: F401  (before all that uses it)
from carnation.cloudformation.substitutions import find_substitutions
from carnation.resources.application import Application
from carnation.resources.resource import Resource
from carnation.stacks.checks import check_application, check_template
from carnation.stacks.parameters import add_conditions, open_template
from carnation.stacks.policies import list_machine_statements
from carnation.stacks.rendering import Rendering
from carnation.stacks.resources import Sources
from carnation.stacks.roles import add_role, state_machine_arns, trust
from carnation.stacks.snippets import render_rule, to_arn
from carnation.stacks.stack import add_machine_version, add_state_machine
from carnation.stacks.versions import describe_parameters
from carnation.stacks.writing import list_sections, render_document

_RENDERERS: Mapping[str, tuple[str, str]] = {
    "Activity": ("others", "render_activity"),
    "Bucket": ("buckets", "render_bucket"),
    "Bus": ("others", "render_bus"),
    "Connection": ("others", "render_connection"),
    "Function": ("functions", "render_function"),
    "Queue": ("queues", "render_queue"),
    "Raw": ("others", "render_raw"),
    "Secret": ("others", "render_secret"),
    "Table": ("tables", "render_table"),
    "Topic": ("topics", "render_topic"),
}
"""The module and the function that renders each kind; what is not listed makes nothing."""

_UNBOUND_MACHINE = (
    ("CKV_AWS_111", "The actions of X-Ray and of log delivery know no resources, only *"),
)


def render_application(application: Application, sources: Sources) -> dict[str, str]:
    """Render the templates of a workflow: path below `build/<workflow>/` to text.

    Raises `DefinitionError` where definition and resources do not fit each other, and
    `WorkflowError` for what AWS would reject in the whole.
    """
    document = make_document(application, sources)
    path = f"cft/{sources.workflow}-root-stack.yaml"
    if application.change is not None:
        changed = application.change(path, document)
        document = document if changed is None else changed
    check_template(application, document)
    describe_parameters(document)
    if application.layout == "by-kind":
        from carnation.stacks.by_kind import split_template

        return split_template(document, sources)
    return {path: render_document(document)}


def make_document(application: Application, sources: Sources) -> dict[str, Any]:
    """Make the one template of a workflow, as a plain document."""
    template = open_template(sources.workflow, *_list_parameters(application))
    rendering = Rendering(application, sources, template)
    check_application(rendering)
    add_conditions(template, *_list_conditions(application))
    if application.key and application.key.given is None:
        folders, senders = _list_log_folders(application), _list_senders(application)
        _call("key", "add_key", template, "MakesKey", folders, senders)
    if application.alarms and application.alarms.topic is None:
        _call("topics", "add_alarm_topic", template, key=rendering.key)
    for resource in application.resources:
        _render(rendering, resource)
    _add_machine(rendering)
    if application.dashboard:
        _call("dashboard", "add_dashboard", rendering)
    if application.triggers:
        _call("all_triggers", "add_triggers", rendering)
    _add_outputs(rendering)
    return list_sections(template)


def _list_log_folders(application: Application) -> list[str]:
    """List where the log groups are that the key encrypts."""
    from carnation.stacks.key import LOG_FOLDERS

    apis = any(type(one).__name__ == "HttpApi" for one in application.triggers)
    return [*LOG_FOLDERS, *(["vendedlogs/apigateway"] if apis else [])]


def _list_senders(application: Application) -> dict[str, list[Any]]:
    """List the services that send to encrypted queues without a role, and what they send for."""
    rules = [to_arn("events", f"rule/{render_rule(one)}") for one in application.triggers
             if type(one).__name__ in ("EventRule", "Upload")]  # fmt: skip
    topics = [Sub(one.full_arn if one.named else one.arn_of("*")) for one in application.resources
              if any(hasattr(who, "url") for who in getattr(one, "subscribers", ()))]  # fmt: skip
    found = {"events": rules, "sns": topics}
    return {service: sources for service, sources in found.items() if sources}


def _call(module: str, function: str, *given: Any, **named: Any) -> Any:
    """Call a renderer, whose kinds of troposphere are imported now and not before."""
    found: Callable[..., Any] = getattr(import_module(f"carnation.stacks.{module}"), function)
    return found(*given, **named)


def _render(rendering: Rendering, resource: Resource) -> None:
    renderer = _RENDERERS.get(type(resource).__name__)
    if renderer and not resource.is_existing:
        _call(*renderer, rendering, resource)


def _list_parameters(
    application: Application,
) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """List the parameters by group, and the properties of the workflow's own."""
    tables = any(type(one).__name__ == "Table" and one.keep and not one.is_existing
                 for one in application.resources)  # fmt: skip
    own = {one.resource_id: _describe(one) for one in application.parameters}
    made = application.alarms is not None and application.alarms.topic is None
    groups = {
        "Names": ["ProjectName", "Environment", "ArtifactBucket"],
        "Work": [*own, "DeploymentType"],
        "Safety": [
            *(["KeyArn"] if application.key and application.key.given is None else []),
            *(["DeletionProtection"] if tables else []),
            "PermissionsBoundaryArn",
        ],
        "Watching": [*(["AlarmEmail"] if made else []), "LogRetentionDays"],
    }
    return groups, own


def _describe(parameter: Any) -> dict[str, Any]:
    given = {"Description": parameter.description, "Default": parameter.default}
    given = {**given, **parameter.properties}
    return {name: value for name, value in given.items() if value not in ("", None)}


def _list_conditions(application: Application) -> list[str]:
    made = application.alarms is not None and application.alarms.topic is None
    return [
        *(["MakesKey"] if application.key and application.key.given is None else []),
        "HasBoundary",
        *(["HasEmail"] if made else []),
        "MovesGradually",
    ]


def _add_machine(rendering: Rendering) -> None:
    application, sources = rendering.application, rendering.sources
    statements = list_machine_statements(rendering)
    _add_machine_role(rendering, statements)
    options = application.machine
    express = application.type == "EXPRESS"
    machine = add_state_machine(
        rendering.template,
        sources,
        {name: _substitute(rendering, name) for name in find_substitutions(sources.definition)},
        role_arn=rendering.role_arn("StateMachineRole", "state-machine"),
        kind=application.type,
        key=rendering.key,
        log_level=options.log_level or ("ALL" if express else "ERROR"),
        log_data=options.log_data,
        tracing=options.tracing,
    )
    undoing = _add_alarms(rendering)
    from carnation.stacks.watching import alarm_name

    add_machine_version(
        rendering.template, machine, [alarm_name(title) for title in undoing],
        after=[f"{title}Alarm" for title in undoing], alias=options.alias,
    )  # fmt: skip


def _add_machine_role(rendering: Rendering, statements: list[dict[str, Any]]) -> None:
    sources = state_machine_arns(rendering.sources.definition)
    add_role(
        rendering.template, "StateMachineRole", rendering.role_name("state-machine"),
        trust("states", *sources), statements, _UNBOUND_MACHINE,
    )  # fmt: skip


def _substitute(rendering: Rendering, name: str) -> Any:
    if name == "Partition":
        return Ref("AWS::Partition")
    return rendering.value(rendering.references[name])


def _add_alarms(rendering: Rendering) -> list[str]:
    alarms = rendering.application.alarms
    if alarms is None:
        return []
    undelivered = any(one.uses_undelivered for one in rendering.application.triggers)
    found: list[str] = _call("watching", "add_alarms", rendering, alarms, undelivered=undelivered)
    return found


def _add_outputs(rendering: Rendering) -> None:
    application, template = rendering.application, rendering.template
    outputs = {
        "StateMachineArn": Ref("StateMachine"),
        "StateMachineVersionArn": Ref("StateMachineVersion"),
        "StateMachineAliasArn": Ref("StateMachineAlias"),
    }
    for resource in (*application.resources, *application.triggers):
        if resource.first_field and type(resource).__name__ not in ("Child", "Parameter"):
            reference = resource.refer(resource.first_field)
            outputs[reference.key] = rendering.value(reference)
    if "Topic" in template.resources:
        outputs["TopicArn"] = Ref("Topic")
    if rendering.key is not None:
        outputs["KeyArn"] = rendering.key
    for name, value in outputs.items():
        template.add_output(Output(name, Value=value))
