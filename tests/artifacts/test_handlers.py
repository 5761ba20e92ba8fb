from __future__ import annotations

import pytest

from carnation.artifacts.handlers import check_handler
from carnation.errors import WorkflowError
from carnation.resources import Function

HANDLE = "def handle(event, context): ...\n"


def check(
    files: dict[str, str], wheels: dict[str, str] | None = None, function: Function | None = None
) -> None:
    own = {path: text.encode() for path, text in files.items()}
    more = {path: text.encode() for path, text in (wheels or {}).items()}
    check_handler(function or Function("greet"), own, more)


def reject(files: dict[str, str], function: Function | None = None) -> str:
    with pytest.raises(WorkflowError) as caught:
        check(files, function=function)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        HANDLE,
        "handle = lambda event, context: event\n",
        "from work import handle\n",
        "from work import *\n",
        "if True:\n    from work import run as handle\n",
        "import json, boto3\nfrom botocore.config import Config\n" + HANDLE,
        "try:\n    import orjson\nexcept ImportError:\n    orjson = None\n" + HANDLE,
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests\n" + HANDLE,
        "import tiny.inner\n" + HANDLE,
        "from . import work\nfrom .work import x\n" + HANDLE,
        "import native\n" + HANDLE,
    ],
)
def test_what_lambda_could_load_is_accepted(text: str) -> None:
    wheels = {"tiny/inner.py": "import whatever", "native.cpython-313-x86_64-linux-gnu.so": ""}
    check({"handler.py": text, "work.py": "x = 1\n"}, wheels)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def handle(event, context:\n    return event\n", "lambdas/greet/handler.py:1"),
        (HANDLE + "x = 1\n y = 2\n", "lambdas/greet/handler.py:3"),
        ("def handel(event, context): ...\n", "Did you mean 'handel'?"),
        ("class A:\n    def handle(self): ...\n", "defines no 'handle'"),
        (HANDLE + "import requests\n", "handler.py:2 imports 'requests'"),
        (HANDLE + "def run():\n    import requests.auth\n", "handler.py:3 imports 'requests'"),
        ("from work import handle\n", "lambdas/greet/work.py:2 imports 'yaml'"),
        ("from . import work\n" + HANDLE, "lambdas/greet/work.py:2 imports 'yaml'"),
        ("try:\n    import a\nexcept KeyError:\n    pass\n" + HANDLE, "handler.py:2 imports 'a'"),
    ],
)
def test_what_lambda_could_not_load_is_rejected_with_its_line(text: str, found: str) -> None:
    files = {"handler.py": text, "work.py": "x = 1\nimport yaml\n", "unused.py": "import what\n"}
    assert found in reject(files)


def test_another_handler_is_read_where_it_is_and_layers_may_hold_what_is_missing() -> None:
    function = Function("greet", handler="app/main.run", layers=["arn:aws:lambda:::layer:x:1"])
    check({"app/main.py": "import numpy\ndef run(event, context): ...\n"}, function=function)
    assert "lambdas/greet/app/main.py" in reject({"handler.py": HANDLE}, function)
