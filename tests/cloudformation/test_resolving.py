"""Parameters, conditions, intrinsic functions, order and validation of templates."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.cloudformation.dependencies import find_dependencies, order_resources
from carnation.cloudformation.dynamic_references import parse_reference, replace_references
from carnation.cloudformation.intrinsics import Resolver
from carnation.cloudformation.language_extensions import expand_loops
from carnation.cloudformation.parameters import resolve_parameters
from carnation.cloudformation.template import Template, parse_template
from carnation.cloudformation.validation import validate_template
from carnation.errors import TemplateError


class Known:
    """What is known in these tests."""

    def ref(self, name: str) -> Any:
        return f"id-of-{name}"

    def attribute(self, name: str, attribute: str) -> Any:
        return f"{attribute}-of-{name}"

    def export(self, name: str) -> str:
        return f"value-of-{name}"

    def zones(self, region: str) -> list[str]:
        return [f"{region}a", f"{region}b"]


BODY = {
    "Mappings": {"Sizes": {"prod": {"cpu": 4}}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
        "IsBig": {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Not": [{"Fn::Equals": [1, 2]}]}]},
        "Never": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": [True, "false"]}]},
    },
    "Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "Off": {"Type": "T", "Condition": "Never"}},
}
VALUES = {"Env": "prod", "AWS::Region": "eu-west-1", "Names": ["a", "b"]}


def resolve(value: Any) -> Any:
    return Resolver(Template(BODY), VALUES, Known()).resolve(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Q"}, "id-of-Q"),
        ({"Fn::GetAtt": ["Q", "Arn"]}, "Arn-of-Q"),
        ({"Fn::GetAtt": "Q.Outputs.Url"}, "Outputs.Url-of-Q"),
        ({"Fn::Sub": "${Env} ${Q.Arn} ${!Env}"}, "prod Arn-of-Q ${Env}"),
        ({"Fn::Sub": ["${A}-${Env}", {"A": {"Fn::Join": ["+", [1, True]]}}]}, "1+true-prod"),
        ({"Fn::Join": ["-", {"Ref": "Names"}]}, "a-b"),
        ({"Fn::Select": ["1", {"Fn::Split": [",", "x,y"]}]}, "y"),
        ({"Fn::If": ["IsBig", 1, 2]}, 1),
        ({"A": {"Fn::If": ["Never", 1, {"Ref": "AWS::NoValue"}]}, "B": [1]}, {"B": [1]}),
        ([{"Fn::If": ["Never", 1, {"Ref": "AWS::NoValue"}]}, 2], [2]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Env"}, "cpu"]}, 4),
        ({"Fn::FindInMap": ["Sizes", "dev", "cpu", {"DefaultValue": 1}]}, 1),
        ({"Fn::ImportValue": {"Fn::Sub": "${Env}-x"}}, "value-of-prod-x"),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b"]),
        ({"Fn::Base64": "a"}, "YQ=="),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::ToJsonString": {"a": {"Ref": "Env"}}}, '{"a":"prod"}'),
        ({"Fn::Length": {"Ref": "Names"}}, 2),
        ({"Condition": "a policy's own"}, {"Condition": "a policy's own"}),
    ],
)
def test_a_function_resolves(value: Any, expected: Any) -> None:
    assert resolve(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Ref": "Qu"}, "refers to 'Qu', which is neither"),
        ({"Ref": "Off"}, "'Off', whose condition is false"),
        ({"Fn::Joinn": []}, r"unknown function Fn::Joinn. Did you mean 'Fn::Join'"),
        ({"Fn::Select": [5, ["a"]]}, "nonexistent value at index 5"),
        ({"Fn::Join": ["", "text"]}, "Fn::Join: expected a list"),
        ({"Fn::Sub": "${Names}"}, r"Fn::Sub of \$\{Names\}: expected a string"),
        ({"Fn::If": ["IsPrd", 1, 2]}, "'IsPrd' is not defined in Conditions. Did you mean"),
        ({"Fn::FindInMap": ["Sizes", "prd", "cpu"]}, "'prd' is not there. Did you mean 'prod'"),
        ({"Fn::Cidr": ["10.0.0.0/30", 9, 1]}, "Fn::Cidr: 10.0.0.0/30 has 2 blocks"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: Any, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        resolve(value)


def test_a_circle_is_named_way_and_all() -> None:
    resources = {
        "A": {"Type": "T", "Properties": {"X": {"Ref": "B"}}},
        "B": {"Type": "T", "DependsOn": "C"},
        "C": {"Type": "T", "Properties": {"X": {"Fn::Sub": "${A.Arn}"}}},
    }
    with pytest.raises(TemplateError, match=r"\[A, B, C\] \(A -> B -> C -> A\)"):
        order_resources(find_dependencies(resources))
    conditions = {"X": {"Condition": "Y"}, "Y": {"Fn::Not": [{"Condition": "X"}]}}
    with pytest.raises(TemplateError, match="between conditions: X -> Y -> X"):
        validate_template(Template({"Resources": {"Q": {"Type": "T"}}, "Conditions": conditions}))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"Resource": {}}, r"\[Resource\]. Did you mean 'Resources'"),
        ({"Resources": {}}, "At least one Resources member"),
        ({"Resources": {"Q": {}}}, "resource 'Q': expected a mapping with a Type"),
        ({"Resources": {"Q": {"Type": "T", "Propertys": {}}}}, "'Propertys' .* 'Properties'"),
        ({"Resources": {"Q": {"Type": "T", "DeletionPolicy": "Keep"}}}, "DeletionPolicy is 'Keep'"),
        ({"Resources": {"Q": {"Type": "T", "DependsOn": "P"}}}, r"dependencies \[P\]"),
        ({"Resources": {"Q": {"Type": "T", "Condition": "C"}}}, "condition 'C' is not defined"),
        ({"Resources": {"Q": {"Type": "T", "Properties": {"A": {"Fn::X": 1}}}}}, "function Fn::X"),
        ({"Resources": {"Q": {"Type": "T", "Properties": {"A": {"Ref": "No"}}}}}, r"\[No\]"),
        ({"Resources": {"Q": {"Type": "T", "Properties": {"A": {"Fn::Length": []}}}}}, "requires"),
        ({"Outputs": {"O": {"Value": {"Ref": "No"}}}}, r"\[No\] in Outputs.O"),
        ({"Outputs": {"O": {}}}, "output 'O': expected a mapping with a Value"),
    ],
)
def test_a_problem_is_found_before_anything_is_made(more: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        validate_template(Template({"Resources": {"Good": {"Type": "T"}}, **more}))


@pytest.mark.parametrize(
    ("body", "given", "message"),
    [
        ({"Type": "String"}, {}, r"\[P\] must have values"),
        ({"Type": "String", "Default": ""}, {"Q": "1"}, r"\[Q\] do not exist"),
        ({"Type": "Number"}, {"P": "many"}, "must be a number; got 'many'"),
        ({"Type": "Number", "MaxValue": 3}, {"P": "4"}, "not greater than 3"),
        ({"Type": "String", "AllowedValues": ["a", True]}, {"P": "b"}, "AllowedValues a, true"),
        ({"Type": "String", "AllowedPattern": "a+"}, {"P": "b"}, "match pattern a"),
        ({"Type": "String", "MinLength": 2, "ConstraintDescription": "two"}, {"P": "b"}, ": two"),
        ({"Type": "String", "MaxLength": 1, "NoEcho": "true"}, {"P": "secret"}, "characters.$"),
        ({"Type": "Strin"}, {"P": "b"}, "Unrecognized parameter type: Strin"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(
    body: dict[str, Any], given: dict[str, str], message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        resolve_parameters({"P": body}, given)


def test_parameters_are_lists_numbers_and_stored_values() -> None:
    declared = {
        "List": {"Type": "List<Number>", "Default": "1, 2"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/names"},
        "Flag": {"Type": "String", "Default": True, "AllowedValues": [True, False]},
    }
    found = resolve_parameters(declared, {}, lambda name: f"{name},b")
    assert found == {"List": ["1", "2"], "Stored": ["/names", "b"], "Flag": "true"}


def test_loops_are_written_out_nested_and_in_properties() -> None:
    inner = {"Fn::ForEach::Keys": ["K", {"Ref": "Names"}, {"${K}": "&{K}-${N}"}]}
    loop = ["N", ["One", "Two"], {"Q${N}": {"Type": "T", "Properties": inner}}]
    body = {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::Loop": loop}}
    found = expand_loops(Template(body), resolve).resources
    assert found["QTwo"] == {"Type": "T", "Properties": {"a": "a-Two", "b": "b-Two"}}
    assert list(found) == ["QOne", "QTwo"]


def test_dynamic_references_are_found_and_replaced() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf"
    found = parse_reference("secretsmanager", f"{arn}:SecretString:password:AWSCURRENT")
    assert (found.name, found.json_key, found.version_stage) == (arn, "password", "AWSCURRENT")
    value = {"A": ["x {{resolve:ssm:/a:2}}"]}
    assert replace_references(value, lambda r: f"<{r.name} {r.version}>") == {"A": ["x </a 2>"]}
    with pytest.raises(TemplateError, match="'ssn' is not a service"):
        replace_references("{{resolve:ssn:a}}", str)


@pytest.mark.parametrize("text", ["[1]", "a: [", "{", "", "Resources: {a: 1, a: 2}"])
def test_a_text_that_is_no_template_is_rejected(text: str) -> None:
    with pytest.raises(TemplateError, match=r"Template format error"):
        parse_template(text)
