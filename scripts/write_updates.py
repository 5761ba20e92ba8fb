"""Write `carnation/services/updates.txt` again from the resource schemas that cfn-lint carries.

One line for each resource type that has something to tell: `*` where it is stateful, then the
properties whose change replaces the resource, and, behind `?`, those whose change may. Run as
`python scripts/write_updates.py`; with `--check` it only says whether the file is current.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from schemas import DATA, read_names, read_schema, write_lines


def list_types() -> Iterator[str]:
    """Yield the line of each type."""
    stateful = json.loads((DATA / "AdditionalSpecs" / "StatefulResources.json").read_text("utf-8"))
    holding = set(stateful["ResourceTypes"])
    for name, key in sorted(read_names().items()):
        schema = read_schema(key)
        words = ["*"] if name in holding else []
        words += list_properties(schema, "createOnlyProperties", "")
        words += list_properties(schema, "conditionalCreateOnlyProperties", "?")
        if words:
            yield " ".join([name, *words])


def list_properties(schema: Mapping[str, Any], field: str, mark: str) -> list[str]:
    """List the properties that a field of a schema names, as ways into the resource."""
    found = {pointer.removeprefix("/properties/") for pointer in schema.get(field, ())}
    return [
        mark + name.replace("/properties/", "/").replace("/items/", "/*/") for name in sorted(found)
    ]


if __name__ == "__main__":
    sys.exit(write_lines("updates.txt", "write_updates.py", list_types()))
