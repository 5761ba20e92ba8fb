"""Operations on the tags of state machines and activities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from carnation.emulator.interpreter.api.errors import ApiError, no_resource
from carnation.emulator.interpreter.api.names import parse_arn
from carnation.emulator.interpreter.api.records import Region

Params = Mapping[str, Any]
_MAX_TAGS = 50


def read_tags(before: Mapping[str, str], given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return tags with others added, or raise `ApiError` (TooManyTags)."""
    found = {**before, **{tag.get("key", ""): tag.get("value", "") for tag in given}}
    if len(found) > _MAX_TAGS:
        text = f"Too Many Tags: a resource has at most {_MAX_TAGS} tags, not {len(found)}"
        raise ApiError("TooManyTags", text)
    return found


def _find(region: Region, text: str) -> dict[str, str]:
    arn = parse_arn(text, "stateMachine", "activity")
    owner = region.machines.get(text) or region.activities.get(text)
    if owner is None:
        raise no_resource(arn.text)
    return owner.tags


def tag_resource(region: Region, params: Params) -> dict[str, Any]:
    """Add tags, or give them other values."""
    tags = _find(region, params["resourceArn"])
    tags.update(read_tags(tags, params["tags"]))
    return {}


def untag_resource(region: Region, params: Params) -> dict[str, Any]:
    """Take tags away, if they are there."""
    tags = _find(region, params["resourceArn"])
    for key in params["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(region: Region, params: Params) -> dict[str, Any]:
    """List the tags."""
    tags = _find(region, params["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
