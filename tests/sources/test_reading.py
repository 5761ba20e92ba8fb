"""One reader: what every kind of file leads to, and why a machine cannot be seen."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from carnation.document import Document
from carnation.errors import DocumentError, UsageError
from carnation.linter import lint
from carnation.sources import Files, Reading, find_sources, read_sources, read_target

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
TEXT = json.dumps(DEFINITION)
MACHINE = "AWS::StepFunctions::StateMachine"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(files: Mapping[str, Any]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content if isinstance(content, str) else json.dumps(content))


def read(files: Mapping[str, Any]) -> Reading:
    """Write files, and read the first."""
    write(files)
    return read_sources(next(iter(files)))


def template(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"M": {"Type": MACHINE, "Properties": properties}}}


KINDS: dict[str, dict[str, Any]] = {
    "definition": {"a.json": DEFINITION},
    "file of a template": {"t.json": template(DefinitionUri="./b.json"), "b.json": TEXT},
    "local S3 location": {"t.json": template(DefinitionS3Location="b.json"), "b.json": TEXT},
    "file with a trailing comma": {
        "t.json": template(DefinitionUri="b.json"),
        "b.json": TEXT[:-1] + ",}",
    },
    "template with a trailing comma": {
        "t.json": json.dumps(template(Definition=DEFINITION))[:-1] + ", }"
    },
    "asset of CDK": {
        "x.template.json": template(DefinitionS3Location={"Bucket": "b", "Key": "0a1.json"}),
        "asset.0a1.json": TEXT,
    },
    "asset in a manifest": {
        "x.template.json": template(
            DefinitionS3Location={"Bucket": {"Fn::Sub": "b"}, "Key": "0a1.json"}
        ),
        "x.assets.json": {"files": {"0a1": {"source": {"path": "asset.f/flow.json"}}}},
        "asset.f/flow.json": TEXT,
    },
    "manifest of CDK": {
        "manifest.json": {
            "artifacts": {
                "S": {
                    "type": "aws:cloudformation:stack",
                    "properties": {"templateFile": "s.json"},
                }
            }
        },
        "s.json": template(Definition=DEFINITION),
    },
    "nested template": {
        "t.json": {
            "Resources": {
                "N": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {"TemplateURL": "n/inner.json"},
                }
            }
        },
        "n/inner.json": template(DefinitionUri="flow.json"),
        "n/flow.json": TEXT,
    },
    "ToJsonString": {"t.json": template(DefinitionString={"Fn::ToJsonString": DEFINITION})},
    "include of a file": {
        "t.json": template(
            Definition={
                "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "i.json"}}
            }
        ),
        "i.json": TEXT,
    },
    "include within": {
        "t.json": template(
            Definition={
                "StartAt": "A",
                "States": {
                    "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "i.json"}}
                },
            }
        ),
        "i.json": DEFINITION["States"],
    },
    "default of a parameter": {
        "t.json": {
            "Parameters": {"Text": {"Type": "String", "Default": TEXT}},
            **template(DefinitionString={"Ref": "Text"}),
        }
    },
    "answer of describe-state-machine": {
        "d.json": {"stateMachineArn": "arn:aws:states:::x", "definition": TEXT, "type": "STANDARD"}
    },
    "answer of get-template": {"d.json": {"TemplateBody": template(Definition=DEFINITION)}},
    "manifest of ACK": {
        "m.yaml": "kind: ConfigMap\napiVersion: v1\n---\n"
        "apiVersion: sfn.services.k8s.aws/v1alpha1\nkind: StateMachine\nmetadata: {name: m}\n"
        f"spec:\n  definition: |\n    {TEXT}\n"
    },
    "machine file": {
        "m.yml": "name: x\ndefinition:\n  StartAt: A\n  States: {A: {Type: Succeed}}\n"
    },
    "service with a file": {
        "serverless.yml": "service: s\nprovider: {name: aws}\nstepFunctions:\n  stateMachines:\n"
        "    m: ${file(./m.yml)}\n",
        "m.yml": "definition: ${file(./flow.json)}\n",
        "flow.json": TEXT,
    },
    "service with lists of files": {
        "serverless.yml": "service: s\nprovider: {name: aws}\nstepFunctions:\n  stateMachines:\n"
        "    - ${file(m.yml):machines}\n",
        "m.yml": f"machines:\n  m: {{definition: {TEXT}}}\n",
    },
    "service with its own parts": {
        "serverless.yml": "service: s\nprovider: {name: aws, stage: dev}\ncustom:\n  kinds:\n"
        "    dev: {StartAt: A, States: {A: {Type: Succeed}}}\nstepFunctions:\n  stateMachines:\n"
        "    m: {definition: '${self:custom.kinds.${opt:stage, self:provider.stage}}'}\n",
    },
    "plan of Terraform": {
        "p.json": {
            "format_version": "1.2",
            "planned_values": {
                "root_module": {
                    "child_modules": [
                        {
                            "resources": [
                                {
                                    "type": "aws_sfn_state_machine",
                                    "name": "m",
                                    "values": {"definition": TEXT},
                                }
                            ]
                        }
                    ]
                }
            },
        }
    },
    "state of Terraform": {
        "s.tfstate": {
            "terraform_version": "1.9",
            "resources": [
                {
                    "type": "aws_sfn_state_machine",
                    "name": "m",
                    "instances": [{"attributes": {"definition": TEXT, "type": "STANDARD"}}],
                }
            ],
        }
    },
    "configuration in JSON": {
        "m.tf.json": {"resource": {"aws_sfn_state_machine": {"m": {"definition": TEXT}}}}
    },
    "two documents, one empty": {"a.yaml": f"---\n{TEXT}\n---\n"},
    "JSON in YAML with a comment": {"a.yaml": "{ # flow\n" + TEXT[1:]},
}


@pytest.mark.parametrize("name", KINDS)
def test_a_definition_is_seen_wherever_it_stands(folder: Path, name: str) -> None:
    reading = read(KINDS[name])
    assert [one.value for one in reading.sources] == [DEFINITION]
    assert [one.error for one in reading.sources] == [None]
    assert list(reading.unseen) == []


UNSEEN: dict[str, tuple[dict[str, Any], str]] = {
    "a parameter": ({"t.json": template(DefinitionString={"Ref": "P"})}, "the parameter P"),
    "a bucket": ({"t.json": template(DefinitionUri="s3://b/k.json")}, "bucket"),
    "no file": ({"t.json": template(DefinitionUri="none.json")}, "file 'none.json' not found"),
    "a broken file": (
        {"t.json": template(DefinitionUri="b.json"), "b.json": "{"},
        "b.json:1:2: this is not valid JSON",
    ),
    "a macro": ({"t.json": template(Definition={"Fn::Transform": {"Name": "X"}})}, "a macro"),
    "an import": (
        {"t.json": template(DefinitionString={"Fn::ImportValue": "x"})},
        "Fn::ImportValue",
    ),
    "a store": ({"t.json": template(DefinitionString="{{resolve:ssm:/x}}")}, "deployed"),
    "nothing": ({"t.json": template(RoleArn="r")}, "no definition"),
    "a later plan": (
        {
            "p.json": {
                "format_version": "1.2",
                "planned_values": {
                    "root_module": {
                        "resources": [{"type": "aws_sfn_state_machine", "name": "M", "values": {}}]
                    }
                },
            }
        },
        "deployed",
    ),
    "a variable": (
        {
            "s.yml": "service: s\nprovider: {name: aws}\nstepFunctions:\n  stateMachines:\n"
            "    M: {definition: '${ssm:/x}'}\n"
        },
        "ssm:/x",
    ),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_a_machine_that_cannot_be_seen_is_named_with_the_reason(folder: Path, name: str) -> None:
    files, why = UNSEEN[name]
    reading = read(files)
    assert list(reading.sources) == []
    (missed,) = reading.unseen
    assert missed.name == "M"
    assert why in missed.why
    with pytest.raises(DocumentError, match="M"):
        read_target(next(iter(files)))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.json": {"version": 1}}, "it has neither StartAt nor States"),
        ({"a.json": [1]}, "it has neither StartAt nor States"),
        ({"h.json": {"events": [{"type": "ExecutionStarted", "timestamp": 1}]}}, "replay"),
        ({"t.json": {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}}, "in this template"),
        ({"s.yml": "service: s\nprovider: {name: aws}\n"}, "in this serverless.yml"),
    ],
)
def test_a_file_without_machines_gets_one_sentence(
    folder: Path, files: dict[str, Any], words: str
) -> None:
    reading = read(files)
    assert (list(reading.sources), list(reading.unseen)) == ([], [])
    with pytest.raises(DocumentError, match=words):
        read_target(next(iter(files)))


def test_each_branch_of_a_condition_is_a_definition_of_its_own(folder: Path) -> None:
    other = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
    sources = read({"t.json": template(Definition={"Fn::If": ["P", DEFINITION, other]})}).sources
    assert [(one.name, one.value) for one in sources] == [
        ("M-if-P", DEFINITION),
        ("M-unless-P", other),
    ]
    retry = {"Fn::If": ["P", [{"ErrorEquals": ["X"]}], {"Ref": "AWS::NoValue"}]}
    state = {"Type": "Task", "Resource": {"Fn::If": ["Q", "a", "b"]}, "Retry": retry}
    write({"t.json": template(Definition={"StartAt": "A", "States": {"A": state}})})
    first, second = read_sources("t.json").sources
    assert first.value["States"]["A"]["Retry"] == [{"ErrorEquals": ["X"]}]
    assert "Retry" not in second.value["States"]["A"]
    assert first.place("/States/A/Retry/0/ErrorEquals").endswith("/Retry/Fn::If/1/0/ErrorEquals")
    assert first.value["States"]["A"]["Resource"] == "${If.Q}"


def test_conditions_that_exclude_each_other_are_not_judged_together(folder: Path) -> None:
    stage = {"Ref": "Stage"}
    states = {
        "A": {"Type": "Pass", "Next": {"Fn::If": ["IsProd", "B", "C"]}},
        "B": {"Fn::If": ["IsProd", {"Type": "Succeed"}, {"Ref": "AWS::NoValue"}]},
        "C": {"Fn::If": ["IsDev", {"Type": "Succeed"}, {"Ref": "AWS::NoValue"}]},
    }
    value = template(Definition={"StartAt": "A", "States": states})
    value["Conditions"] = {
        "IsProd": {"Fn::Equals": [stage, "prod"]},
        "IsDev": {"Fn::Equals": [stage, "dev"]},
    }
    value["Parameters"] = {"Stage": {"Type": "String", "AllowedValues": ["prod", "dev"]}}
    write({"t.json": value})
    assert {finding.rule for finding in lint("t.json").findings} == set()
    del value["Parameters"]
    write({"t.json": value})
    assert "missing-target" in {finding.rule for finding in lint("t.json").findings}


def test_each_branch_of_many_conditions_is_judged(folder: Path) -> None:
    states: dict[str, Any] = {
        f"S{at}": {"Type": "Pass", "Next": {"Fn::If": [f"C{at}", f"S{at + 1}", f"Lost{at}"]}}
        for at in range(5)
    }
    states["S5"] = {"Fn::If": ["C0", {"Type": "Succeed"}, {"Fn::If": [
        "C1", {"Type": "Wait", "Seconds": -1, "End": True}, {"Type": "Fail"}]}]}  # fmt: skip
    value = template(Definition={"StartAt": "S0", "States": states})
    value["Conditions"] = {f"C{at}": {"Fn::Equals": [{"Ref": f"P{at}"}, "x"]} for at in range(5)}
    write({"t.json": value})
    messages = " ".join(finding.message for finding in lint("t.json").findings)
    assert all(f"Lost{at}" in messages for at in range(5))
    assert "Seconds" in messages


def test_texts_that_a_template_gives_are_judged_as_they_are_deployed(folder: Path) -> None:
    states = {
        "A": {"Type": "Task", "Resource": "${Call}", "Parameters": {}, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": "${Seconds}", "Next": "${Last}"},
    }
    given = {"Call": "arn:aws:states:::sqs:sendMesage", "Seconds": "5", "Last": "Nowhere"}
    value = template(Definition={"StartAt": "A", "States": states}, DefinitionSubstitutions=given)
    write({"t.json": value})
    messages = " ".join(finding.message for finding in lint("t.json").findings)
    assert "sendMesage" in messages
    assert "Nowhere" in messages
    assert "Seconds" not in messages


def test_loops_that_make_too_much_are_not_followed(folder: Path) -> None:
    many = [str(at) for at in range(100)]
    states = {"Fn::ForEach::B": ["Y", many, {"S${X}${Y}": {"Type": "Succeed"}}]}
    loop = {"Fn::ForEach::A": ["X", many, states]}
    reading = read({"t.json": template(Definition={"StartAt": "S", "States": loop})})
    assert not reading.sources
    assert "loops" in reading.unseen[0].why
    body = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": DEFINITION}}
    inner = {"Fn::ForEach::B": ["Y", many, {"M${X}${Y}": body}]}
    reading = read({"t.json": {"Resources": {"Fn::ForEach::A": ["X", many, inner]}}})
    assert len(reading.sources) == 500
    assert "500" in reading.unseen[0].why


def test_a_loop_in_a_definition_is_written_out(folder: Path) -> None:
    loop = ["X", ["a", "b"], {"S${X}": {"Type": "Succeed", "Comment": "${X}"}}]
    value = template(Definition={"StartAt": "Sa", "States": {"Fn::ForEach::Each": loop}})
    (found,) = read({"t.json": value}).sources
    assert list(found.value["States"]) == ["Sa", "Sb"]


def test_a_loop_makes_a_machine_for_each_value_at_one_place(folder: Path) -> None:
    body = {"Type": "AWS::Serverless::StateMachine", "Properties": {"Definition": DEFINITION}}
    loop = ["Kind", ["A", "B"], {"Do${Kind}": body}]
    reading = read({"t.json": {"Resources": {"Fn::ForEach::Kinds": loop}}})
    assert [one.name for one in reading.sources] == ["DoA", "DoB"]
    assert len({one.pointer for one in reading.sources}) == 1
    loop[1] = {"Ref": "Kinds"}
    unknown = read({"t.json": {"Resources": {"Fn::ForEach::Kinds": loop}}})
    assert [one.value for one in unknown.sources] == [DEFINITION]


def test_the_type_the_role_and_the_substitutions_come_along(folder: Path) -> None:
    value = template(
        DefinitionUri="b.json",
        StateMachineType={"Ref": "Kind"},
        RoleArn={"Fn::GetAtt": ["R", "Arn"]},
        DefinitionSubstitutions={"Q": "x"},
    )
    value["Parameters"] = {"Kind": {"Type": "String", "Default": "EXPRESS"}}
    value["Resources"]["R"] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": []}}
    wait = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Cause": "${Q} ${Z}"}}}
    (found,) = read({"t.json": value, "b.json": wait}).sources
    assert (found.type, found.where, found.substitutions) == ("EXPRESS", "b.json", {"Q": "x"})
    assert found.role is not None
    assert [note.kind for note in found.notes] == ["undefined-substitution"]


def test_variables_that_are_only_known_later_are_placeholders(folder: Path) -> None:
    write(
        {
            "serverless.yml": "service: s\nprovider: {name: aws}\ncustom: {n: 3, a: b}\n"
            "stepFunctions:\n  stateMachines:\n    m:\n      definition:\n        StartAt: A\n"
            "        States:\n          A:\n            Type: Task\n"
            "            Resource: arn:aws:lambda:#{AWS::Region}:x:function:${opt:stage}-"
            "${self:custom.a}\n"
            "            TimeoutSeconds: ${self:custom.n}\n"
            "            HeartbeatSeconds: ${opt:beat, 2}\n            End: true\n"
        }
    )
    (found,) = read_sources("serverless.yml").sources
    state = found.value["States"]["A"]
    assert state["Resource"] == "arn:aws:lambda:${AWS::Region}:x:function:${opt:stage}-b"
    assert (state["TimeoutSeconds"], state["HeartbeatSeconds"]) == (3, 2)


def test_one_machine_of_a_file_is_named_behind_a_hash(folder: Path) -> None:
    machine = {"Type": MACHINE, "Properties": {"Definition": DEFINITION}}
    write({"t.json": {"Resources": {"One": machine, "Two": machine}}})
    assert [one.name for one in read_target("t.json#Two").sources] == ["Two"]
    with pytest.raises(UsageError, match="Did you mean 'Two'"):
        read_target("t.json#Tow")


def test_yes_and_no_are_names_of_states(folder: Path) -> None:
    text = "StartAt: Yes\nStates:\n  Yes: {Type: Pass, Next: No}\n  No: {Type: Succeed}\n"
    (found,) = read({"a.asl.yaml": text}).sources
    assert found.value["StartAt"] == "Yes"
    assert found.value["States"]["Yes"]["Next"] == "No"


def test_a_device_that_a_template_names_is_not_read(folder: Path) -> None:
    (missed,) = read({"t.json": template(DefinitionUri="/dev/zero")}).unseen
    assert "not found" in missed.why


JUNK: list[Any] = [None, 1, "x", "{", [], [[]], {}, {"Ref": "P"}, {"Fn::If": 1}, {"Fn::Join": [1]}]


def list_places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [way, *(place for key, item in inner for place in list_places(item, (*way, key)))]


def put(value: Any, way: tuple[Any, ...], junk: Any) -> Any:
    if not way:
        return junk
    made = value.copy()
    made[way[0]] = put(value[way[0]], way[1:], junk)
    return made


LISTED = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [{"apiVersion": "a", "kind": "StateMachine", "spec": {"definition": TEXT}}],
}


@pytest.mark.parametrize(
    "value",
    [
        *(value for files in KINDS.values() if isinstance(value := files[next(iter(files))], dict)),
        LISTED,
    ],
    ids=lambda value: next(iter(value)),
)
def test_a_file_with_anything_anywhere_is_read_or_refused(
    folder: Path, value: dict[str, Any]
) -> None:
    for place in list_places(value):
        for junk in JUNK:
            document = Document("t.json", "{}", put(value, place, junk))
            with contextlib.suppress(DocumentError):
                reading = find_sources("t.json", [document], Files())
                assert all(one.locate("").line == 1 for one in reading.sources)
