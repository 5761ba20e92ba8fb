"""Lambda functions, their versions, aliases, sources of events and what else belongs to them."""

from __future__ import annotations

from typing import Any

from carnation.emulator.cloudformation.inline_code import pack_inline
from carnation.emulator.cloudformation.kind import (
    Context,
    Kind,
    Made,
    Properties,
    ResourceError,
    delete_by,
    make_again,
)
from carnation.emulator.cloudformation.requests import (
    as_tags,
    call,
    change_tags,
    make_request,
    pick,
    read_answer,
    without,
)

_CONFIGURED = (
    *("DeadLetterConfig", "Description", "Environment", "EphemeralStorage", "FileSystemConfigs"),
    *("Handler", "ImageConfig", "Layers", "LoggingConfig", "MemorySize", "Role", "Runtime"),
    *("SnapStart", "Timeout", "TracingConfig", "VpcConfig"),
)
_DEFAULTS = {
    "Description": "",
    "Environment": {"Variables": {}},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "DeadLetterConfig": {"TargetArn": ""},
    "TracingConfig": {"Mode": "PassThrough"},
}
_REFUSED = frozenset({
    "CapacityProviderConfig", "DurableConfig", "FunctionScalingConfig", "TenancyConfig",
})  # fmt: skip
_DROPPED = ("CodeSigningConfigArn", "PublishToLatestPublished", "RecursiveLoop",
            "RuntimeManagementConfig")  # fmt: skip
_UNUSED = frozenset({
    "DeadLetterConfig", "FileSystemConfigs", "ImageConfig", "Layers", "VpcConfig", *_DROPPED,
})  # fmt: skip
_SOURCE_UNUSED = frozenset({
    "BisectBatchOnFunctionError", "DestinationConfig", "FilterCriteria", "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
})  # fmt: skip


def _make_function(context: Context, properties: Properties) -> Made:
    client = context.connect("lambda")
    name = properties.get("FunctionName") or context.make_name(64)
    values = without(
        properties, "Code", "Tags", "ReservedConcurrentExecutions", "KmsKeyArn", *_DROPPED
    )
    arn = call(
        client, "create_function", {**values, **pick(properties, KmsKeyArn="KMSKeyArn")},
        FunctionName=name, Code=_read_code(properties), Tags=as_tags(properties.get("Tags")),
    )["FunctionArn"]  # fmt: skip
    _set_concurrency(client, name, properties)
    return Made(name, {"Arn": arn})


def _read_code(properties: Properties) -> dict[str, Any]:
    code = properties.get("Code")
    if not isinstance(code, dict) or not code:
        raise ResourceError("Code: expected S3Bucket and S3Key, ZipFile, or ImageUri.")
    if "ZipFile" not in code:
        return pick(code, "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri")
    packed = pack_inline(str(properties.get("Runtime", "")), str(code["ZipFile"]))
    if packed is None:
        raise ResourceError(
            "Code.ZipFile: source text is supported for Python and Node only. Set the "
            "function's zip with S3Bucket and S3Key."
        )
    return {"ZipFile": packed}


def _set_concurrency(client: Any, name: str, properties: Properties) -> None:
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is not None:
        client.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=int(reserved)
        )


def _update_function(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    client = context.connect("lambda")
    values = {
        name: wanted.get(name, _DEFAULTS.get(name))
        for name in _CONFIGURED
        if wanted.get(name) != had.get(name)
    }
    if wanted.get("KmsKeyArn") != had.get("KmsKeyArn"):
        values["KMSKeyArn"] = wanted.get("KmsKeyArn", "")
    if values:
        call(client, "update_function_configuration", values, FunctionName=ref)
    if any(wanted.get(name) != had.get(name) for name in ("Code", "Architectures")):
        more = pick(wanted, "Architectures")
        client.update_function_code(FunctionName=ref, **_read_code(wanted), **more)
    if "ReservedConcurrentExecutions" not in wanted and "ReservedConcurrentExecutions" in had:
        client.delete_function_concurrency(FunctionName=ref)
    _set_concurrency(client, ref, wanted)
    arn = context.arn("lambda", f"function:{ref}")
    change_tags(
        wanted,
        had,
        lambda keys: client.untag_resource(Resource=arn, TagKeys=keys),
        lambda tags: client.tag_resource(Resource=arn, Tags=tags),
    )


def _read_function(context: Context, ref: str, properties: Properties) -> Properties:
    found = context.connect("lambda").get_function_configuration(FunctionName=ref)
    names = {name: properties[name] for name in _CONFIGURED if name in properties}
    return read_answer(found, names)


def _make_version(context: Context, properties: Properties) -> Made:
    client = context.connect("lambda")
    expected = properties.get("CodeSha256")
    answer = call(client, "publish_version", pick(properties, "FunctionName", "Description"))
    if expected is not None and expected != answer["CodeSha256"]:
        raise ResourceError(
            f"CodeSha256 is {expected}, and the function's code has {answer['CodeSha256']}. "
            "The zip in the bucket is not the one that the template was built with; build again."
        )
    arn = answer["FunctionArn"]
    if not arn.endswith(f":{answer['Version']}"):
        arn = f"{arn}:{answer['Version']}"
    return Made(arn, {"Version": answer["Version"], "FunctionArn": arn})


def _delete_version(context: Context, ref: str, properties: Properties) -> None:
    name, version = ref.rsplit(":", 1)
    context.connect("lambda").delete_function(FunctionName=name, Qualifier=version)


def _route(properties: Properties) -> dict[str, Any]:
    rows = (properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights", ())
    weights = {row["FunctionVersion"]: float(row["FunctionWeight"]) for row in rows}
    return {
        "FunctionName": properties["FunctionName"],
        "Name": properties["Name"],
        "FunctionVersion": properties["FunctionVersion"],
        "Description": properties.get("Description", ""),
        "RoutingConfig": {"AdditionalVersionWeights": weights},
    }


def _make_alias(context: Context, properties: Properties) -> Made:
    arn = context.connect("lambda").create_alias(**_route(properties))["AliasArn"]
    return Made(arn, {"AliasArn": arn})


def _update_alias(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    context.connect("lambda").update_alias(**_route(wanted))


def _delete_alias(context: Context, ref: str, properties: Properties) -> None:
    name, alias = ref.rsplit(":", 1)
    context.connect("lambda").delete_alias(FunctionName=name, Name=alias)


def _put_invoke_config(context: Context, properties: Properties) -> Made:
    call(context.connect("lambda"), "put_function_event_invoke_config", properties)
    name = str(properties["FunctionName"]).rsplit(":", 1)[-1]
    return Made(f"{name}|{properties.get('Qualifier', '$LATEST')}")


def _delete_invoke_config(context: Context, ref: str, properties: Properties) -> None:
    request = pick(properties, "FunctionName", "Qualifier")
    context.connect("lambda").delete_function_event_invoke_config(**request)


def _add_permission(context: Context, properties: Properties) -> Made:
    name, qualifier = _split_function(properties["FunctionName"])
    statement = context.make_name(100)
    call(
        context.connect("lambda"), "add_permission", without(properties, "FunctionName"),
        FunctionName=name, StatementId=statement, Qualifier=qualifier,
    )  # fmt: skip
    return Made(statement, {"Id": statement})


def _split_function(name: str) -> tuple[str, str | None]:
    parts = str(name).split(":")
    if parts[0] == "arn":
        return ":".join(parts[:7]), parts[7] if len(parts) > 7 else None
    return parts[0], parts[1] if len(parts) > 1 else None


def _remove_permission(context: Context, ref: str, properties: Properties) -> None:
    name, qualifier = _split_function(properties["FunctionName"])
    more = {} if qualifier is None else {"Qualifier": qualifier}
    context.connect("lambda").remove_permission(FunctionName=name, StatementId=ref, **more)


def _make_source(context: Context, properties: Properties) -> Made:
    answer = call(
        context.connect("lambda"), "create_event_source_mapping", without(properties, "Tags")
    )
    arn = context.arn("lambda", f"event-source-mapping:{answer['UUID']}")
    return Made(answer["UUID"], {"Id": answer["UUID"], "EventSourceMappingArn": arn})


def _update_source(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    client = context.connect("lambda")
    shape = client.meta.service_model.operation_model("UpdateEventSourceMapping").input_shape
    values = {name: value for name, value in wanted.items() if name in shape.members}
    call(client, "update_event_source_mapping", values, UUID=ref)


def _make_layer(context: Context, properties: Properties) -> Made:
    name = properties.get("LayerName") or context.make_name(100)
    answer = call(
        context.connect("lambda"), "publish_layer_version",
        without(properties, "LayerName"), LayerName=name,
    )  # fmt: skip
    return Made(answer["LayerVersionArn"], {"LayerVersionArn": answer["LayerVersionArn"]})


def _delete_layer(context: Context, ref: str, properties: Properties) -> None:
    name, version = ref.rsplit(":", 1)
    context.connect("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))


def _url_request(properties: Properties) -> dict[str, Any]:
    target = properties["TargetFunctionArn"]
    return {**without(properties, "TargetFunctionArn"), "FunctionName": target}


def _make_url(context: Context, properties: Properties) -> Made:
    client = context.connect("lambda")
    answer = call(client, "create_function_url_config", _url_request(properties))
    arn = answer["FunctionArn"]
    return Made(arn, {"FunctionArn": arn, "FunctionUrl": answer["FunctionUrl"]})


def _update_url(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    client = context.connect("lambda")
    make_request(client, "update_function_url_config", _url_request(wanted))
    call(client, "update_function_url_config", _url_request(wanted))


def _delete_url(context: Context, ref: str, properties: Properties) -> None:
    client = context.connect("lambda")
    request = pick(_url_request(properties), "FunctionName", "Qualifier")
    client.delete_function_url_config(**request)


KINDS = {
    "AWS::Lambda::Function": Kind(
        _make_function, delete_by("lambda", "delete_function", "FunctionName"),
        _update_function, _read_function, "FunctionName",
        _REFUSED, _UNUSED,
    ),
    "AWS::Lambda::Version": Kind(
        _make_version, _delete_version, refused=frozenset({"FunctionScalingConfig"}),
        unused=frozenset({"ProvisionedConcurrencyConfig", "RuntimePolicy"}),
    ),
    "AWS::Lambda::Alias": Kind(
        _make_alias, _delete_alias, _update_alias, name="Name",
        unused=frozenset({"ProvisionedConcurrencyConfig"}),
    ),
    "AWS::Lambda::EventInvokeConfig": Kind(
        _put_invoke_config, _delete_invoke_config, make_again(_put_invoke_config),
        unused=frozenset({"DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"}),
    ),
    "AWS::Lambda::Permission": Kind(_add_permission, _remove_permission),
    "AWS::Lambda::EventSourceMapping": Kind(
        _make_source, delete_by("lambda", "delete_event_source_mapping", "UUID"),
        _update_source, unused=_SOURCE_UNUSED
    ),
    "AWS::Lambda::LayerVersion": Kind(_make_layer, _delete_layer),
    "AWS::Lambda::Url": Kind(_make_url, _delete_url, _update_url),
}  # fmt: skip
