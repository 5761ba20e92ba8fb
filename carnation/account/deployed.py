"""What is deployed, read back as documents: the stacks' templates, the definition, the manifest.

Keys in the bucket carry digests and paths in `build/` do not; otherwise they are the same, so that
a deployed tree and a built one lie side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.account.session import Account
from carnation.document import digest, dump_json, parse_document
from carnation.errors import AccountError, CarnationError
from carnation.records import NamedTuple

_DIGEST = re.compile(r"\.[0-9a-f]{16}(?=\.)")
_NESTED = "AWS::CloudFormation::Stack"


class Deployed(NamedTuple):
    """A stack as it stands: its status, what it was given, what it gives, and its protection."""

    name: str
    stack_id: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    protected: bool
    reason: str = ""
    updated: str = ""
    tags: Mapping[str, str] = {}

    @property
    def exists(self) -> bool:
        """Return whether there is more than a name kept for a change set."""
        return self.status != "REVIEW_IN_PROGRESS"


def find_deployed(account: Account, name: str) -> Deployed | None:
    """Find a stack by its name or ID; None where there is none."""
    try:
        (stack,) = account.call("cloudformation", "describe_stacks", StackName=name)["Stacks"]
    except AccountError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            return None
        raise
    return Deployed(
        stack["StackName"],
        stack["StackId"],
        stack["StackStatus"],
        {
            row["ParameterKey"]: str(row.get("ParameterValue", ""))
            for row in stack.get("Parameters", ())
        },
        {row["OutputKey"]: row["OutputValue"] for row in stack.get("Outputs", ())},
        bool(stack.get("EnableTerminationProtection")),
        stack.get("StackStatusReason") or "",
        str(stack.get("LastUpdatedTime") or ""),
        {row["Key"]: row["Value"] for row in stack.get("Tags", ())},
    )  # fmt: skip


def read_template(account: Account, stack: str) -> str:
    """Read the template of a stack as it was given."""
    answer = account.call(
        "cloudformation", "get_template", StackName=stack, TemplateStage="Original"
    )
    body = answer["TemplateBody"]
    return body if isinstance(body, str) else dump_json(body)


def manifest_key(workflow: str, root_template: str) -> str:
    """Name the key under which a manifest is next to the tree whose root template this is."""
    return f"{workflow}/manifests/{digest(root_template)[:16]}.json"


def list_resources(account: Account, stack: str) -> Iterator[dict[str, Any]]:
    """Yield the resources of a stack and of those nested in it; `Path` leads to each."""
    yield from _list_resources(account, stack, "")


def _list_resources(account: Account, stack: str, way: str) -> Iterator[dict[str, Any]]:
    rows = account.list(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack
    )
    for row in rows:
        if not row.get("LogicalResourceId") or row["ResourceStatus"] == "DELETE_COMPLETE":
            continue
        path = f"{way}{row['LogicalResourceId']}"
        yield {**row, "Path": path, "Stack": stack}
        if row["ResourceType"] == _NESTED and row.get("PhysicalResourceId"):
            yield from _list_resources(account, row["PhysicalResourceId"], f"{path}/")


def read_deployed(account: Account, stack: str, workflow: str) -> dict[str, bytes]:
    """Read a deployed workflow as `{path below build/<workflow>/: content}`.

    The manifest is the one that was uploaded with it; without one (another tool deployed the
    stack), what is known of it. Raises `AccountError` where there is no such stack.
    """
    root = read_template(account, stack)
    files = {f"cft/{workflow}-root-stack.yaml": root.encode()}
    template = _parse(root, stack)
    physical = {
        row["LogicalResourceId"]: row["PhysicalResourceId"]
        for row in list_resources(account, stack)
        if row["Stack"] == stack and row.get("PhysicalResourceId")
    }
    bucket = _find_bucket(account, stack)
    for name, body in template.get("Resources", {}).items():
        properties = body.get("Properties", {})
        if body.get("Type") == _NESTED and name in physical:
            path = _find_path(_read_text(properties.get("TemplateURL")), workflow)
            files[path or f"cft/nested-stacks/{name}.yaml"] = read_template(
                account, physical[name]
            ).encode()
        location = properties.get("DefinitionS3Location")
        if isinstance(location, Mapping) and isinstance(location.get("Key"), str) and bucket:
            key = location["Key"]
            found = _read_object(account, bucket, key)
            if found is not None:
                files[_find_path(key, workflow)] = found
    manifest = _read_object(account, bucket, manifest_key(workflow, root)) if bucket else None
    files["manifest.json"] = (
        manifest or dump_json({"workflow": workflow, "version": "", "artifacts": {}}).encode()
    )
    return files


def _parse(text: str, where: str) -> Mapping[str, Any]:
    try:
        value = parse_document(text, f"{where}.yaml").value
    except CarnationError:
        return {}
    return value if isinstance(value, Mapping) else {}


def _find_bucket(account: Account, stack: str) -> str:
    found = find_deployed(account, stack)
    return found.parameters.get("ArtifactBucket", "") if found else ""


def _read_text(value: Any) -> str:
    """Return the text of a value that is one, or a Fn::Sub of one."""
    inner = value.get("Fn::Sub", "") if isinstance(value, Mapping) else value
    inner = inner[0] if isinstance(inner, list) and inner else inner
    return inner if isinstance(inner, str) else ""


def _find_path(key: str, workflow: str) -> str:
    """Return the path in the tree of an object, by its key or a URL that ends in it.

    >>> _find_path("https://${B}.s3.amazonaws.com/shop/cft/a.0123456789abcdef.yaml", "shop")
    'cft/a.yaml'
    """
    _, found, path = f"/{key}".rpartition(f"/{workflow}/")
    return _DIGEST.sub("", path) if found else ""


def _read_object(account: Account, bucket: str, key: str) -> bytes | None:
    try:
        answer = account.call("s3", "get_object", Bucket=bucket, Key=key)
    except AccountError as error:
        if error.code in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise
    content: bytes = answer["Body"].read()
    return content
