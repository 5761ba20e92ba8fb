"""`Artifacts`: what one workflow becomes, in memory; it needs neither SDK nor troposphere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.errors import ArtifactError
from carnation.records import NamedTuple

MANIFEST = "manifest.json"


class Artifacts(NamedTuple):
    """What one workflow becomes: `files` (path to text), `packages` (path to zip), the manifest.

    Paths are relative to `build/<workflow>/`.
    """

    workflow: str
    version: str
    files: Mapping[str, str]
    packages: Mapping[str, bytes]
    manifest: Mapping[str, Any]

    @property
    def definition(self) -> str:
        """The definition of the workflow's state machine, as JSON."""
        return self.files[f"code/state-machine/{self.workflow}.asl.json"]

    def list_uploads(self) -> dict[str, bytes]:
        """Return what belongs in the bucket: key (with the digest in it) to content."""
        contents = {**{path: text.encode() for path, text in self.files.items()}, **self.packages}
        return {entry["key"]: contents[path] for path, entry in self.manifest["artifacts"].items()}

    def find_key(self, suffix: str) -> str:
        """Return the key of the one artifact whose path ends so (`-root-stack.yaml`)."""
        keys = [
            str(entry["key"])
            for path, entry in self.manifest["artifacts"].items()
            if path.endswith(suffix)
        ]
        if len(keys) != 1:
            raise ArtifactError(
                f"'{self.workflow}' has no root stack template (found {len(keys)} files "
                f"that end in '{suffix}'). With stacks=\"none\" the build writes the definition "
                'alone. To run or deploy it with carnation, remove stacks="none" and list its '
                "resources; to run the definition in a test, use load_definition."
            )
        return keys[0]
