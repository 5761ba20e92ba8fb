"""Build the wheel and the source distribution; the same files give the same bytes.

Run as `python scripts/build_dist.py FOLDER`, where `build` is installed. What would differ between
machines (times, owners, permissions, order) is fixed afterwards.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TIME = 315532800  # 1980-01-01, the first that a zip can hold


def main() -> int:
    """Build both into a folder, and print their names."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--outdir", folder, str(ROOT)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        for path in sorted(Path(folder).iterdir()):
            fix = fix_wheel if path.suffix == ".whl" else fix_source
            (target / path.name).write_bytes(fix(path.read_bytes()))
            print(target / path.name)
    return 0


def fix_wheel(content: bytes) -> bytes:
    """Write a wheel again with fixed times and permissions, its own order by name."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (".dist-info/" in name, name)):
            entry = zipfile.ZipInfo(name)  # 1980-01-01
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return result.getvalue()


def fix_source(content: bytes) -> bytes:
    """Write a source distribution again with fixed times, owners, permissions, and order.

    setuptools writes a setup.cfg without comments into it; this one has ours.
    """
    result = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content)) as old,
        gzip.GzipFile(fileobj=result, mode="wb", filename="", mtime=_TIME) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            file = old.extractfile(member) if member.isfile() else None
            data = file.read() if file else b""
            if member.name.count("/") == 1 and member.name.endswith("/setup.cfg"):
                data = (ROOT / "setup.cfg").read_bytes()
            entry = tarfile.TarInfo(member.name)
            entry.type, entry.size, entry.mtime = member.type, len(data), _TIME
            entry.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            new.addfile(entry, io.BytesIO(data) if file else None)
    return result.getvalue()


if __name__ == "__main__":
    sys.exit(main())
