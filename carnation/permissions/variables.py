"""Which parameters name a variable of a pattern, where the two are not called the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.parameters import Given, read_parameters

_GENERIC = ("ResourceId", "Id")
_BEFORE = compile_lazily(r"([A-Za-z0-9-]+)[/:]\Z")
_VERB = compile_lazily(r"[a-z]+")
_WORDS = compile_lazily(r"[A-Za-z0-9]+")
_END = compile_lazily(r"(Name|Id|ID|Identifier|Arn|NameWithPath|ResourceId|FriendlyName)\Z")
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "Alias": ("AliasName", "Qualifier"),
    "AppId": ("AppId", "ApplicationId"),
    "AutoMLJobJobName": ("AutoMLJobName",),
    "BucketName": ("Bucket", "VectorBucketName"),
    "IdentityName": ("EmailIdentity", "FromEmailAddress", "Source", "Identity"),
    "SecretId": ("SecretId", "SecretArn", "Name"),
    "custom-model": ("CustomModelName", "ModelIdentifier", "ModelId"),
    "foundation-model": ("BaseModelIdentifier", "ModelIdentifier", "ModelId", "ModelArn"),
    "ClusterId": ("ClusterId", "JobFlowId"),
    "DbClusterInstanceName": ("DBClusterIdentifier", "SourceDBClusterIdentifier"),
    "ClusterSnapshotName": ("DBClusterSnapshotIdentifier",),
    "DbInstanceName": ("DBInstanceIdentifier", "SourceDBInstanceIdentifier"),
    "EnvironmentName": ("EnvironmentName", "Environment", "Name"),
    "GroupFriendlyName": ("AutoScalingGroupName",),
    "LogGroupName": ("LogGroupName", "LogGroupNames", "LogGroupIdentifier", "LogGroupIdentifiers"),
    "ObjectName": ("Key",),
    "ParameterNameWithoutLeadingSlash": ("Name", "Names", "Path"),
    "QueueName": ("QueueUrl", "QueueName", "SourceArn"),
    "Revision": ("JobDefinition",),
    "RoleNameWithPath": ("RoleNameWithPath", "RoleName", "RoleArn"),
    "SnapshotName": ("DBSnapshotIdentifier", "SnapshotName"),
    "StreamName": ("StreamName", "StreamARN"),
    "TaskDefinitionFamilyName": ("TaskDefinition", "Family"),
    "TaskDefinitionRevisionNumber": ("TaskDefinition",),
    "TopicName": ("TopicArn", "TargetArn"),
    "Version": ("Qualifier",),
    "WorkGroupName": ("WorkGroup", "WorkGroupName"),
}
"""Variables of the patterns that parameters name otherwise, and what is before some."""
MADE = frozenset({
    "TaskDefinitionRevisionNumber", "CreationTime", "OpaqueId", "Uuid", "UUID", "GroupId",
})  # fmt: skip
"""Variables that AWS makes up: no task could give them."""


def read_variable(
    variable: str, pattern: str, given: Mapping[str, Json], action: str, *, is_sure: bool = False
) -> list[Given]:
    """Read the parameters that name a variable: by its own name, or as an ARN of that kind."""
    before, _, behind = pattern.partition(f"${{{variable}}}")
    word = _BEFORE.search(before)
    names = _list_names(variable, word[1] if word else "", behind, action, is_sure=is_sure)
    found = [one for one in read_parameters(given, *names) if fits(one, pattern)]
    if found or variable in MADE:
        return found
    head = read_head(pattern)
    literals = [one for key in given for one in read_parameters(given, key.removesuffix(".$"))]
    return [one for one in literals if head and one.pattern.startswith("arn:")
            and fits(one, pattern)]  # fmt: skip


def read_head(pattern: str) -> str:
    """Return what a pattern's resource begins with: `table/` of `arn:…:table/${TableName}`."""
    parts = re.sub(r"\$\{AWS::(\w+)\}", r"${\1}", pattern).split(":", 5)
    return parts[5].partition("${")[0] if len(parts) > 5 else ""


def fits(parameter: Given, pattern: str) -> bool:
    """Return whether a parameter may name this kind: it is not an ARN of another one."""
    if not parameter.pattern.startswith("arn:"):
        is_managed = parameter.pattern.startswith("mi-")
        return ":managed-instance/" not in pattern if not is_managed else ":ec2:" not in pattern
    arn = re.sub(r"\$\{AWS::\w+\}", "_", parameter.pattern).split(":", 5)
    service = re.sub(r"\$\{AWS::(\w+)\}", r"${\1}", pattern).split(":", 5)[2:3]
    if len(arn) < 6 or arn[2:3] != service:
        return len(arn) < 6
    head = read_head(pattern)
    return arn[5].startswith(head) or arn[2] == "s3" or arn[5] == "*"


@lru_cache(maxsize=4096)
def _list_names(
    variable: str, before: str, behind: str, action: str, *, is_sure: bool
) -> tuple[str, ...]:
    """List the parameters that may name a variable, the likeliest first.

    A name is no identifier that AWS makes up, so `JobName` is no `JobId`. What is before the last
    variable names it, too (`transcription-job/`). `Name` and `Id` alone name what the action is
    called after (`startCrawler`), and only what it surely is about.
    """
    names = [*_PARAMETERS.get(variable, ()), *_PARAMETERS.get(before, ())]
    names += [variable] if variable != "ResourceId" else []
    stem = _END.sub("", variable)
    word = "" if "${" in behind else "".join(map(str.capitalize, _WORDS.findall(before)))
    for base in dict.fromkeys([stem, word]):
        names += _add_ends(base, variable) if base else []
    noun = _VERB.sub("", action, count=1).lower()
    called = stem.lower() or word.lower()
    if called and (noun == called if is_sure else called in noun):
        names += _add_ends("", variable)
    return tuple(dict.fromkeys(names))


def _add_ends(base: str, variable: str) -> Iterator[str]:
    is_made = variable.endswith(("Id", "Identifier")) and variable not in _GENERIC
    for end in (*(() if is_made else ("Name",)), "Id", "Arn", "Identifier", ""):
        if base + end:
            yield base + end
            yield f"{base}{end}s"
            yield f"{base}{end}List"
