"""HTTP APIs: the API, its stages, routes, integrations and authorizers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.kind import Context, Kind, Made, Properties
from carnation.emulator.cloudformation.requests import as_tags, call, change_tags, without


def _connect(context: Context) -> Any:
    return context.connect("apigatewayv2")


def _make_api(context: Context, properties: Properties) -> Made:
    values = without(properties, "Tags", "FailOnWarnings", "BasePath", "DisableSchemaValidation")
    api = call(
        _connect(context), "create_api", values, Tags=as_tags(properties.get("Tags")) or None
    )
    return Made(api["ApiId"], {"ApiId": api["ApiId"], "ApiEndpoint": api["ApiEndpoint"]})


def _update_api(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    dropped = ("Tags", "FailOnWarnings", "BasePath", "ProtocolType", "DisableSchemaValidation")
    apis, arn = _connect(context), f"arn:aws:apigateway:{context.region}::/apis/{ref}"
    call(apis, "update_api", without(wanted, *dropped), ApiId=ref)
    change_tags(
        wanted, had,
        lambda keys: apis.untag_resource(ResourceArn=arn, TagKeys=keys),
        lambda tags: apis.tag_resource(ResourceArn=arn, Tags=tags),
    )  # fmt: skip


def _delete_api(context: Context, ref: str, properties: Properties) -> None:
    _connect(context).delete_api(ApiId=ref)


def _stage(properties: Properties) -> dict[str, Any]:
    values = without(properties, "Tags", "AccessLogSettings")
    settings: Mapping[str, Any] | None = properties.get("AccessLogSettings")
    return {**values, "AccessLogSettings": settings} if settings else values


def _make_stage(context: Context, properties: Properties) -> Made:
    tags = as_tags(properties.get("Tags")) or None
    call(_connect(context), "create_stage", _stage(properties), Tags=tags)
    return Made(properties["StageName"])


def _update_stage(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    """Make the stage again, since moto has no UpdateStage; a stage holds nothing."""
    _delete_stage(context, ref, had)
    _make_stage(context, wanted)


def _delete_stage(context: Context, ref: str, properties: Properties) -> None:
    _connect(context).delete_stage(ApiId=properties["ApiId"], StageName=ref)


def _make_row(part: str) -> Kind:
    """Make the row of a part of an API that has an ID of its own."""
    field = f"{part.capitalize()}Id"

    def make(context: Context, properties: Properties) -> Made:
        ref = str(call(_connect(context), f"create_{part}", properties)[field])
        return Made(ref, {field: ref})

    def update(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
        call(_connect(context), f"update_{part}", wanted, **{field: ref})

    def delete(context: Context, ref: str, properties: Properties) -> None:
        remove = getattr(_connect(context), f"delete_{part}")
        remove(**{"ApiId": properties["ApiId"], field: ref})

    return Kind(make, delete, update)


KINDS = {
    "AWS::ApiGatewayV2::Api": Kind(
        _make_api,
        _delete_api,
        _update_api,
        refused=frozenset({"BasePath", "Body", "BodyS3Location"}),
        unused=frozenset({"CorsConfiguration", "DisableExecuteApiEndpoint"}),
    ),
    "AWS::ApiGatewayV2::Authorizer": _make_row("authorizer"),
    "AWS::ApiGatewayV2::Integration": _make_row("integration"),
    "AWS::ApiGatewayV2::Route": _make_row("route"),
    "AWS::ApiGatewayV2::Stage": Kind(
        _make_stage,
        _delete_stage,
        _update_stage,
        name="StageName",
        unused=frozenset({"AccessLogSettings", "DefaultRouteSettings", "RouteSettings"}),
    ),
}
