"""The code of a function: its zip out of the emulated bucket, unpacked, with what it runs with."""

from __future__ import annotations

import hashlib
import io
import os
import sysconfig
import threading
import uuid
import zipfile
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from carnation.emulator.patching import SECRET_KEY, dummy_environment
from carnation.errors import EmulatorError

# where the runtime's client lies here
_NODE_WORKER = Path(__file__).with_name("worker.mjs")
_RUNTIME = Path(sysconfig.get_path("purelib"))


@dataclass(frozen=True)
class FunctionCode:
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
    runtime: str = "python3.13"
    layers: Path | None = None
    wheels: Path | None = None

    @property
    def key(self) -> Hashable:
        """What tells one version from others: what runs, and with what."""
        settings = (self.timeout, self.memory, self.runtime, self.layers)
        variables = tuple(sorted(self.variables.items()))
        return (
            self.region,
            self.name,
            self.version,
            self.handler,
            self.folder,
            settings,
            variables,
        )

    @property
    def folders(self) -> list[tuple[Path, str]]:
        """The folders here, and the names that Lambda has for them."""
        found = [
            (self.folder, "/var/task"),
            (_NODE_WORKER, "/var/runtime/index.mjs"),
            (_RUNTIME, "/var/runtime"),
        ]
        if self.layers is not None:
            found.append((self.layers, "/opt"))
        return found if self.wheels is None else [*found, (self.wheels, "/var/task")]

    def rename_folders(self, text: str) -> str:
        """Write the folders in a text as they are called on Lambda."""
        for folder, name in self.folders:
            text = text.replace(str(folder), name)
        return text

    @property
    def module_folders(self) -> list[str]:
        """Where Python finds a function's modules, in order.

        Wheels for this machine come first: those in the zip are for Lambda's.
        """
        found = [self.folder] if self.wheels is None else [self.wheels, self.folder]
        if self.layers is not None:
            inner = self.layers / "python"
            found += [inner, inner / "lib" / self.runtime / "site-packages"]
        return [str(folder) for folder in found]

    def environment(self, endpoint: str, secret_key: str = SECRET_KEY) -> dict[str, str]:
        """Return the function's environment: its own variables and the ones Lambda reserves.

        Nothing of the process's own AWS environment is in it. Source:
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        reserved = {
            **dummy_environment(self.region),
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # no loopback address takes a prefix
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": (
                f"{datetime.now(tz=timezone.utc):%Y/%m/%d}/[{self.version}]{uuid.uuid4().hex}"
            ),
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
        self._unpacked: set[Path] = set()

    def unpack(self, digest: str, content: bytes) -> Path:
        """Unpack a zip, if that has not been done; returns its folder."""
        folder = self._root / digest
        with self._lock:
            if folder not in self._unpacked:
                _extract(content, folder)
                self._unpacked.add(folder)
        return folder

    def merge(self, layers: Sequence[tuple[str, bytes]]) -> Path:
        """Unpack layers over each other, in their order, as in /opt; returns the folder."""
        key = hashlib.sha256(" ".join(digest for digest, _ in layers).encode()).hexdigest()
        folder = self._root / f"opt-{key}"
        with self._lock:
            if not folder.exists():
                for _, content in layers:
                    _extract(content, folder)
        return folder


def _extract(content: bytes, folder: Path) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                path = archive.extract(entry, folder)
                mode = entry.external_attr >> 16
                if mode & 0o111 and not entry.is_dir():
                    os.chmod(path, 0o700)
    except zipfile.BadZipFile as error:
        raise EmulatorError(
            f"the code of a function is not a zip file ({error}). Check its Code.S3Key."
        ) from error


def process_environment(code: FunctionCode, variables: Mapping[str, str]) -> dict[str, str]:
    """Return a worker process's environment: the function's, and what its program needs."""
    inherited = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    kept = {name: os.environ[name] for name in inherited if name in os.environ}
    if code.layers is not None:
        for name, folder in (("PATH", "bin"), ("LD_LIBRARY_PATH", "lib")):
            places = [str(code.layers / folder), kept.get(name, "")]
            kept[name] = os.pathsep.join(filter(None, places))
        kept["NODE_PATH"] = str(code.layers / "nodejs" / "node_modules")
    return {**kept, **variables, "PYTHONDONTWRITEBYTECODE": "1"}
