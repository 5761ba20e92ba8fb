"""The wheel and the source distribution have the same bytes, whoever builds them."""

from __future__ import annotations

import importlib.util
import io
import tarfile
import zipfile
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_build", ROOT / "scripts" / "build_dist.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_wheel(names: list[str], year: int, mode: int) -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as wheel:
        for name in names:
            entry = zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0))
            entry.external_attr = mode << 16
            wheel.writestr(entry, name)
    return result.getvalue()


def make_source(names: list[str], time: int, mode: int) -> bytes:
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w:gz") as source:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.mode, entry.size, entry.uname = time, mode, len(name), str(time)
            source.addfile(entry, io.BytesIO(name.encode()))
    return result.getvalue()


def test_times_permissions_owners_and_order_leave_no_trace(script: ModuleType) -> None:
    names = ["a-0.dist-info/RECORD", "a/x.py", "a/b.py"]
    wheels = [make_wheel(names, 2001, 0o644), make_wheel(names[::-1], 2020, 0o664)]
    sources = [make_source(names, 1, 0o644), make_source(names[::-1], 2, 0o664)]

    assert script.fix_wheel(wheels[0]) == script.fix_wheel(wheels[1])
    assert script.fix_source(sources[0]) == script.fix_source(sources[1])


def test_a_wheel_keeps_its_files_and_ends_with_its_metadata(script: ModuleType) -> None:
    fixed = script.fix_wheel(make_wheel(["a-0.dist-info/RECORD", "a/x.py"], 2001, 0o644))
    with zipfile.ZipFile(io.BytesIO(fixed)) as wheel:
        assert wheel.namelist() == ["a/x.py", "a-0.dist-info/RECORD"]
        assert wheel.read("a/x.py") == b"a/x.py"
