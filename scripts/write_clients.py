"""Write `carnation/services/clients.txt` again: what each service is called.

From botocore's models, one line for each service: as Step Functions spells it behind `aws-sdk:`,
as the Java SDK calls its client, and as botocore does. Run as `python scripts/write_clients.py`;
with `--check` it only says whether the file is current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import botocore
import botocore.session

sys.path.insert(0, str(Path(__file__).parent))
from write_apis import render_service

TARGET = Path(__file__).parents[1] / "carnation" / "services" / "clients.txt"


def client_name(service_id: str) -> str:
    """Name the client in the Java SDK: each word of the service's ID has one capital.

    >>> client_name("ACM PCA"), client_name("DynamoDB"), client_name("IoT Data Plane")
    ('AcmPca', 'DynamoDb', 'IotDataPlane')
    """
    text = re.sub(r"[^A-Za-z0-9]+", " ", service_id.replace("IoT", "Iot"))
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    return "".join(word[:1].upper() + word[1:].lower() for word in text.split())


def make_lines() -> Iterator[str]:
    """Yield a line for each service, by name."""
    session = botocore.session.get_session()
    found: dict[str, str] = {}
    for name in session.get_available_services():
        model = session.get_component("data_loader").load_service_model(name, "service-2")
        service = model["metadata"].get("serviceId", name)
        found.setdefault(render_service(service), f"{client_name(service)} {name}")
    for service, names in sorted(found.items()):
        yield f"{service} {names}"


def main() -> int:
    """Write the file, or compare what it holds."""
    lines = list(make_lines())
    if "--check" in sys.argv:
        return 0 if TARGET.read_text(encoding="utf-8").splitlines()[1:] == lines else 1
    origin = f"# scripts/write_clients.py botocore {botocore.__version__}"
    TARGET.write_text("\n".join([origin, *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
