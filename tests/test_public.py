"""The public names: none is added or removed unnoticed (docs/compatibility.md)."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

LIST = Path(__file__).parent / "public_names.txt"
PAGE = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")


def read_list() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        package, _, names = line.partition(": ")
        found[package] = names.split()
    return found


PUBLIC = read_list()


@pytest.mark.parametrize("package", PUBLIC)
def test_a_public_package_has_the_names_of_the_list(package: str) -> None:
    """After a change that is meant, correct the list and name the change in CHANGELOG.md."""
    module = importlib.import_module(package)
    assert sorted(module.__all__) == PUBLIC[package]
    assert [name for name in PUBLIC[package] if not hasattr(module, name)] == []


def test_the_page_and_the_list_name_the_same_packages() -> None:
    assert set(re.findall(r"`(carnation(?:\.[a-z_.]+)?)`", PAGE)) == set(PUBLIC)
