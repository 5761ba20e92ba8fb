"""Reading files of others: devices, pipes, links, and what is no JSON."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from carnation.document import read_document, read_file, read_inner_file
from carnation.errors import DocumentError


@pytest.mark.parametrize("name", ["pipe.json", "device.json", "folder.json", "loop.json"])
def test_what_is_no_file_is_one_clear_error(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "device.json").symlink_to("/dev/zero")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "loop.json").symlink_to("loop.json")
    with pytest.raises(DocumentError, match=f"{name}: "):
        read_document(str(tmp_path / name))


def test_what_a_shell_gives_as_a_file_is_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"{}")
    os.close(writing)
    assert read_file(f"/dev/fd/{reading}") == b"{}"
    os.close(reading)


@pytest.mark.parametrize("verb", ["lint", "draw", "estimate"])
def test_a_command_reads_what_a_shell_gives_and_says_of_a_pipe_what_it_is(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe.asl.json")
    command = import_module(f"carnation.cli.{verb}")
    assert command.main([str(tmp_path / "pipe.asl.json")]) != 0
    said = "".join(capsys.readouterr())
    assert "not a regular file" in said
    assert "not found" not in said
    reading, writing = os.pipe()
    os.write(writing, b'{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    os.close(writing)
    assert command.main([f"/dev/fd/{reading}"]) == 0
    os.close(reading)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inner = tmp_path / "build"
    inner.mkdir()
    (inner / "own.json").write_text("{}")
    (inner / "near.json").symlink_to("own.json")
    (inner / "far.json").symlink_to("/etc/hostname")
    assert read_inner_file(str(inner / "near.json"), str(inner)) == b"{}"
    with pytest.raises(DocumentError, match="a link out of its folder"):
        read_inner_file(str(inner / "far.json"), str(inner))


def test_half_a_document_is_a_value_error_where_nothing_has_loaded_json_yet() -> None:
    """Before Python 3.12 the C scanner takes its exception from a module it does not load."""
    program = (
        "from carnation.document.json_reader import load_json\n"
        "try: load_json('{', object_pairs_hook=dict, parse_constant=str, parse_float=float)\n"
        "except ValueError: print('ValueError')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "ValueError\n", done.stderr
