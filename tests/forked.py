"""A pytest of its own, in a fork of this process: what is loaded here is not loaded once more."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import warnings
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO, NoReturn

import pytest

# what tells a pytest that it is a worker of another one, and what this one was told
_OURS = ("PYTEST_", "SLIPCOVER_")


def run_pytest(folder: Path, *words: str) -> CompletedProcess[str]:
    """Do what `python -m pytest WORDS` does in a folder; gives its status and what it prints."""
    sys.stdout.flush()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 3.12 and later warn of a fork beside threads
            child = os.fork()
        if not child:
            _run(folder, words, printed)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        printed.seek(0)
        return CompletedProcess(words, status, printed.read(), "")


def _run(folder: Path, words: tuple[str, ...], printed: IO[str]) -> NoReturn:
    status = 70
    gc.freeze()  # to look through what is loaded would copy it all
    measured = next((one.sci for one in sys.meta_path if hasattr(one, "sci")), None)
    if measured is not None:  # nor does SlipCover look through it: what is measured here is lost
        measured.deinstrument_seen = lambda: None
    try:
        for number in (1, 2):
            os.dup2(printed.fileno(), number)
        sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8")  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = os.fdopen(2, "w", encoding="utf-8")  # type: ignore[misc]
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        for name in [name for name in os.environ if name.startswith(_OURS)]:
            del os.environ[name]
        warnings.resetwarnings()
        status = int(pytest.main(["-p", "no:cacheprovider", *words]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
