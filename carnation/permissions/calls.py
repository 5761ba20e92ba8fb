"""What a Task needs: the call that its Resource names, in its pattern, with its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions import endpoints, models
from carnation.permissions.companions import list_companions
from carnation.permissions.objects import resolve_key
from carnation.permissions.parameters import Given, read_parameter
from carnation.permissions.passed_roles import list_passed_roles
from carnation.permissions.required import (
    Condition,
    RequiredAction,
    Target,
    read_given,
    require,
    to_arn,
)
from carnation.permissions.resource_arns import UNLISTED, find_targets, resolve_function
from carnation.permissions.tags import list_tag_needs
from carnation.permissions.variants import Variant, list_variants
from carnation.services.iam import Authorization, find_authorizations
from carnation.services.integrations import INTEGRATIONS, Integration, Job
from carnation.services.optimized import APIS, find_task_parameters
from carnation.services.task_calls import (
    FUNCTION,
    INTEGRATION,
    SUBSTITUTION,
    Resource,
    read_resource,
)

_UNKNOWN = Integration((), "")
RULE_ACTIONS = ("events:DescribeRule", "events:PutRule", "events:PutTargets")
_NAME = compile_lazily(r"(arn:.+):stateMachine:((?:\$\{[^}]*\}|[^:])+)")  # less version or alias
_EXECUTIONS = to_arn("states", "execution:*")
_FIELD = compile_lazily(r"\{(\w+)\}")
_VERSIONED = compile_lazily(r"s3:(Get|Put|Delete)Object(?=(Acl|Tagging|Attributes)?\Z)")


def list_task_needs(name: str, state: Mapping[str, Json]) -> Iterator[RequiredAction]:
    """Yield what a Task needs; with `Credentials`, only to take on the other role.

    >>> task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}
    >>> task["Parameters"] = {"TopicArn": "${Topic}", "Message": "Done"}
    >>> [(need.action, need.resource) for need in list_task_needs("Tell", task)]
    [('sns:Publish', '${Topic}')]
    """
    resource = read_resource(state.get("Resource"))
    if "Credentials" in state:
        yield _assume_role(state["Credentials"], name)
    elif resource.kind in (FUNCTION, SUBSTITUTION):
        function = Target(str(state["Resource"]))
        yield require("lambda:InvokeFunction", function, name, "invokes the function")
    elif resource.kind == INTEGRATION:  # an activity's worker needs permissions, not we
        yield from _list_call_needs(resource, read_given(state), name)


def _list_call_needs(
    resource: Resource, given: Mapping[str, Json], state: str
) -> Iterator[RequiredAction]:
    call = resource.call
    if call in _SPECIAL:
        yield from _SPECIAL[call](given, state)
    elif resource.is_sdk:
        yield from _list_sdk(resource.service, resource.action, given, state)
    elif INTEGRATIONS.get(call, _UNKNOWN).authorized:
        yield from _list_optimized(call, resource.pattern, given, state)


def _assume_role(credentials: Json, state: str) -> RequiredAction:
    """Take on a role, in any account where an execution says which.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
    """
    role = read_parameter(credentials if isinstance(credentials, Mapping) else {}, "RoleArn")
    why = "assumes the role of its Credentials, which needs what the call needs"
    if role is not None and role.pattern != "*":
        note = "" if role.text is not None else "RoleArn is worked out"
        return require("sts:AssumeRole", Target(role.pattern, note), state, why)
    anywhere = to_arn("iam", "role/*", region=False).replace("${AWS::AccountId}", "*")
    target = Target(anywhere, "RoleArn is worked out, and may be of any account")
    return require("sts:AssumeRole", target, state, why)


def _list_sdk(
    service: str, action: str, given: Mapping[str, Json], state: str
) -> Iterator[RequiredAction]:
    call = f"aws-sdk:{service}:{action}"
    if service == "bedrockruntime" and action in models.CALLS:
        yield from models.list_model_needs(action, given, state)
        return
    yield from _list_call(service, action, given, state, call)


def _list_call(
    service: str, action: str, given: Mapping[str, Json], state: str, name: str, tags: bool = False
) -> Iterator[RequiredAction]:
    """Yield what an action of the SDK needs: itself, what it passes on, what it takes beside."""
    needed = list(find_authorizations(service, action))
    why = f"calls {name}"
    call = f"{service}:{action}"
    variants = list_variants(call, given)
    for one in needed:
        for variant in variants:
            if not variant.action or one.action.endswith(f":{variant.action}"):
                yield from _authorize(one, variant, action, state, why)
    if not needed:
        unlisted = f"{service}:{action[:1].upper()}{action[1:]}"
        yield require(unlisted, Target("*", UNLISTED), state, why)
        return
    yield from list_tag_needs(call, given, needed, state, tags=tags)
    yield from list_companions(call, given, state)
    prefix = needed[0].action.partition(":")[0]
    yield from list_passed_roles(given, find_task_parameters(name), prefix, state)


def _authorize(
    needed: Authorization, variant: Variant, action: str, state: str, why: str
) -> Iterator[RequiredAction]:
    given = variant.given
    condition: Condition = ()
    name = needed.action
    if name.startswith("s3:") and read_parameter(given, "VersionId"):
        name = _VERSIONED.sub(r"s3:\1ObjectVersion", name)
    key = read_parameter(given, "KeyId")
    if name.startswith("kms:") and key and "alias/" in key.pattern:
        target, condition = resolve_key(key)
        yield require(name, target, state, why, condition)
        return
    for target in find_targets(needed, given, action):
        yield require(name, _finish(name, target, given), state, why, condition)


def _finish(name: str, target: Target, given: Mapping[str, Json]) -> Target:
    """Add what AWS compares behind the ARN that the reference gives."""
    resource = target.resource
    if name.startswith("logs:") and "Tag" not in name and ":log-group:" in resource:
        group = resource.partition(":log-group:")[2].replace("${AWS::", "")
        return target if ":" in group else target._replace(resource=f"{resource}:*")
    if ":ssm:" in resource and re.search(r":document/(AWS|Amazon)", resource):
        return target._replace(resource=resource.replace("${AWS::AccountId}", "*"))
    if ":rule/default/" in resource:
        return target._replace(resource=resource.replace(":rule/default/", ":rule/"))
    return target


def _list_optimized(
    name: str, pattern: str, given: Mapping[str, Json], state: str
) -> Iterator[RequiredAction]:
    service, _, action = name.partition(":")
    row = INTEGRATIONS.get(name, _UNKNOWN)
    api, _, method = (row.api or f"{APIS.get(service, service)}:{action}").partition(":")
    job = row.job if pattern.startswith("sync") else None
    first: RequiredAction | None = None
    tags = job is not None and job.tags
    for need in _list_call(api, method, given, state, name, tags):
        first = first or need
        yield need
    if first is None:
        return
    target = Target(first.resource, first.note)
    for extra in row.needs:
        beside = Target(to_arn("athena", "datacatalog/*")) if "DataCatalog" in extra else target
        yield require(extra, beside, state, f"calls {name}, which needs it beside")
    if job is not None:
        yield from _watch(job, first.action.partition(":")[0], target, given, state)


def _watch(
    job: Job, prefix: str, target: Target, given: Mapping[str, Json], state: str
) -> Iterator[RequiredAction]:
    watched = target
    if prefix == "states":
        found = _NAME.match(target.resource)
        execution = f"{found[1]}:execution:{found[2]}:*" if found else _EXECUTIONS
        watched = Target(execution, target.note or "" if found else "which machine is left open")
    elif job.resource == "*":
        watched = Target("*")
    elif job.resource:
        watched = _resolve_job(job.resource, prefix, given)
    for action in job.watched:
        yield require(action, watched, state, "waits for the job, and stops it when it is stopped")
    if job.rule:
        rule = Target(to_arn("events", f"rule/{job.rule}"))
        for action in RULE_ACTIONS:
            yield require(action, rule, state, "keeps the rule that tells when a job ends")


def _resolve_job(resource: str, prefix: str, given: Mapping[str, Json]) -> Target:
    """Name a job by the parameters of the call that starts it, as far as they name it."""

    def fill(found: re.Match[str]) -> str:
        part = read_parameter(given, found[1]) or Given(found[1], None)
        return part.pattern.rpartition("/")[2]

    named = _FIELD.sub(fill, resource)
    return Target(to_arn(prefix, re.sub(r"^(task/)\*/\*\Z", r"\1*", named)))


def _invoke(given: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    target = resolve_function(
        read_parameter(given, "FunctionName"), read_parameter(given, "Qualifier")
    )
    yield require("lambda:InvokeFunction", target, state, "invokes the function")


def _publish(given: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    topic = read_parameter(given, "TopicArn", "TargetArn")
    if topic is None:  # a text message is sent to a number, which is no resource
        to_number = read_parameter(given, "PhoneNumber") is not None
        target = Target("*", "" if to_number else "no topic is named")
    elif topic.pattern == "*":
        target = Target(to_arn("sns", "*"), f"{topic.name} is worked out while it runs")
    else:
        note = "" if topic.text is not None else f"{topic.name} is worked out while it runs"
        target = Target(topic.pattern, note)
    yield require("sns:Publish", target, state, "calls sns:publish")


def _invoke_model(given: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    """Yield what a model needs, with what it reads from and writes to S3.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
    """
    yield from models.list_model_needs("invokeModel", given, state)
    for end, action in (("Input", "s3:GetObject"), ("Output", "s3:PutObject")):
        inner = given.get(end)
        uri = read_parameter(inner if isinstance(inner, Mapping) else {}, "S3Uri")
        if uri is not None:
            place = Target("*", "S3Uri is worked out while it runs")
            if uri.pattern.startswith("s3://"):
                path = uri.pattern.removeprefix("s3://")
                note = "" if uri.text is not None else place.note
                place = Target(to_arn("s3", path, region=False, account=False), note)
            yield require(action, place, state, f"the model's {end.lower()} lies there")


_SPECIAL: Mapping[str, Callable[[Mapping[str, Json], str], Iterator[RequiredAction]]] = {
    "apigateway:invoke": endpoints.invoke_api,
    "aws-sdk:lambda:invoke": _invoke,
    "aws-sdk:sns:publish": _publish,
    "bedrock:invokeModel": _invoke_model,
    "http:invoke": endpoints.call_endpoint,
    "lambda:invoke": _invoke,
    "sns:publish": _publish,
}
