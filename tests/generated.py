"""Tables that scripts make of botocore's models: all are checked in one process, which reads them.

To read the models takes seven seconds, so that each of them is read once for all scripts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "scripts"
NAMES = ("write_apis", "write_clients", "write_errors", "write_iam")
PROGRAM = """
import functools, gc, importlib, json, sys
from botocore.loaders import Loader
gc.disable()
Loader.load_service_model = functools.cache(Loader.load_service_model)
shared = Loader()
import botocore.session
botocore.session.create_loader = lambda *_: shared
folder, *names = sys.argv[1:]
sys.argv[1:] = ["--check"]
sys.path.insert(0, folder)
print(json.dumps({name: importlib.import_module(name).main() for name in names}))
"""


@cache
def check_tables() -> dict[str, int]:
    """Give what each script says of its table: 0 where the table is current."""
    command = [sys.executable, "-c", PROGRAM, str(SCRIPTS), *NAMES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return answers
