"""docs/library.md: each pipeline is one call, and each example runs."""

from __future__ import annotations

import contextlib
import io
import re

import pytest

from carnation.emulator import Emulator
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

_PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^## ([\w ]+)$(?:(?!^## ).)*?```python\n(.*?)```", _PAGE, re.M | re.S))
PRINTED = {
    "Build": r"orders 0\.1\.0 \d+\n",
    "Lint": r"1 (None|note|warning) \[\]\n",
    "Diff": r"\[\]\n",
    "Estimate": r"\[[1-9]\d*\]\n",
    "Run": r"ValidateOrder (True|False)\n",
    "Deploy": r"shown True True\nexecuted CREATE_COMPLETE\n",
    "Other commands": r"False \[.*\]\n",
}


@pytest.mark.parametrize("command", PRINTED)
def test_each_pipeline_is_a_call_as_the_page_says(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    account = Emulator(in_process=True) if command == "Deploy" else contextlib.nullcontext()
    with account, contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(EXAMPLES[command], f"docs/library.md, {command}", "exec"), {})
    assert re.fullmatch(PRINTED[command], out.getvalue()), out.getvalue()


def test_the_table_names_a_call_for_each_example() -> None:
    calls = re.findall(r"^\| `(\w+)` \| `carnation\.", _PAGE, re.M)
    assert [*map(str.capitalize, calls), "Other commands"] == list(EXAMPLES) == list(PRINTED)
