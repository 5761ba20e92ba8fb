"""Tags at creation: the action that a service asks for when what a call makes is tagged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.parameters import read_parameter
from carnation.permissions.required import RequiredAction, Target, require, to_arn
from carnation.permissions.resource_arns import find_targets
from carnation.services.iam import Authorization, find_authorizations

Parameters = Mapping[str, Json]

_TAGS = ("Tags", "TagList", "TagsList", "TagSpecifications", "Tagging", "JobTags", "UserPoolTags")
_CREATES = compile_lazily(
    r"(?:create|run|start|register|put|submit|request|restore|copy|import|publish"
    r"|allocate|purchase|deploy|add)"
)
_TAGGING = (
    "tagResource", "addTags", "addTagsToResource", "createTags", "tagQueue", "tagDeliveryStream",
    "createOrUpdateTags", "addTagsToCertificate", "addTagsToStream",
)  # fmt: skip
_TAGGED = {"ecs:runTask": "task", "ecs:startTask": "task", "emr:runJobFlow": "cluster"}
"""What a call makes where its name doesn't say it."""
_OWN_TAGS = {
    "iam:createRole": "iam:TagRole", "iam:createUser": "iam:TagUser",
    "iam:createPolicy": "iam:TagPolicy", "s3:putObject": "s3:PutObjectTagging",
    "s3:copyObject": "s3:PutObjectTagging", "s3:createMultipartUpload": "s3:PutObjectTagging",
}  # fmt: skip
_UNTAGGED = frozenset({"codebuild", "cloudformation", "sts", "glacier", "s3"})
"""Services whose tags at creation need nothing more."""


def list_tag_needs(
    call: str, given: Parameters, main: list[Authorization], state: str, *, tags: bool = False
) -> Iterator[RequiredAction]:
    """List what tagging needs; with `tags` Step Functions itself tags what is made."""
    if tags or any(read_parameter(given, name) for name in _TAGS):
        yield from _tag(call, given, main, state)


def _tag(
    call: str, given: Parameters, main: list[Authorization], state: str
) -> Iterator[RequiredAction]:
    """Yield the action that tags what is made.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
    and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
    """
    service, _, action = call.partition(":")
    why = "tags what it makes"
    if call in _OWN_TAGS:
        for target in [one for needed in main for one in find_targets(needed, given, action)]:
            yield require(_OWN_TAGS[call], target, state, why)
    elif _CREATES.match(action) and service not in _UNTAGGED and action not in _TAGGING:
        found = (find_authorizations(service, name) for name in _TAGGING)
        for tagging in next((one for one in found if one), ()):
            for target in _find_tagged(call, given, main, tagging):
                yield require(tagging.action, target, state, why)


def _find_tagged(
    call: str, given: Parameters, main: list[Authorization], tagging: Authorization
) -> list[Target]:
    action = call.partition(":")[2]
    kinds = (*tagging.always, *tagging.at_times)
    specified = given.get("TagSpecifications")
    if isinstance(specified, list):
        types = [one.get("ResourceType") for one in specified if isinstance(one, Mapping)]
        return [Target(to_arn("ec2", f"{kind}/*")) for kind in types if isinstance(kind, str)]
    noun = _TAGGED.get(call, re.sub(r"^[a-z]+", "", action).lower())
    ends = [one for one in kinds if noun.endswith((_resolve_kind(one), _resolve_kind(one)[:-1]))]
    longest = max((len(_resolve_kind(one)) for one in ends), default=0)
    own = [one for one in ends if longest and len(_resolve_kind(one)) == longest]
    if call == "ecs:runTask":  # of the two formats of its ARN, the one with the cluster
        own = sorted(own, key=len)[-1:]
    own = [one for one in own if one.count("${") == min(each.count("${") for each in own)]
    own = own or [one for needed in main for one in needed.always if one in kinds]
    if not own:
        return [Target("*", "AWS names what is made")]
    return find_targets(Authorization(tagging.action, tuple(own), (), True), given, action)


def _resolve_kind(pattern: str) -> str:
    return re.sub(r"\W", "", pattern.split(":", 5)[-1].split("${")[0]).lower()
