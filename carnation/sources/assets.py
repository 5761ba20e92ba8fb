"""Definitions in buckets that lie here, too: assets of CDK's `cdk.out`, files of a built workflow.

Source: https://docs.aws.amazon.com/cdk/v2/guide/assets.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.sources.files import Files

if TYPE_CHECKING:
    from typing import Any

_ABOVE = ("", "..", "../..", "../../..")


def find_asset(location: Any, where: str, files: Files) -> str:
    """Return the path, from the template's, of the file that a location in a bucket has here.

    '' where the location is no bucket's, or no such file is here.
    """
    key = location.get("Key") if isinstance(location, Mapping) else None
    if isinstance(key, Mapping) and isinstance(key.get("Fn::Sub"), str):
        key = key["Fn::Sub"]
    if not isinstance(key, str) or not key or key.startswith("/") or "${" in key:
        return ""
    folder = os.path.dirname(where)
    name = os.path.basename(key)
    named = _read_manifest(where, name.partition(".")[0], files)
    if ".." in key.split("/"):
        return ""
    above = [os.path.join(up, key) for up in _ABOVE]
    for path in (named, f"asset.{name}", name, *above):
        if path and files.exists(os.path.normpath(os.path.join(folder, path))):
            return path
    return ""


def _read_manifest(where: str, digest: str, files: Files) -> str:
    """Look an asset up in the manifest of assets next to a synthesized template."""
    stem = where.removesuffix(".json").removesuffix(".template").removesuffix(".nested")
    path = f"{stem}.assets.json"
    if not files.exists(path):
        return ""
    try:
        value = files.read(path)[0].value
    except DocumentError:
        return ""
    for part in ("files", digest, "source", "path"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) and ".." not in value.split("/") else ""
