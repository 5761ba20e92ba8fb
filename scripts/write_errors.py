"""Write `carnation/services/errors.txt` anew from botocore's models: the errors each service names.

One line for each service, spelled as Step Functions spells it, with the names of its errors. Run as
`python scripts/write_errors.py`; with `--check` it only says whether the file is current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import botocore
import botocore.session

sys.path.insert(0, str(Path(__file__).parent))
from write_apis import render_service

TARGET = Path(__file__).parents[1] / "carnation" / "services" / "errors.txt"


def make_lines() -> Iterator[str]:
    """Yield a line for each service, by name."""
    session = botocore.session.get_session()
    errors: dict[str, set[str]] = {}
    for name in session.get_available_services():
        model = session.get_component("data_loader").load_service_model(name, "service-2")
        service = render_service(model["metadata"].get("serviceId", name))
        found = {key for key, shape in model["shapes"].items() if shape.get("exception")}
        errors.setdefault(service, set()).update(found)
    for service, names in sorted(errors.items()):
        yield " ".join([service, *sorted(names)])


def main() -> int:
    """Write the file, or compare what it holds."""
    lines = list(make_lines())
    if "--check" in sys.argv:
        return 0 if TARGET.read_text(encoding="utf-8").splitlines()[1:] == lines else 1
    origin = f"# scripts/write_errors.py botocore {botocore.__version__}"
    TARGET.write_text("\n".join([origin, *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
