"""Wheels: a function's own dependencies, fetched once, packed without the network.

`lambdas/<name>/requirements.txt` names exact versions. `carnation fetch` downloads their
wheels for Lambda's runtime and architecture into `.carnation/wheels/<name>/`; building only reads
them there, and stops when the requirements or the wheels have changed since: `fetch` notes the
SHA-256 of each, and hashes in the requirements (`--hash=sha256:…`) are checked at each build, too.
`carnation fetch --local` installs those for this machine beside them, into
`.carnation/packages/<name>/`, where runs find them.
"""

from __future__ import annotations

import os
import re
import sys

from carnation.document import digest, read_text_file
from carnation.errors import WorkflowError
from carnation.lazy import compile_lazily

_PINNED = compile_lazily(
    r"[A-Za-z0-9._-]+(?:\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9.!+_-]+(?:\s|;|\\|$)"
)
_HASH = compile_lazily(r"--hash=sha256:([0-9a-f]{64})")
_STAMP = "requirements.sha256"


def find_wheels(root: str, name: str) -> str:
    """Return the folder in which the wheels of a function lie."""
    return os.path.join(root, ".carnation", "wheels", name)


def read_requirements(root: str, name: str) -> str:
    """Read a function's requirements; '' if it has none. Each must name an exact version."""
    path = os.path.join(root, "lambdas", name, "requirements.txt")
    if not os.path.exists(path):
        return ""
    text = read_text_file(path)
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        if entry and not entry.startswith(("#", "--hash")) and not _PINNED.match(entry):
            raise WorkflowError(
                f"lambdas/{name}/requirements.txt:{number}: '{entry[:60]}' is not "
                "pinned. Use name==version."
            )
    return text


def find_local_packages(root: str, name: str) -> str:
    """Return the folder in which the packages of a function lie that are for this machine."""
    return os.path.join(root, ".carnation", "packages", name)


def write_local_stamp(folder: str, requirements: str) -> None:
    """Note, in a folder of packages for this machine, what they are the answer to."""
    write_stamp(folder, requirements + _interpreter_tag())


def read_local_packages(root: str, name: str) -> str | None:
    """Return the folder of a function's packages for this machine; None where none were fetched.

    Raises `WorkflowError` where they are of other requirements, or of another Python.
    """
    folder = find_local_packages(root, name)
    if not os.path.isdir(folder):
        return None
    if _read_stamp(folder) != digest(read_requirements(root, name) + _interpreter_tag()):
        raise WorkflowError(
            f"the packages of function '{name}' for this machine are of other requirements, or of "
            f"another Python. Fetch them again with: carnation fetch --local {name}"
        )
    return folder


def has_compiled_wheels(root: str, name: str) -> bool:
    """Return whether a function's wheels for Lambda hold code of its processor."""
    folder = find_wheels(root, name)
    found = os.listdir(folder) if os.path.isdir(folder) else ()
    return any(wheel.endswith(".whl") and not wheel.endswith("-any.whl") for wheel in found)


def _interpreter_tag() -> str:
    import sysconfig  # a build does not ask

    return f"{sys.implementation.cache_tag} {sysconfig.get_platform()}"


def list_missing_pins(requirements: str, wheels: list[str]) -> list[str]:
    """List, as `name==version`, the wheels that no line of the requirements names.

    >>> list_missing_pins("requests==2.32.0", ["requests-2.32.0-x.whl", "idna-3.7-x.whl"])
    ['idna==3.7']
    """
    named = {
        _normalized(re.split(r"[=\[]", line.strip())[0])
        for line in requirements.splitlines()
        if _PINNED.match(line.strip())
    }
    found = [wheel.split("-")[:2] for wheel in sorted(wheels)]
    return [f"{name}=={version}" for name, version in found if _normalized(name) not in named]


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_wheels(root: str, name: str) -> dict[str, bytes]:
    """Read the files of a function's wheels, as they lie when installed: path to content.

    Raises `WorkflowError` where the requirements were not fetched, or have changed since.
    """
    requirements = read_requirements(root, name)
    if not requirements:
        return {}
    folder = find_wheels(root, name)
    if _read_stamp(folder) != digest(requirements):
        raise WorkflowError(
            f"the requirements of function '{name}' have not been fetched, or have changed since. "
            f"Fetch them with: carnation fetch {name}"
        )
    wheels = _read_files(folder)
    _check_wheels(name, wheels, _read_record(folder), _HASH.findall(requirements))
    files: dict[str, bytes] = {}
    for wheel, content in wheels.items():
        files.update(_unpack(os.path.join(folder, wheel), content))
    return files


def _read_files(folder: str) -> dict[str, bytes]:
    found = {}
    for wheel in sorted(entry for entry in os.listdir(folder) if entry.endswith(".whl")):
        with open(os.path.join(folder, wheel), "rb") as file:
            found[wheel] = file.read()
    return found


def _check_wheels(
    name: str, wheels: dict[str, bytes], record: dict[str, str], allowed: list[str]
) -> None:
    """Reject wheels that are not those that were fetched, or that the requirements allow."""
    for wheel in sorted({*wheels, *record}):
        found = digest(wheels[wheel]) if wheel in wheels else None
        if found is None:
            problem = "was removed since it was fetched"
        elif wheel not in record:
            problem = "was not fetched by carnation fetch"
        elif found != record[wheel]:
            problem = f"has changed since it was fetched: SHA-256 {found}, not {record[wheel]}"
        elif allowed and found not in allowed:
            problem = f"has the SHA-256 {found}, which no --hash of its requirements allows"
        else:
            continue
        raise WorkflowError(
            f".carnation/wheels/{name}/{wheel} {problem}. Fetch it again with: "
            f"carnation fetch {name}"
        )


def _read_stamp(folder: str) -> str:
    return next(iter(_read_lines(folder)), "")


def _read_record(folder: str) -> dict[str, str]:
    """Read the SHA-256 of each wheel that was fetched, by its name."""
    pairs = (line.split("  ", 1) for line in _read_lines(folder)[1:] if "  " in line)
    return {wheel: found for found, wheel in pairs}


def _read_lines(folder: str) -> list[str]:
    try:
        with open(os.path.join(folder, _STAMP), encoding="utf-8") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def write_stamp(folder: str, requirements: str) -> None:
    """Note, in a folder of wheels, which requirements they are the answer to, and their SHA-256."""
    with open(os.path.join(folder, _STAMP), "w", encoding="utf-8") as file:
        file.write(digest(requirements) + "\n")
        for wheel, content in _read_files(folder).items():
            file.write(f"{digest(content)}  {wheel}\n")


def _unpack(wheel: str, content: bytes) -> dict[str, bytes]:
    """Read a wheel's files; those of its `.data` folder go where installing would put them.

    Source: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    from io import BytesIO
    from zipfile import BadZipFile, ZipFile  # only functions with requirements pay for it

    files: dict[str, bytes] = {}
    try:
        with ZipFile(BytesIO(content)) as archive:
            for path in archive.namelist():
                parts = path.split("/")
                if parts[0].endswith(".data"):
                    if parts[1] not in ("purelib", "platlib"):
                        continue  # scripts, headers: nothing a function imports
                    parts = parts[2:]
                if path.endswith("/"):
                    continue
                if ".." in parts or path.startswith("/"):
                    raise WorkflowError(f"{wheel} holds '{path}', which leaves its folder.")
                files["/".join(parts)] = archive.read(path)
    except BadZipFile as error:
        raise WorkflowError(
            f"invalid wheel {wheel}: {error}. Run `carnation fetch` again."
        ) from error
    return files
