"""What a Task needs: the call that its Resource names, in its pattern, with its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from carnation.permissions.jobs import (
    EXTRA,
    JOBS,
    PASSED_AS,
    PASSED_TO,
    RENAMED,
    RULE_ACTIONS,
    UNAUTHORIZED,
    Job,
)
from carnation.permissions.required import (
    Condition,
    Need,
    Target,
    name_arn,
    read_given,
    require,
    when,
)
from carnation.permissions.resource_arns import (
    UNLISTED,
    find_targets,
    name_function,
    read_parameter,
)
from carnation.services.iam import find_authorizations
from carnation.services.optimized import APIS

_TRANSACTION = {
    "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem", "Get": "GetItem",
}  # fmt: skip
_FUNCTION = re.compile(r"arn:(?:[^:$]*|\$\{[^}]*\}):lambda:")
_SUBSTITUTION = re.compile(r"\$\{[^{}]+\}\Z")
_PASSED = re.compile(
    r"(?:^Role|RoleArn|RoleARN|ServiceRole|ServiceRoleOverride|FlowRole|ScalingRole)\Z"
)
_NAME = re.compile(r"(arn:.+):stateMachine:((?:\$\{[^}]*\}|[^:])+)")  # less version or alias
_EXECUTIONS = name_arn("states", "execution:*")
_MACHINE = name_arn("states", "stateMachine:${StateMachineName}")


def list_task_needs(name: str, state: Mapping[str, Any]) -> Iterator[Need]:
    """Yield what a Task needs; with `Credentials`, only to take on the other role.

    >>> task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}
    >>> task["Parameters"] = {"TopicArn": "${Topic}", "Message": "Done"}
    >>> [(need.action, need.resource) for need in list_task_needs("Tell", task)]
    [('sns:Publish', '${Topic}')]
    """
    resource = state.get("Resource")
    if not isinstance(resource, str):
        return
    if "Credentials" in state:
        yield _take_on(state["Credentials"], name)
        return
    if _FUNCTION.match(resource) or _SUBSTITUTION.match(resource):
        yield require("lambda:InvokeFunction", Target(resource), name, "invokes the function")
        return
    call = resource.partition(":states:")[2].partition(":")[2].partition(":")[2]
    name_of, _, pattern = call.partition(".")
    service, _, action = name_of.rpartition(":")
    if not service or service == "activity":  # an activity's worker needs permissions, not we
        return
    given = read_given(state)
    if service.startswith("aws-sdk:"):
        yield from _list_sdk(service.removeprefix("aws-sdk:"), action, given, name)
    elif name_of in _SPECIAL:
        yield from _SPECIAL[name_of](given, name)
    elif name_of not in UNAUTHORIZED:
        yield from _list_optimized(service, action, pattern, given, name)


def _take_on(credentials: Any, state: str) -> Need:
    role = read_parameter(credentials if isinstance(credentials, Mapping) else {}, "RoleArn")
    why = "takes on the role of its Credentials, which needs what the call needs"
    if role is None or role.text is None:
        target = Target(name_arn("iam", "role/*", region=False), "RoleArn is worked out")
        return require("sts:AssumeRole", target, state, why)
    return require("sts:AssumeRole", Target(role.text), state, why)


def _list_sdk(service: str, action: str, given: Mapping[str, Any], state: str) -> Iterator[Need]:
    why = f"calls aws-sdk:{service}:{action}"
    if (service, action) in _SPECIAL_SDK:
        yield from _SPECIAL_SDK[service, action](given, state)
        return
    parts = list(_read_transaction(given)) if action.startswith("transact") else []
    needed = find_authorizations(service, action)
    for one in needed:
        for kind, inner in parts or [("", given)]:
            if not kind or one.action.endswith(f":{kind}"):
                for target in find_targets(one, inner):
                    yield require(one.action, target, state, why)
    if not needed:
        name = f"{service}:{action[:1].upper()}{action[1:]}"
        yield require(name, Target("*", UNLISTED), state, why)
    prefix = needed[0].action.partition(":")[0] if needed else ""
    if prefix not in ("iam", "sts"):  # which only speak about roles
        yield from _pass_roles(given, prefix, state)


def _read_transaction(given: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the parts of a DynamoDB transaction, each with the action that it is."""
    items = given.get("TransactItems")
    for item in items if isinstance(items, list) else ():
        for kind, inner in item.items() if isinstance(item, Mapping) else ():
            if kind in _TRANSACTION and isinstance(inner, Mapping):
                yield _TRANSACTION[kind], inner


def _list_optimized(
    service: str, action: str, pattern: str, given: Mapping[str, Any], state: str
) -> Iterator[Need]:
    name = f"{service}:{action}"
    api, _, method = RENAMED.get(name, f"{APIS.get(service, service)}:{action}").partition(":")
    why = f"calls {name}"
    target = Target("*")
    prefix = service
    for one in find_authorizations(api.replace("-", ""), method):
        prefix = one.action.partition(":")[0]
        for target in find_targets(one, _name_parameters(name, given)):
            yield require(one.action, target, state, why)
    for extra in EXTRA.get(name, ()):
        yield require(extra, _find_beside(extra, target), state, f"{why}, which needs it beside")
    yield from _pass_roles(given, prefix, state)
    if name == "ecs:runTask":
        yield _pass_task_roles(state)
    if pattern.startswith("sync") and name in JOBS:
        yield from _watch(JOBS[name], prefix, target, state)


def _name_parameters(name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lift what names the target out of lists, and name what AWS takes where nothing is given."""
    if name == "events:putEvents":
        entries = given.get("Entries")
        first = entries[0] if isinstance(entries, list) and entries else None
        if not isinstance(first, Mapping):
            return {"EventBusName.$": ""}
        return {"EventBusName": "default", **first}
    if name == "athena:startQueryExecution":
        return {"WorkGroup": "primary", **given}
    return given


def _find_beside(action: str, target: Target) -> Target:
    if action == "athena:GetDataCatalog":
        return Target(name_arn("athena", "datacatalog/*"))
    return target


def _pass_roles(given: Any, prefix: str, state: str) -> Iterator[Need]:
    """Yield the roles that a call passes on, wherever in its parameters they stand."""
    waiting = [given]
    for value in waiting:  # grows while we walk
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, Mapping):
            for key in value:
                plain = key.removesuffix(".$")
                if _PASSED.search(plain):
                    yield _pass_role(value, plain, prefix, state)
            waiting.extend(value.values())


def _pass_role(given: Mapping[str, Any], key: str, prefix: str, state: str) -> Need:
    role = read_parameter(given, key)
    condition = _passed_to(PASSED_AS.get(key, prefix))
    if role is None or role.text is None:
        target = Target(name_arn("iam", "role/*", region=False), f"{key} is worked out")
    elif role.text.startswith(("arn:", "${")):
        target = Target(role.text)
    else:
        target = Target(name_arn("iam", f"role/{role.text}", region=False))
    why = f"passes the {key} on"
    return require("iam:PassRole", target, state, why, condition)


def _passed_to(prefix: str) -> Condition:
    service = PASSED_TO.get(prefix)
    return when("StringEquals", "iam:PassedToService", service) if service else ()


def _pass_task_roles(state: str) -> Need:
    target = Target(
        name_arn("iam", "role/*", region=False), "the task definition names the roles, not this one"
    )
    why = "passes the roles of the task definition on"
    return require("iam:PassRole", target, state, why, _passed_to("ecs"))


def _watch(job: Job, prefix: str, target: Target, state: str) -> Iterator[Need]:
    watched = target
    if prefix == "states":
        found = _NAME.match(target.resource)
        execution = f"{found[1]}:execution:{found[2]}:*" if found else _EXECUTIONS
        watched = Target(execution, target.note)
    elif job.resource == "*":
        watched = Target("*")
    elif job.resource:
        watched = Target(name_arn(prefix, job.resource))
    for action in job.watched:
        yield require(action, watched, state, "waits for the job, and stops it when it is stopped")
    if job.rule:
        rule = Target(name_arn("events", f"rule/{job.rule}"))
        for action in RULE_ACTIONS:
            yield require(action, rule, state, "keeps the rule that tells when a job ends")


def _invoke(given: Mapping[str, Any], state: str) -> Iterator[Need]:
    target = name_function(
        read_parameter(given, "FunctionName"), read_parameter(given, "Qualifier")
    )
    yield require("lambda:InvokeFunction", target, state, "invokes the function")


def _publish(given: Mapping[str, Any], state: str) -> Iterator[Need]:
    topic = read_parameter(given, "TopicArn", "TargetArn")
    if topic is None:  # a text message is sent to a number, which is no resource
        to_number = read_parameter(given, "PhoneNumber") is not None
        target = Target("*", "" if to_number else "no topic is named")
    elif topic.text is None:
        target = Target(name_arn("sns", "*"), f"{topic.name} is worked out while it runs")
    else:
        target = Target(topic.text)
    yield require("sns:Publish", target, state, "calls sns:publish")


def _invoke_api(given: Mapping[str, Any], state: str) -> Iterator[Need]:
    """Yield what an API asks for, if it asks who calls (`AuthType`, else it does not).

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
    """
    kind = read_parameter(given, "AuthType")
    if kind is None or kind.text == "NO_AUTH":
        return
    host = read_parameter(given, "ApiEndpoint")
    parts = [(host.text or "*").partition(".")[0] if host else "*"]
    for name, unset in (("Stage", "*"), ("Method", "*"), ("Path", "")):
        part = read_parameter(given, name)
        parts.append((part.text or "*").strip("/") if part else unset)
    note = "" if "*" not in parts else "a part of the endpoint is worked out while it runs"
    target = Target(name_arn("execute-api", "/".join(parts)), note)
    yield require("execute-api:Invoke", target, state, "calls the API as this role")


def _call_endpoint(given: Mapping[str, Any], state: str) -> Iterator[Need]:
    """Yield what an HTTP task needs: the call itself, its connection, and the secret behind it.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
    """
    endpoint, method = read_parameter(given, "ApiEndpoint"), read_parameter(given, "Method")
    condition: Condition = ()
    if method and method.text:
        condition += when("StringEquals", "states:HTTPMethod", method.text)
    if endpoint and endpoint.text:
        condition += when("StringEquals", "states:HTTPEndpoint", endpoint.text)
    yield require("states:InvokeHTTPEndpoint", Target(_MACHINE), state, "calls it", condition)
    authentication = given.get("Authentication", given.get("InvocationConfig"))
    inner = authentication if isinstance(authentication, Mapping) else {}
    connection = read_parameter(inner, "ConnectionArn")
    if connection and connection.text:
        target = Target(connection.text)
    else:
        target = Target(name_arn("events", "connection/*"), "the connection is worked out")
    yield require("events:RetrieveConnectionCredentials", target, state, "reads the connection")
    secret = Target(name_arn("secretsmanager", "secret:events!connection/*"))
    for action in ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"):
        yield require(action, secret, state, "reads the connection's secret")


def _invoke_model(given: Mapping[str, Any], state: str) -> Iterator[Need]:
    """Yield what a model needs, with what it reads from and writes to S3.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html,
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    model = read_parameter(given, "ModelId")
    if model is None or model.text is None:
        target = Target("*", "ModelId is worked out while it runs")
    elif model.text.startswith(("arn:", "${")):
        target = Target(model.text)
    elif profile := _PROFILE.match(model.text):  # which calls the model in any of its Regions
        target = Target(name_arn("bedrock", f"inference-profile/{model.text}"))
        everywhere = f"arn:${{AWS::Partition}}:bedrock:*::foundation-model/{profile[2]}"
        yield require("bedrock:InvokeModel", Target(everywhere), state, "calls the profile's model")
    else:
        target = Target(name_arn("bedrock", f"foundation-model/{model.text}", account=False))
    yield require("bedrock:InvokeModel", target, state, "calls the model")
    for end, action in (("Input", "s3:GetObject"), ("Output", "s3:PutObject")):
        inner = given.get(end)
        uri = read_parameter(inner if isinstance(inner, Mapping) else {}, "S3Uri")
        if uri is not None:
            place = Target("*", "S3Uri is worked out while it runs")
            if uri.text is not None:
                path = uri.text.removeprefix("s3://")
                place = Target(name_arn("s3", path, region=False, account=False))
            yield require(action, place, state, f"the model's {end.lower()} lies there")


_PROFILE = re.compile(r"(apac|au|ca|eu|global|jp|us|us-gov)\.(.+)\Z")
"""An inference profile that AWS defines: where it calls a model, and which."""

_SPECIAL_SDK: Mapping[tuple[str, str], Callable[[Mapping[str, Any], str], Iterator[Need]]] = {
    ("bedrockruntime", "converse"): _invoke_model,
    ("bedrockruntime", "invokeModel"): _invoke_model,
    ("lambda", "invoke"): _invoke,
}
_SPECIAL: Mapping[str, Callable[[Mapping[str, Any], str], Iterator[Need]]] = {
    "apigateway:invoke": _invoke_api,
    "bedrock:invokeModel": _invoke_model,
    "http:invoke": _call_endpoint,
    "lambda:invoke": _invoke,
    "sns:publish": _publish,
}
