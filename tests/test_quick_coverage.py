"""SlipCover made quicker prepares a module as SlipCover does."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import CodeType

import pytest

pytest.importorskip("slipcover")

import slipcover.branch
import slipcover.slipcover

from tests import quick_coverage

FILES = ("tests/test_quick_coverage.py", "carnation/engine/execution.py", "carnation/records.py")
EVERY_KIND = '''
"""A module with each kind of statement."""
import os
x: int
y: list[int] = [a for a in range(3) if a]
class C(dict[str, int]):
    """A class."""
    z: str
    w: int = 3
    def f(self, a=lambda b: b if b else 1, *c, d: int = 2) -> int:
        for e in c:
            if e: continue
            elif not e: break
        else:
            while a: a = None
            else: pass
        try: return d
        except (KeyError, ValueError) as error: raise OSError from error
        else: del d
        finally: print(x)
async def g():
    async with h() as i, j: yield i
    async for k in l: await k
    match m:
        case {"n": [o, *p]} if o: q = r = s
        case C(z=1) | None: t += 1
        case _: global u; assert u, "v"
'''


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have SlipCover as it is, whoever made it quicker in this process."""
    monkeypatch.setattr(slipcover.branch, "ast", ast)
    monkeypatch.setattr(
        slipcover.slipcover,
        "_get_annotation_only_lines",
        quick_coverage.find_annotation_lines_slowly,
    )


def list_codes(code: CodeType) -> list[CodeType]:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return [code, *(found for one in inner for found in list_codes(one))]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="SlipCover needs no lines from 3.12 on")
@pytest.mark.parametrize("name", ["every kind", *FILES])
def test_a_module_is_prepared_as_slipcover_does(
    name: str, plain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parents[1]
    source = EVERY_KIND if name == "every kind" else (root / name).read_text(encoding="utf-8")
    expected = slipcover.branch.preinstrument(ast.parse(source))
    whole = list_codes(compile(expected, "x.py", "exec"))
    lines = [slipcover.slipcover._get_annotation_only_lines(code) for code in whole]
    quick_coverage.hasten()
    made = slipcover.branch.preinstrument(ast.parse(source))
    codes = list_codes(compile(made, "x.py", "exec"))
    assert [list(code.co_positions()) for code in codes] == [
        list(code.co_positions()) for code in whole
    ]
    assert [code.co_code for code in codes] == [code.co_code for code in whole]
    assert [set(slipcover.slipcover._get_annotation_only_lines(code)) for code in codes] == [
        set(found) for found in lines
    ]
