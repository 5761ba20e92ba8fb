from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.document import digest, dump_json, dump_yaml, keyed_path, parse_json
from carnation.errors import DocumentError


class TemplateLoader(yaml.SafeLoader):
    """PyYAML, taught CloudFormation's short tags."""


def _read_tag(loader: TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt":
        return {"Fn::GetAtt": value.split(".", 1)}
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", _read_tag)


def read_yaml(text: str) -> Any:
    return yaml.load(text, TemplateLoader)  # a SafeLoader


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda x: round(x, 3)),
    st.text(max_size=12),
    st.sampled_from(
        ["yes", "No", "~", "1e3", "012", "a: b", "a #b", "- a", "!Ref", "${A}-b", "x:"]
    ),
    st.sampled_from(["2012-10-17", "12:30", "arn:aws:s3:::x/*", "=", "<<", "{a}", "a\nb\n", " a"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3),
        st.builds(lambda name: {"Ref": name}, st.from_regex(r"[A-Z][a-z]{0,5}", fullmatch=True)),
        st.builds(lambda item: {"Fn::If": ["A", item, {"Ref": "AWS::NoValue"}]}, inner),
        st.builds(lambda item: {"Fn::Not": [item]}, inner),
    ),
    max_leaves=12,
)


@given(values)
@settings(max_examples=300)
def test_yaml_gives_back_what_was_written(value: Any) -> None:
    assert read_yaml(dump_yaml({"Top": value})) == {"Top": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"Ref": "Q"}, "K: !Ref Q\n"),
        ({"Fn::GetAtt": ["Q", "Arn"]}, "K: !GetAtt Q.Arn\n"),
        ({"Fn::Sub": "${A}-b"}, "K: !Sub ${A}-b\n"),
        ({"Fn::Not": [{"Ref": "A"}]}, "K: !Not\n  - !Ref A\n"),
        ({"Fn::Base64": {"Ref": "A"}}, "K:\n  Fn::Base64: !Ref A\n"),
        ({"Condition": "HasKey"}, "K: !Condition HasKey\n"),
        ({"Condition": {"Bool": {"a": "true"}}}, 'K:\n  Condition:\n    Bool:\n      a: "true"\n'),
        ([], "K: []\n"),
        ({}, "K: {}\n"),
        ("two\nlines\n", "K: |\n  two\n  lines\n"),
        ("no", 'K: "no"\n'),
    ],
)
def test_yaml_is_written_in_one_way(value: Any, text: str) -> None:
    assert dump_yaml({"K": value}) == text


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_no_document_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(DocumentError):
        dump_json({"a": value})
    with pytest.raises(DocumentError):
        dump_yaml({"a": value})


def test_json_keeps_the_order_of_keys_and_ends_in_a_newline() -> None:
    text = dump_json({"b": 1, "a": [True, None]})
    assert text == '{\n  "b": 1,\n  "a": [\n    true,\n    null\n  ]\n}\n'
    assert json.loads(text) == {"b": 1, "a": [True, None]}


def test_broken_json_is_named_with_line_and_column() -> None:
    with pytest.raises(DocumentError, match=r"^here\.json:2:6: this is not valid JSON"):
        parse_json('{\n "a" 1}', "here.json")


def test_a_digest_is_the_same_for_text_and_its_bytes() -> None:
    assert digest("grün") == digest("grün".encode())
    assert digest("a") != digest("b")


def test_a_keyed_path_keeps_folder_and_suffix() -> None:
    assert keyed_path("plain", "0" * 64) == "plain.0000000000000000"
    assert keyed_path("a/b.asl.json", "1" * 64) == "a/b.1111111111111111.asl.json"


def test_a_digest_is_hashlibs_whichever_python_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hashlib.sha256("grün".encode()).hexdigest()
    assert digest("grün") == digest("grün".encode()) == expected
    for name in ("_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, name, None)  # as on an interpreter without it
    assert digest("grün") == expected
