"""The code of a function: its zip out of the emulated bucket, unpacked, with what it runs with."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from carnation.emulator.patching import dummy_environment
from carnation.errors import EmulatorError


@dataclass(frozen=True)
class Code:
    """One version of a function: where it lies unpacked, and how Lambda would run it."""

    name: str
    version: str
    arn: str
    handler: str
    timeout: int
    memory: int
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    region: str = "us-east-1"

    def environment(self, endpoint: str) -> dict[str, str]:
        """Give the function's environment: its own variables and the ones Lambda reserves.

        Nothing of the process's own AWS environment is in it. Source:
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        reserved = {
            **dummy_environment(self.region),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "LAMBDA_TASK_ROOT": str(self.folder),
            "_HANDLER": self.handler,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
        }
        return {**self.variables, **reserved}


class CodeStore:
    """Unpacked zips, each once, in a temporary folder."""

    def __init__(self, root: Path) -> None:
        """Take the folder to unpack into."""
        self._root = root
        self._lock = threading.Lock()

    def unpack(self, digest: str, content: bytes) -> Path:
        """Unpack a zip, if that has not been done; gives its folder."""
        folder = self._root / digest
        with self._lock:
            if not folder.exists():
                try:
                    with zipfile.ZipFile(io.BytesIO(content)) as archive:
                        archive.extractall(folder)
                except zipfile.BadZipFile as error:
                    raise EmulatorError(
                        f"the code of a function is no zip ({error}). Look at its Code.S3Key."
                    ) from error
        return folder


def process_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Give a worker process's environment: a function's, and what Python needs to be found."""
    inherited = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    kept = {name: os.environ[name] for name in inherited if name in os.environ}
    return {**kept, **variables, "PYTHONDONTWRITEBYTECODE": "1"}
