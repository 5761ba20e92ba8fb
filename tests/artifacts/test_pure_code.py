"""What a definition may name, so that the build cache has seen all that it reads."""

from __future__ import annotations

import sys
import textwrap
from importlib import import_module
from types import ModuleType

import pytest

import carnation.workflow
from carnation.artifacts.pure_code import read_names

REJECTED = {
    "import time": "time",
    "import random\nrandom.random()": "random.random",
    "import socket": "socket",
    "import subprocess": "subprocess",
    "import sys": "sys",
    "import platform": "platform",
    "import importlib": "importlib",
    "import warnings": "warnings",
    "import pytest": "pytest",
    "import os\nos.environ": "os.environ",
    "import os as o\no.environ": "os.environ",
    "from os import environ": "os.environ",
    "import os\nos.path.exists('x')": "os.path.exists",
    "from os.path import exists": "os.path.exists",
    "from os.path import *": "os.path.*",
    "import os\nfind = os": "os",
    "import os\n'{0.environ}'.format(os)": "os",
    "import os.path as p\np.getmtime('x')": "os.path.getmtime",
    "from pathlib import Path\nPath('x').exists()": "exists",
    "from pathlib import Path\nPath.cwd()": "cwd",
    "from pathlib import Path\nPath('x').resolve()": "resolve",
    "from pathlib import Path\nPath('x').replace('y')": "replace",
    "def f(path):\n    return list(path.glob('*'))": "glob",
    "from datetime import date\ndate.today()": "today",
    "import datetime\ndatetime.datetime.now()": "now",
    "from uuid import uuid4": "uuid.uuid4",
    "from decimal import getcontext": "decimal.getcontext",
    "from operator import attrgetter": "operator.attrgetter",
    "from types import FunctionType": "types.FunctionType",
    "from typing import get_type_hints": "typing.get_type_hints",
    "import collections\ncollections._sys": "_sys",
    "import enum\nenum.bltns": "enum.bltns",
    "import enum\nenum.sys": "enum.sys",
    "__import__('time')": "__import__",
    "eval('1')": "eval",
    "exec('1')": "exec",
    "compile('1', '', 'eval')": "compile",
    "print('made')": "print",
    "hash('a')": "hash",
    "id(1)": "id",
    "breakpoint()": "breakpoint",
    "globals()": "globals",
    "getattr(1, 're' + 'al')": "getattr",
    "from pathlib import Path\ngetattr(Path('x'), 'exists')()": "exists",
    "(lambda: 1).__globals__": "__globals__",
    "().__class__.__subclasses__()": "__subclasses__",
    "__loader__.path": "__loader__",
    "'{0.__class__}'.format(1)": "__",
    "match 1:\n    case object(exists=x): pass": "exists",
    "def late():\n    import time": "time",
    "class Late:\n    now = staticmethod(lambda: __import__('time'))": "__import__",
    "from carnation import console": "carnation.console",
    "import carnation.console": "carnation.console",
    "from carnation.cli import command": "carnation.cli",
    "from carnation.workflow import load_workflows": "carnation.workflow.load_workflows",
    "from carnation.document import leads_out": "carnation.document.leads_out",
    "from carnation.lazy import load_lazily": "carnation.lazy.load_lazily",
    "import carnation.states.sdk as s\ns.os": "carnation.states.sdk.os",
    "from carnation.states.sdk import os": "carnation.states.sdk.os",
    "from definitions._own import os": "definitions._own.os",
    "from definitions import _own\n_own.sys": "definitions._own.sys",
    "from definitions._own import wf\nwf.find_root('.')": "carnation.workflow.find_root",
    "from definitions._own import *\nwf.find_root('.')": "carnation.workflow.find_root",
    "from definitions import _own\n_own.wf.find_root('.')": "carnation.workflow.find_root",
    "from definitions import _foreign": "definitions._foreign",
    "from troposphere import *\nsys.argv": "sys.argv",
    "g = getattr": "getattr",
    "from functools import reduce\nreduce(getattr, ['exists'], 1)": "getattr",
    "import yaml\nyaml.unsafe_load('a')": "yaml.unsafe_load",
    "import yaml\nyaml.add_constructor('!a', 1)": "yaml.add_constructor",
    "import json\njson.JSONEncoder.default = 1": "default",
    "from json import JSONEncoder\nJSONEncoder.default = 1": "default",
    "move = 'a'.replace": "replace",
    "from datetime import datetime\ndatetime(2000, 1, 1).strftime('%s')": "strftime",
    "other._private": "_private",
    "class One:\n    __match_args__ = ('exists',)": "__match_args__",
    "TYPE_CHECKING = True\nif TYPE_CHECKING:\n    import time": "TYPE_CHECKING",
    "__name__ = '__main__'": "__name__",
}
PURE = [
    "import json\njson.loads('1')",
    "import os\nos.path.join(os.path.dirname(__file__), 'x')",
    "import os\nos.path.join(os.path.dirname(os.path.abspath(__file__)), 'x')",
    "from os.path import dirname, join\njoin(dirname(__file__), 'x')",
    "from pathlib import Path\n(Path(__file__).parent / 'x').read_text().replace('a', 'b')",
    "from pathlib import Path\nPath(__file__).resolve().parent",
    "with open(__file__) as file:\n    TEXT = file.read()",
    "from datetime import timedelta\ntimedelta(days=1).total_seconds()",
    "from decimal import Decimal\nDecimal('1')",
    "from uuid import NAMESPACE_DNS, uuid5\nuuid5(NAMESPACE_DNS, 'x')",
    "from urllib.parse import quote\nquote('x')",
    "import yaml\nyaml.safe_load('a: 1')",
    "from troposphere import Ref, s3\ns3.Bucket('B')",
    "from troposphere.s3 import *",
    "from carnation import Workflow",
    "from carnation.resources import Function, Table\nFunction('f', 'F').invoke('S').id",
    "from carnation.states import *",
    "from carnation.document import read_document",
    "import definitions._own\ndefinitions._own.STATE",
    "from definitions import _own\n_own.STATE",
    "from definitions._not_there import STATE",
    "from . import _own",
    "try:\n    import not_there_at_all\nexcept ImportError: pass",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import time",
    "if __name__ == '__main__':\n    print('made')",
    "class Own:\n    def __init__(self):\n        self._x = 1\n    def f(self): return self._x",
    "def f(id, input):\n    return id + input",
    "stat = 2\nconsole = 1\nqueue = stat + console",
    "from dataclasses import dataclass\n@dataclass\nclass One:\n    a: int = 1",
    "getattr(1, 'real')",
    "import re\nre.match('(a)', 'a').group(1)",
    "import collections.abc\ncollections.abc.Mapping",
    "from datetime import datetime, timezone\ndatetime(2000, 1, 1).replace(tzinfo=timezone.utc)",
    "from definitions import _own\n_own._private()",
    "class One:\n    def __init__(self): self._x = 1\n    def __eq__(self, other): return other._x",
    "__version__ = '1'\nclass One:\n    __slots__ = ()",
    "TEXT = '{\"__type\": 1}'",
    "from pathlib import Path\nPath(__file__).parent.resolve()",
    "from pathlib import Path\n(Path(__file__).parent / '..').resolve()",
    "from pathlib import Path\nPath(__file__).absolute().parents[1]",
    "import os\nos.path.abspath(os.path.join(os.path.dirname(__file__), '..'))",
    "from io import StringIO\nStringIO().write('a')",
    "from carnation.resources import Table\nTable('t', key='id').grants.write()",
]


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let helpers be loaded, one of them from elsewhere, and what sources import."""
    import_module("yaml")
    import_module("carnation.stacks")
    for name in ("definitions", "definitions._own", "definitions._foreign"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    loaded = sys.modules["definitions._own"]
    loaded.wf = carnation.workflow  # type: ignore[attr-defined]
    loaded.sys = sys  # type: ignore[attr-defined]


OWN = ["definitions", "definitions._own"]


@pytest.mark.parametrize("source", REJECTED)
def test_what_may_read_more_than_files_is_rejected_with_its_line(source: str) -> None:
    line = 2 if "\n" in source and not source.startswith("import warnings") else 1
    reason = read_names(source.encode(), OWN).reason
    assert reason.partition(": ")[2] == REJECTED[source]
    number = int(reason.partition(":")[0].removeprefix("line "))
    assert number in (1, line)


@pytest.mark.parametrize("source", PURE)
def test_what_reads_nothing_or_files_is_none(source: str) -> None:
    for name in ("console", "stat", "queue"):
        sys.modules.get(name)
    assert read_names(textwrap.dedent(source).encode(), OWN).reason == ""


def test_imports_are_listed_wherever_they_are() -> None:
    source = b"import a.b\nfrom c import d\ndef f():\n    from e.f import g\n    from . import h\n"
    assert read_names(source).imports == {"a", "c", "e"}
