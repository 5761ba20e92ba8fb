"""Write `carnation/services/actions.txt` anew from botocore's models.

One line for each service: its name as the AWS SDK for Java 2 spells it, then its actions, each with
the parameters that it needs. Run as `python scripts/write_actions.py`; with `--check` it only says
whether the file is current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import botocore.session

TARGET = Path(__file__).parents[1] / "carnation" / "services" / "actions.txt"


def spell_service(service_id: str) -> str:
    """Spell a service as the Java SDK names its package."""
    name = re.sub(r"^(Amazon|AWS) | (Service)$", "", service_id)
    return re.sub(r"[^a-z0-9]", "", name.lower())


def spell_parameter(name: str) -> str:
    """Spell a parameter as the Java SDK does: runs of capitals folded, the first letter capital."""
    name = name[0].upper() + name[1:]
    folded = re.sub(r"[A-Z]{2,}(?=[A-Z][a-z])|[A-Z]{2,}", lambda run: run[0].capitalize(), name)
    return folded


def list_services() -> Iterator[tuple[str, list[str]]]:
    """Yield each service with its actions and what they need."""
    session = botocore.session.get_session()
    for name in session.get_available_services():
        model = session.get_service_model(name)
        actions = []
        for operation in sorted(model.operation_names):
            shape = model.operation_model(operation).input_shape
            needed = sorted(map(spell_parameter, shape.required_members)) if shape else []
            action = operation[0].lower() + operation[1:]
            actions.append(f"{action}({','.join(needed)})" if needed else action)
        yield spell_service(model.metadata.get("serviceId", name)), actions


def make_text() -> str:
    """Make the whole file."""
    services: dict[str, list[str]] = {}
    for service, actions in list_services():
        services.setdefault(service, []).extend(actions)
    lines = [f"{service} {' '.join(actions)}" for service, actions in sorted(services.items())]
    return "\n".join(["# scripts/write_actions.py", *lines]) + "\n"


def main() -> int:
    """Write the file, or compare it."""
    text = make_text()
    if "--check" in sys.argv:
        return 0 if TARGET.read_text() == text else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
