from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from carnation.document import (
    Span,
    dump_json,
    join_pointer,
    parse_document,
    read_document,
    split_pointer,
)
from carnation.document.scanner import find_offsets, scan_text
from carnation.errors import DocumentError

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values, st.booleans())
@settings(max_examples=300)
def test_the_scanner_reads_json_as_the_standard_library_does(value: Any, relaxed: bool) -> None:
    for text in (json.dumps(value), dump_json(value)):
        scanned = scan_text(text, "x.json", relaxed=relaxed)
        assert scanned.value == json.loads(text)
        assert not scanned.repeated


@given(values)
@settings(max_examples=200)
def test_everything_has_a_place_and_scalars_are_found_at_themselves(value: Any) -> None:
    text = dump_json(value)
    offsets = scan_text(text, "x.json", relaxed=False).offsets
    waiting = [("", value)]
    while waiting:
        pointer, item = waiting.pop()
        start, end = offsets[pointer]
        if isinstance(item, dict):
            waiting += [(join_pointer(pointer, key), child) for key, child in item.items()]
        elif isinstance(item, list):
            waiting += [(join_pointer(pointer, index), child) for index, child in enumerate(item)]
        else:
            assert json.loads(text[start:end]) == item


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, 'b': 2, \"c\": 3,}", {"a": 1, "b": 2, "c": 3}),
        ("// one\n[1, /* two */ 2,]", [1, 2]),
        ("[.5, +1, 0x1F, -0x1, 5., -.5]", [0.5, 1, 31, -1, 5, -0.5]),
        (r"""['it\'s', 'a "b"', 'a\\', 'tab	']""", ["it's", 'a "b"', "a\\", "tab\t"]),
        ("['a\\\nb', '\\v\\0']", ["ab", "\v\0"]),
        ("[${A}, ${B}${C}]", ["${A}", "${B}${C}"]),
    ],
)
def test_json5_is_read(text: str, value: Any) -> None:
    assert parse_document(text, "x.json5").value == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.json", "", "1:1: this is not valid JSON (the text ends too soon)"),
        ("x.json", '{"a": 1,}', "1:9: this is not valid JSON (unexpected '}')"),
        ("x.json", "[1,\n 2 3]", "2:4: this is not valid JSON (a comma is missing)"),
        ("x.json", '{"a" 1}', "1:6: this is not valid JSON (no ':')"),
        ("x.json", '{"a": 1 "b": 2}', "1:9: this is not valid JSON (a comma is missing)"),
        ("x.json", "{1: 2}", "1:2: this is not valid JSON (a key must be in double quotes)"),
        ("x.json", "{{}: 2}", "1:2: this is not valid JSON (a key is missing)"),
        ("x.json", "[NaN]", "1:2: this is not valid JSON ('NaN' is not a value)"),
        ("x.json", "[Infinity]", "1:2: this is not valid JSON ('Infinity' is not a value)"),
        ("x.json", "// x\n1", "1:1: this is not valid JSON (comments have no place in JSON)"),
        ("x.json", '["\\x"]', "1:2: this is not valid JSON (Invalid \\escape)"),
        ("x.json", "1 2", "1:3: this is not valid JSON (more text after the end)"),
        ("x.json", "]", "1:1: this is not valid JSON (unexpected ']')"),
        ("x.json", "1" * 5000, "1:1: this is not valid JSON (Exceeds the limit"),
        (
            "x.json",
            "[" * 901,
            "1:901: this is not valid JSON (the text nests deeper than 900 levels)",
        ),
        ("x.json5", "['\\u12']", "1:2: this is not valid JSON (the string cannot be read)"),
        ("x.json5", "[0x]", "1:3: this is not valid JSON ('x' is not a value)"),
        ("x.yaml", "", "1:1: the file is empty"),
        ("x.yaml", "a: b: c", "1:5: this is not valid YAML"),
        ("x.yaml", "? [1]\n: 2", "1:3: this YAML cannot be read (a key that is not a string)"),
        ("x.yaml", "a: .nan", "1:4: this YAML cannot be read (JSON has no word for .nan)"),
        ("x.yaml", "a: !!int x", "1:4: this YAML cannot be read ('x' is not a valid int)"),
        ("x.yaml", "a: !!python/name:os.x y", "1:4: this YAML cannot be read (the tag"),
        ("x.yaml", "a: &a [*a]", "1:4: this YAML cannot be read (an alias refers to itself"),
        (
            "x.yaml",
            "<<: 1",
            "1:5: this YAML cannot be read ('<<' merges a value that is not a mapping)",
        ),
        ("x.yaml", "a\x00", "1:1: this is not valid YAML (unacceptable character"),
        ("x.yaml", "[" * 2000, "this is not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_line_and_column(
    name: str, text: str, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(text, name)
    assert str(caught.value).startswith(f"{name}:")
    assert message in str(caught.value)


YAML = """\
Yes: No
number: 12
big: 0x10
when: 2026-01-31T12:00:00Z
nothing: ~
text: "12"
base: &base {x: 1, y: [1.5]}
more:
  <<: *base
  x: 2
again: *base
queue: !GetAtt Queue.Arn
name: !Sub "${A}-b"
list: !Join ["", [a, !Ref B]]
"""


def test_yaml_is_read_as_json_would_hold_it() -> None:
    assert parse_document(YAML, "x.yml").value == {
        "Yes": False,
        "number": 12,
        "big": 16,
        "when": "2026-01-31T12:00:00Z",
        "nothing": None,
        "text": "12",
        "base": {"x": 1, "y": [1.5]},
        "more": {"x": 2, "y": [1.5]},
        "again": {"x": 1, "y": [1.5]},
        "queue": {"Fn::GetAtt": ["Queue", "Arn"]},
        "name": {"Fn::Sub": "${A}-b"},
        "list": {"Fn::Join": ["", ["a", {"Ref": "B"}]]},
    }


def test_parts_of_yaml_have_their_places() -> None:
    document = parse_document(YAML, "x.yaml")
    assert document.locate("/number") == Span(2, 9, 2, 11)
    assert document.locate("/more/x") == Span(10, 6, 10, 7)
    assert document.locate("/more")[:2] == (8, 1)
    assert document.locate("/queue/Fn::GetAtt")[:2] == (12, 8)
    assert document.line_text(2) == "number: 12"


def test_json_in_a_file_called_yaml_is_read_as_json() -> None:
    document = parse_document('{"a": 1, // x\n "b": ${N},}', "x.template")
    assert document.value == {"a": 1, "b": "${N}"}


def test_a_part_that_is_not_there_is_found_at_what_is_around_it() -> None:
    document = parse_document('{"a": {\r\n  "b": 1}}', "x.json")
    assert document.locate("/a/b/c/d") == document.locate("/a/b") == Span(2, 8, 2, 9)
    assert document.locate("/a/z")[:2] == (1, 2)
    assert document.locate("/z")[:2] == (1, 1)
    assert document.line_text(1) == '{"a": {'
    assert document.line_text(9) == ""


@pytest.mark.parametrize("name", ["x.json", "x.json5", "x.yaml"])
def test_a_key_that_stands_twice_is_noted_and_the_last_one_counts(name: str) -> None:
    text = '{"a": 1, "b": {"c/d": 1, "c/d": 2}}' if "json" in name else "a: 1\nb: {c/d: 1, c/d: 2}"
    document = parse_document(text, name)
    assert document.value == {"a": 1, "b": {"c/d": 2}}
    (note,) = document.notes
    assert (note.kind, note.pointer) == ("repeated-key", "/b/c~1d")
    assert "duplicate key 'c/d'" in note.message


def test_pointers_are_split_as_they_were_joined() -> None:
    parts = ["States", "a/b~c", "Retry", "0"]
    assert split_pointer(join_pointer("", *parts)) == parts


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe{\x00", "1:1: the file is written in UTF-16"),
        (b'{"a":\n "\xfc"}', "2:3: the file is not UTF-8"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(DocumentError, match=message):
        read_document(str(path))


def test_a_file_that_is_far_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carnation.document import reading

    monkeypatch.setattr(reading, "_MAX_BYTES", 10)
    path = tmp_path / "x.json"
    path.write_text("[1, 2, 3, 4, 5]")
    with pytest.raises(DocumentError, match="larger than 10 bytes"):
        read_document(str(path))


def test_sizes_are_those_of_the_bytes() -> None:
    assert parse_document('"ü"', "x.json").measure() == 4
    assert parse_document("[]", "x.json").place("/a") == "/a"


@example({"": {"": [{}, [], ""]}}, None, True)
@example({"a/b": {"c~d": [1, [2, [{"e": None}]], -0.5e-7]}, "z": True}, 2, True)
@example({'quo"te': '{"x": [1]}', "back\\slash": "\\", "tab\t": "a\u2028b"}, None, False)
@given(values, st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=50)
def test_offsets_are_found_where_a_scan_finds_them(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = f" {json.dumps(value, indent=indent, ensure_ascii=ascii_only)}\n"
    assert find_offsets(text) == scan_text(text, "x.json", relaxed=False).offsets


@pytest.mark.parametrize("text", ['\n  {"a": 1}', "[\n1]", '{"a": 1, "a": 2}', '"text"', " 12"])
def test_the_whole_is_located_as_its_parts_are(text: str) -> None:
    document = parse_document(text, "x.json")
    scanned = scan_text(text, "x.json", relaxed=False)
    start, end = scanned.offsets[""]
    seen = document.locate("")
    assert seen.line == text.count("\n", 0, start) + 1
    assert seen.column == start - text.rfind("\n", 0, start)
    assert seen.end_column - seen.column == end - start
