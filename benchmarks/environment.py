"""A plain environment to measure in: this project installed as a user does, and nothing else.

Editable installs and coverage's start-up file make every process of an environment slower, `python
-c pass` too, so ratios measured there say little. The environment lies in `.venv-benchmarks/plain`;
it is made when it is missing, or when the sources are newer. Making it needs a package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAIN = ROOT / ".venv-benchmarks" / "plain"
_EXTRAS = "sdk,jsonata,yaml"


def make_environment(
    folder: Path = PLAIN, *, extras: str = _EXTRAS, packages: Sequence[str] = ()
) -> str:
    """Give the Python of a plain environment that has this project as it is now.

    With its `extras`, and with other `packages`.
    """
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.stat().st_mtime < _find_newest():
        print(f"installing the project into {folder} …", file=sys.stderr)
        _install(folder, python, extras, packages)
        stamp.touch()
    return str(python)


def _find_newest() -> float:
    files = [path for path in (ROOT / "carnation").rglob("*") if path.is_file()]
    sources = [path for path in files if "__pycache__" not in path.parts]
    return max(path.stat().st_mtime for path in (*sources, ROOT / "setup.cfg"))


def _install(folder: Path, python: Path, extras: str, packages: Sequence[str]) -> None:
    """Install a copy of the sources, so that what a build of a wheel leaves behind is not here."""
    import venv  # build.py measures memory, and is to hold little itself

    if not python.exists():
        venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    with tempfile.TemporaryDirectory(prefix="carnation-wheel-") as copy:
        for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
            shutil.copy(ROOT / name, copy)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "carnation", Path(copy) / "carnation", ignore=ignored)
        if not (folder / "installed").exists():
            subprocess.run([*pip, f"{copy}[{extras}]", *packages], check=True)
        else:  # the version is the same, the sources are not
            subprocess.run([*pip, "--force-reinstall", "--no-deps", copy], check=True)
