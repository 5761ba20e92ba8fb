"""A request that is built here is the one that moto would build, and finds the same code."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.request import Request
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.responses import DynamoHandler

from carnation.emulator.moto_fixes import _parse_once
from carnation.emulator.routing import build_request, find_responder

JSON = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.PutItem"}
OBJECT = {"x-amz-meta-my_key": "v", "X-Amz-Meta-My-Key": "w", "Content-Length": "9"}
REQUESTS: list[tuple[str, str, dict[str, Any], Any]] = [
    ("POST", "https://dynamodb.us-east-1.amazonaws.com/", JSON, b'{"TableName": "t"}'),
    ("POST", "https://dynamodb.us-east-1.amazonaws.com/", JSON, b"again"),
    ("PUT", "https://s3.us-east-1.amazonaws.com/b/k%20%C3%A4%2Fx//y?tagging&p=a%20b", OBJECT, "ä"),
    ("GET", "https://s3.us-east-1.amazonaws.com/b?list-type=2", {"Authorization": b"AWS4"}, None),
    ("POST", "https://sns.eu-west-1.amazonaws.com/", {"Content-Type": "a/b"}, b"Action=X&A=1"),
]


@pytest.mark.parametrize(("method", "url", "headers", "body"), REQUESTS)
def test_the_request_is_motos(method: str, url: str, headers: dict[str, Any], body: Any) -> None:
    pairs = HTTPHeaders()
    for name, value in headers.items():
        pairs[name] = value
    built, full_url = build_request(AWSPreparedRequest(method, url, pairs, body, False))
    wanted = Request.from_primitives(method, url, pairs, body)
    other = ("wsgi.input", "wsgi.errors", "werkzeug.request")
    for each in (built, wanted):
        assert each.environ["wsgi.input"].read() == (body.encode() if body == "ä" else body or b"")
    environs = [{k: v for k, v in r.environ.items() if k not in other} for r in (built, wanted)]
    assert environs[0] == environs[1]
    assert full_url == built.raw_url == url == wanted.raw_url
    assert sorted(built.headers) == sorted(wanted.headers)


def test_a_header_of_two_lines_is_refused_as_moto_does() -> None:
    headers = HTTPHeaders()
    headers["x-amz-meta-a"] = "one\ntwo"
    with pytest.raises(ValueError, match="newline"):
        build_request(
            AWSPreparedRequest("PUT", "https://s3.amazonaws.com/b/k", headers, b"1", False)
        )


def test_what_answers_is_found_by_the_url() -> None:
    found = find_responder("https://dynamodb.us-east-1.amazonaws.com/")
    assert getattr(found, "__func__", None) is DynamoHandler.dispatch.__func__
    assert find_responder("https://nothing.us-east-1.example.com/") is None


def test_an_expression_is_parsed_once_and_gives_its_names_each_time() -> None:
    parsed = []

    def parse(parser: Any) -> Any:
        parsed.append(parser.condition_expression)
        return ConditionExpressionParser.parse(parser)

    once = _parse_once(parse)
    values = {":v": {"N": "1"}}, {":v": {"N": "1"}}, {":v": {"N": "2"}}, {":v": {"B": b"1"}}
    parsers = [ConditionExpressionParser("#n = :v", {"#n": "name"}, one) for one in values]
    found = [once(parser) for parser in parsers]
    assert found[0] is found[1] is not found[2]
    assert len(parsed) == 3
    assert {str(parser.expr_attr_values_found) for parser in parsers} == {"[':v']"}
    assert len({str(parser.expr_attr_names_found) for parser in parsers}) == 1
