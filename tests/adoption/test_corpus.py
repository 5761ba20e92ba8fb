"""Adoption of the corpus of published definitions, which lies beside the repository."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carnation.adoption import find_difference, read_sources, render_module
from carnation.sources import read_target
from tests.conftest import ROOT
from tests.depth import every

CORPUS = next((f / "shared" / "corpus" for f in ROOT.parents[:2] if (f / "shared").exists()), None)
pytestmark = pytest.mark.skipif(CORPUS is None, reason="needs ../shared/corpus")


def list_valid() -> list[str]:
    assert CORPUS is not None
    return sorted(str(path) for path in (CORPUS / "valid").rglob("*") if path.is_file())


def list_inexact(stride: int) -> Iterator[str]:
    for path in list_valid()[::stride]:
        for source in read_sources(read_target(path)):
            text = render_module(source.definition, source.name, source.origin, source.remarks)
            difference = find_difference(source.definition, text)
            if difference is not None:
                yield f"{path}{difference.pointer}: {difference.message}"


@every(3)
def test_every_valid_definition_comes_back_from_its_module(stride: int) -> None:
    assert len(list_valid()) == 908
    assert list(list_inexact(stride)) == []
