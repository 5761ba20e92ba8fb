"""HTTP APIs: routes that start executions or invoke functions, with a log of every request.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from troposphere import GetAtt, Ref, Sub
from troposphere import apigatewayv2 as made

from carnation.document import digest
from carnation.resources.functions import Function
from carnation.resources.references import to_title
from carnation.resources.triggers import HttpApi
from carnation.stacks.rendering import Rendering
from carnation.stacks.snippets import policy_of
from carnation.stacks.stack import add_log_group
from carnation.stacks.triggers import ALIAS, add_trigger_role

LOGS = "vendedlogs/apigateway"
"""Where requests are logged; AWS delivers to any group below /aws/vendedlogs without asking."""

_LOGGED = {
    name.rpartition(".")[2]: f"$context.{name}"
    for name in ("requestId", "requestTime", "identity.sourceIp", "identity.userArn", "routeKey",
                 "status", "responseLength", "integrationErrorMessage")
}  # fmt: skip


def render_api(rendering: Rendering, api: HttpApi) -> None:
    """Put an HTTP API into the template: its stage, its routes, and what answers them."""
    about = f"Starts executions of {rendering.application.workflow}"
    one = made.Api(api.resource_id, Name="", Description=about, ProtocolType="HTTP")
    rendering.finish(api, rendering.template.add_resource(one), "Name")
    _add_stage(rendering, api)
    if None in api.routes.values():
        _start_executions(rendering, api)
    functions = [one for one in api.routes.values() if one is not None]
    for function in dict.fromkeys(functions):
        _invoke(rendering, api, function)
    for title, route in _route_names(api).items():
        _add_route(rendering, api, title, route)


def _add_stage(rendering: Rendering, api: HttpApi) -> None:
    path = f"{LOGS}/@{api.name_part}"
    logs = add_log_group(rendering.template, f"{api.title}Logs", path, key=rendering.key)
    settings = made.AccessLogSettings(
        DestinationArn=GetAtt(logs, "Arn"), Format=json.dumps(_LOGGED, separators=(",", ":"))
    )
    rendering.template.add_resource(
        made.Stage(
            f"{api.title}Stage",
            ApiId=Ref(api.resource_id),
            StageName="$default",
            AutoDeploy=True,
            AccessLogSettings=settings,
        )
    )


def _start_executions(rendering: Rendering, api: HttpApi) -> None:
    kind = "StartSyncExecution" if rendering.application.type == "EXPRESS" else "StartExecution"
    role = add_trigger_role(rendering, api, _trust_gateway(), action=f"states:{kind}")
    rendering.template.add_resource(
        made.Integration(
            f"{api.title}Integration",
            ApiId=Ref(api.resource_id),
            IntegrationType="AWS_PROXY",
            IntegrationSubtype=f"StepFunctions-{kind}",
            PayloadFormatVersion="1.0",
            CredentialsArn=role,
            RequestParameters={"StateMachineArn": ALIAS, "Input": "$request.body"},
        )
    )


def _trust_gateway() -> dict[str, Any]:
    """Let API Gateway assume a role; it names no source or account when it does.

    A trust policy with `aws:SourceAccount` makes every request fail.
    """
    principal = {"Service": "apigateway.amazonaws.com"}
    return policy_of({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def _invoke(rendering: Rendering, api: HttpApi, function: Function) -> None:
    from troposphere.awslambda import Permission

    arn = rendering.value(function.arn) if function.is_existing else Ref(f"{function.title}Alias")
    rendering.template.add_resource(
        made.Integration(
            f"{api.title}{function.title}Integration",
            ApiId=Ref(api.resource_id),
            IntegrationType="AWS_PROXY",
            IntegrationUri=arn,
            PayloadFormatVersion="2.0",
        )
    )
    source = (
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
        f"${{{api.resource_id}}}/*/*"
    )
    rendering.template.add_resource(
        Permission(
            f"{api.title}Invokes{function.title}",
            Action="lambda:InvokeFunction",
            FunctionName=arn,
            Principal="apigateway.amazonaws.com",
            SourceArn=Sub(source),
        )
    )


def _add_route(rendering: Rendering, api: HttpApi, title: str, route: str) -> None:
    function = api.routes[route]
    integration = f"{api.title}{function.title if function else ''}Integration"
    rendering.template.add_resource(
        made.Route(
            title,
            ApiId=Ref(api.resource_id),
            RouteKey=route,
            AuthorizationType=api.authorization.get(route, "AWS_IAM"),
            Target=Sub(f"integrations/${{{integration}}}"),
        )
    )


def _route_names(api: HttpApi) -> dict[str, str]:
    """Name the routes' logical IDs by method and path; where two are alike, by a digest as well.

    >>> list(_route_names(HttpApi("front", routes={"POST /orders/{id}": None})))
    ['FrontPostOrdersIdRoute']
    """
    words = {route: re.findall(r"[A-Za-z0-9]+", route) for route in api.routes}
    titles = {
        route: to_title("_".join([found[0].lower(), *found[1:]])) for route, found in words.items()
    }
    times = Counter(titles.values())
    return {
        f"{api.title}{title}{digest(route)[:6] if times[title] > 1 else ''}Route": route
        for route, title in titles.items()
    }
