"""The resource schemas that cfn-lint carries, and files written from them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cfnlint

DATA = Path(cfnlint.__file__).parent / "data"
SERVICES = Path(__file__).parents[1] / "carnation" / "services"
REGION = "us-east-1"  # which has every type there is


def read_names() -> dict[str, str]:
    """Read the types there are, each with the key of its schema."""
    names: dict[str, str] = json.loads(
        (DATA / "schemas" / "providers" / f"{REGION}.json").read_text("utf-8")
    )
    return names


def read_schema(key: str) -> Mapping[str, Any]:
    """Read a schema."""
    schema: Mapping[str, Any] = json.loads(
        (DATA / "schemas" / "resources" / f"{key}.json").read_text("utf-8")
    )
    return schema


def write_lines(name: str, script: str, lines: Iterable[str]) -> int:
    """Write a file of `services`, or with `--check` say whether it is current."""
    target, text = SERVICES / name, "\n".join([f"# scripts/{script}", *lines, ""])
    if "--check" in sys.argv:
        return int(target.read_text("utf-8") != text)
    target.write_text(text, "utf-8")
    return 0
