"""What is rejected before templates are written: references, resources and the whole's size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.asl import walk_states
from carnation.cloudformation.substitutions import find_substitutions
from carnation.cloudformation.template import Template
from carnation.cloudformation.validation import find_reference_problems
from carnation.document import dump_json
from carnation.errors import DefinitionError, WorkflowError, suggest_name
from carnation.permissions import is_distributed
from carnation.resources.application import Application
from carnation.resources.grants import list_given
from carnation.resources.references import Reference, find_references
from carnation.resources.resource import Resource
from carnation.resources.triggers import QueueSource
from carnation.services.task_calls import ACTIVITY, read_resource
from carnation.stacks.references import rewrite
from carnation.stacks.rendering import Rendering, list_names
from carnation.stacks.resources import Sources
from carnation.stacks.snippets import make_plain

MAX_RESOURCES = 450
MAX_BYTES = 900_000
_GIVEN = ("Partition",)
_EXPRESS_SECONDS = 300


def check_application(rendering: Rendering) -> None:
    """Raise where a workflow's definition, resources and triggers do not fit each other."""
    _reject_unknown_references(rendering)
    _reject_unknown_states(rendering)
    _reject_unused(rendering)
    _reject_early_return(rendering)
    if rendering.application.type == "EXPRESS":
        _reject_standard_only(rendering.application, rendering.sources)


def _reject_unknown_references(rendering: Rendering) -> None:
    known = rendering.references
    for place in walk_states(rendering.sources.definition):
        own = {k: v for k, v in place.body.items() if k not in ("ItemProcessor", "Branches")}
        for key in find_substitutions(own):
            if key not in known and key not in _GIVEN:
                raise DefinitionError(_format_unknown(rendering, place.name, own, key))
        for text in _list_texts(own):
            if isinstance(text, Reference) and text.resource != known[text.key].resource:
                one, other = text.resource, known[text.key].resource
                raise DefinitionError(
                    f"{_format_state(rendering, place.name)} uses {one!r} ({one.line}), and "
                    f"'{rendering.application.workflow}' lists another {other!r} ({other.line}). "
                    "Use one of them in both places, or rename one."
                )


def _format_state(rendering: Rendering, state: str) -> str:
    source = rendering.sources.find_source(state)
    return f"state '{state}'" + (f" ({source})" if source else "")


def _reject_unknown_states(rendering: Rendering) -> None:
    """Raise for a grant that is for a state which the definition does not have."""
    names = [place.name for place in walk_states(rendering.sources.definition)]
    for grant in rendering.application.uses:
        for state in grant.states:
            if state not in names:
                raise DefinitionError(
                    f"workflow '{rendering.application.workflow}': uses= grants "
                    f"{', '.join(grant.actions)} for state '{state}', which does not exist."
                    f"{suggest_name(state, names)}"
                )


def _format_unknown(rendering: Rendering, state: str, body: Any, key: str) -> str:
    known = [*rendering.references, *_GIVEN]
    where = _format_state(rendering, state)
    workflow = rendering.application.workflow
    hint = suggest_name(key, known)
    unlisted = [one.resource for one in _list_texts(body)
                if isinstance(one, Reference) and one.key == key]  # fmt: skip
    if unlisted:
        hint = f" {unlisted[0]!r} ({unlisted[0].line}) provides it."
    listed = rendering.application.resources or rendering.application.triggers
    other = "" if listed else ', or, if another tool deploys it, use Workflow(stacks="none")'
    return (
        f"{where} uses ${{{key}}}, which no resource of '{workflow}' provides.{hint} Provided: "
        f"{list_names(known)}. List the resource in Workflow(resources=[…]){other}."
    )


def _list_texts(value: Any) -> Iterator[str]:
    waiting = [value]
    for one in waiting:  # grows while we walk
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, (list, tuple)):
            waiting.extend(one)


def _reject_unused(rendering: Rendering) -> None:
    """Raise for a resource that no state, function or trigger uses: it would be made in vain."""
    application = rendering.application
    used = set(find_substitutions(rendering.sources.definition))
    needed, named = _list_needed(application), _list_named(application)
    for resource in application.resources:
        keys = {one.key for one in resource.list_references()}
        if keys & used or resource in needed or resource.resource_id in named:
            continue
        if type(resource).__name__ in ("Raw", "Child"):
            continue
        if not resource.unused_because and not keys & _list_texts_of(application):
            first = resource.refer(resource.first_field) if resource.first_field else ""
            raise WorkflowError(
                f"{resource!r} ({resource.line}) of '{application.workflow}' is used by no state, "
                f"function or trigger. Use it ({first}), or remove it from resources=[…]; if "
                f"another application uses it, set unused_because='…'."
            )


def _list_needed(application: Application) -> list[Resource]:
    found: list[Resource] = []
    for trigger in application.triggers:
        found += trigger.list_resources()
    for resource in application.resources:
        found += [one for one in _list_origins(resource) if isinstance(one, Resource)]
        found += list_given(getattr(resource, "uses", ()))
        found += [one for one in getattr(resource, "subscribers", ()) if isinstance(one, Resource)]
        found += [one for name in ("secret", "bus")
                  if isinstance(one := getattr(resource, name, None), Resource)]  # fmt: skip
    if application.alarms and application.alarms.topic:
        found.append(application.alarms.topic)
    if application.key and isinstance(application.key.given, Resource):
        found.append(application.key.given)
    return [*found, *list_given(application.uses)]


def _list_origins(resource: Resource) -> list[object]:
    """List what says where an existing resource is: texts, and parameters."""
    return resource.origin.list_given() if resource.origin else []


def _list_texts_of(application: Application) -> set[str]:
    """List the references in environments, endpoints, grants and properties."""
    texts = [text for grant in application.uses for text in grant.resources]
    for resource in (*application.resources, *application.triggers):
        texts += getattr(resource, "environment", {}).values()
        texts += [text for grant in getattr(resource, "uses", ()) for text in grant.resources]
        texts += [str(getattr(resource, "endpoint", "")), *_list_texts(_read_body(resource))]
        more = (*getattr(resource, "emails", ()), *_list_origins(resource))
        texts += [one for one in more if isinstance(one, str)]
    return {key for text in texts for key in find_references(text)}


def _list_named(application: Application) -> set[str]:
    """List the logical IDs and parameters that properties name themselves, as by `Ref`."""
    found: set[str] = set()
    for one in (*application.resources, *application.triggers):
        rewrite(_read_body(one), lambda name, _: found.add(name))
    return found


def _read_body(resource: Resource) -> Any:
    """Return what a resource says in CloudFormation's own words."""
    return make_plain([resource.properties, getattr(resource, "resource", None)])


def _reject_early_return(rendering: Rendering) -> None:
    """Raise for a queue that shows a message again while its Express execution still runs."""
    application = rendering.application
    if application.type != "EXPRESS":
        return
    seconds = rendering.sources.definition.get("TimeoutSeconds", _EXPRESS_SECONDS)
    for trigger in application.triggers:
        queue = trigger.queue if isinstance(trigger, QueueSource) else None
        if queue is None or queue.is_existing or queue.visibility_seconds >= seconds:
            continue
        raise WorkflowError(
            f"{trigger!r} ({trigger.line}) of '{application.workflow}' waits for executions of up "
            f"to {seconds} seconds, and {queue!r} ({queue.line}) delivers a message again after "
            f"{queue.visibility_seconds}. Let visibility_seconds be {seconds} or more, or lower "
            "the workflow's timeout_seconds."
        )


def _reject_standard_only(application: Application, sources: Sources) -> None:
    """Raise for what an Express workflow cannot hold.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    """
    seconds = sources.definition.get("TimeoutSeconds")
    if isinstance(seconds, int) and seconds > _EXPRESS_SECONDS:
        raise DefinitionError(
            f"workflow '{application.workflow}': timeout_seconds is {seconds}, and an Express "
            f"workflow runs for {_EXPRESS_SECONDS} seconds at most. Lower it, or use "
            "type='STANDARD'."
        )
    activities = [str(one.refer("arn")) for one in application.resources
                  if type(one).__name__ == "Activity"]  # fmt: skip
    for place in walk_states(sources.definition):
        resource = read_resource(place.body.get("Resource"))
        is_activity = resource.kind == ACTIVITY or place.body.get("Resource") in activities
        found = (
            f".{resource.pattern}" if resource.pattern
            else "a distributed Map" if is_distributed(place.body)
            else "an activity" if is_activity else ""
        )  # fmt: skip
        if found:
            source = sources.find_source(place.name)
            where = f" ({source})" if source else ""
            raise DefinitionError(
                f"state '{place.name}'{where} has {found}, which an Express workflow cannot hold. "
                f"Use type='STANDARD' for '{application.workflow}'."
            )


def check_template(application: Application, document: Any) -> None:
    """Raise `WorkflowError` for a reference to nothing, and for a template that is too large."""
    owner = f"the template of '{application.workflow}'"
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise WorkflowError(
            f"{owner}: change= returned {document!r:.60}; expected a template, or None if it "
            f"changes its argument."
        )
    for problem in find_reference_problems(Template(document)):
        raise WorkflowError(f"{owner}: {problem}")
    _reject_left_over(application, document["Resources"])
    resources, size = document["Resources"], len(dump_json(document).encode())
    if application.layout == "one" and (len(resources) > MAX_RESOURCES or size > MAX_BYTES):
        raise WorkflowError(
            f"{owner} has {len(resources)} resources and {size:,} bytes; CloudFormation allows 500 "
            "and 1,000,000. Use layout='by-kind'."
        )


def _reject_left_over(application: Application, resources: Mapping[str, Any]) -> None:
    """Raise for a reference in a plain text, which CloudFormation would take as it is written."""
    known = application.list_references()
    for name, resource in resources.items():
        body = resource.get("Properties") if isinstance(resource, Mapping) else None
        for text in _list_texts(_without_subs(body)):
            for key in find_references(text):
                if key in known:
                    raise WorkflowError(
                        f"the template of '{application.workflow}': {name} has the text "
                        f"{text!r:.80}, in which CloudFormation substitutes nothing. Write "
                        "{'Fn::Sub': …} around it."
                    )


def _without_subs(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_subs(one) for name, one in value.items() if name != "Fn::Sub"}
    if isinstance(value, (list, tuple)):
        return [_without_subs(one) for one in value]
    return value
