"""Fetch the schema of SARIF 2.1.0 into `.cache/`, for the test that validates our reports.

Run as `python scripts/fetch_sarif_schema.py`. The schema lies in the source distribution of
sarif-om (Microsoft, MIT), not in its wheel, so pip downloads that one; its digest is checked.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / ".cache" / "sarif-schema-2.1.0.json"
SOURCE = "sarif_om==1.0.4"
MEMBER = "sarif_om-1.0.4/sarif-2.1.0-rtm.4.json"
DIGEST = "49729d5909e2b1b976621a29dcebef22e57c78c20d469dfe6c7f15f759904f61"


def main() -> int:
    """Download, compare, write."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, "-d", folder, SOURCE], check=True)  # noqa: S603  nothing from outside
        with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as archive:
            member = archive.extractfile(MEMBER)
            data = member.read() if member else b""
    if hashlib.sha256(data).hexdigest() != DIGEST:
        print(f"{SOURCE} holds another schema than the one looked at. Look at it.", file=sys.stderr)
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
