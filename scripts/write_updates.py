"""Write `carnation/services/updates.txt` anew from the resource schemas that cfn-lint carries.

One line for each resource type that has something to tell: `*` where it is stateful, then the
properties whose change replaces the resource, and, behind `?`, those whose change may. Run as
`python scripts/write_updates.py`; with `--check` it only says whether the file is current.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint

DATA = Path(cfnlint.__file__).parent / "data"
TARGET = Path(__file__).parents[1] / "carnation" / "services" / "updates.txt"
REGION = "us-east-1"  # which has every type there is


def list_types() -> Iterator[str]:
    """Yield the line of each type."""
    names = json.loads((DATA / "schemas" / "providers" / f"{REGION}.json").read_text("utf-8"))
    stateful = json.loads((DATA / "AdditionalSpecs" / "StatefulResources.json").read_text("utf-8"))
    holding = set(stateful["ResourceTypes"])
    for name, key in sorted(names.items()):
        path = DATA / "schemas" / "resources" / f"{key}.json"
        schema = json.loads(path.read_text("utf-8"))
        words = ["*"] if name in holding else []
        words += list_properties(schema, "createOnlyProperties", "")
        words += list_properties(schema, "conditionalCreateOnlyProperties", "?")
        if words:
            yield " ".join([name, *words])


def list_properties(schema: dict[str, Any], field: str, mark: str) -> list[str]:
    """List the properties that a field of a schema names, as ways into the resource."""
    found = {pointer.removeprefix("/properties/") for pointer in schema.get(field, ())}
    return [
        mark + name.replace("/properties/", "/").replace("/items/", "/*/") for name in sorted(found)
    ]


def main() -> int:
    """Write the file, or say whether it is current."""
    text = "\n".join(["# scripts/write_updates.py", *list_types(), ""])
    if "--check" in sys.argv:
        return int(TARGET.read_text("utf-8") != text)
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
