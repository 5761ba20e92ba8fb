"""The stacks of the workflows as they are built: what they hold, keep, encrypt and watch."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from carnation.artifacts import Artifacts, make_artifacts
from carnation.document import digest
from carnation.errors import DefinitionError, UsageError, WorkflowError
from carnation.patterns.events import stacks
from carnation.patterns.events.stacks import Files, Table, event_stacks
from carnation.stacks import Function, Package, Sources
from carnation.stacks.writing import list_sections
from carnation.workflow import load_workflows
from tests.conftest import ROOT

NAMES = ("carnation", "archive", "jsonata", "direct", "distributed", "express")
WITH_FILES = ("distributed",)
FUNCTIONS = {
    **dict.fromkeys(NAMES, ("CollectEvents", "ProcessEvent")),
    "archive": ("CollectEvents", "ArchiveEvent"),
    "direct": ("CollectEvents",),
}
KEY = {"Fn::If": ["MakesKey", {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "KeyArn"}]}
COLLECT, PROCESS = Function("collect_events", "Collects"), Function("process_event", "Processes")


class Tags(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, read into the long forms."""


def construct(loader: Tags, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    else:
        value = loader.construct_sequence(node, deep=True)
    if suffix == "GetAtt":
        return {"Fn::GetAtt": value.split(".", 1)}
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Tags.add_multi_constructor("!", construct)


def parse(text: str) -> dict[str, Any]:
    return yaml.load(text, Loader=Tags)


@cache
def build(name: str) -> Artifacts:
    """Build one of the repository's workflows, as the build does."""
    (workflow,) = load_workflows(str(ROOT), [name])
    return make_artifacts(str(ROOT), workflow)


@cache
def read_templates(name: str) -> dict[str, dict[str, Any]]:
    """Read the built templates of a workflow: `root`, `sqs`, … to document."""
    files = {path: text for path, text in build(name).files.items() if path.startswith("cft/")}
    return {
        path.rpartition("/")[2].removesuffix("-stack.yaml").removeprefix(f"{name}-"): parse(text)
        for path, text in files.items()
    }


def list_resources(name: str, kind: str = "") -> dict[str, dict[str, Any]]:
    """List a workflow's resources by logical ID, all or those of one type."""
    found: dict[str, dict[str, Any]] = {}
    for template in read_templates(name).values():
        for title, resource in template["Resources"].items():
            assert title not in found
            if kind in ("", resource["Type"]):
                found[title] = resource
    return found


def properties_of(name: str, title: str) -> dict[str, Any]:
    properties: dict[str, Any] = list_resources(name)[title]["Properties"]
    return properties


def read_definition(name: str = "carnation") -> dict[str, Any]:
    """Return a fresh copy of a built definition."""
    definition: dict[str, Any] = json.loads(
        build(name).files[f"code/state-machine/{name}.asl.json"]
    )
    return definition


def make_sources(definition: dict[str, Any], *names: str) -> Sources:
    """Make the sources of a workflow named `pay` whose packages are as good as any."""
    packages = {
        name: Package(name, "ab" * 32, f"code/python/{name}.zip")
        for name in names or ("collect_events", "process_event")
    }
    path = "code/state-machine/pay.asl.json"
    return Sources("pay", "1.0.0", definition, path, "cd" * 32, packages)


def render(definition: dict[str, Any], **functions: Function) -> dict[str, dict[str, Any]]:
    given = {"collect": COLLECT, "process": PROCESS, **functions}
    names = [function.id for function in given.values()]
    texts = event_stacks(**given, store=Table())(make_sources(definition, *names))
    return {path.rpartition("/")[2]: parse(text) for path, text in texts.items()}


def walk_strings(value: Any) -> Iterator[str]:
    """Yield every string of a document, keys included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from walk_strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk_strings(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize(("name", "store"), [("carnation", "dynamodb"), ("archive", "s3")])
def test_the_tree_has_the_file_names_of_the_seed(name: str, store: str) -> None:
    nested = ("cloudwatch", store, "iam-role", "lambda-function", "sns", "sqs")
    assert [path for path in build(name).files if path.startswith("cft/")] == [
        f"cft/{name}-root-stack.yaml",
        *(f"cft/nested-stacks/{stack}-stack.yaml" for stack in nested),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_split_and_written_is_what_troposphere_made(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def record(template: Any) -> dict[str, Any]:
        document = list_sections(template)
        made.append((template.to_dict(), document))
        return document

    monkeypatch.setattr(stacks, "list_sections", record)
    (workflow,) = load_workflows(str(ROOT), [name])
    files = make_artifacts(str(ROOT), workflow).files
    ((whole, document),) = made
    assert document == whole
    split = [parse(text) for path, text in files.items() if path.endswith(".yaml")]
    kinds = sorted(
        resource["Type"] for template in split for resource in template["Resources"].values()
    )
    nested = ["AWS::CloudFormation::Stack"] * (len(split) - 1)
    assert kinds == sorted([one["Type"] for one in whole["Resources"].values()] + nested)


@pytest.mark.parametrize("name", NAMES)
def test_a_received_message_stays_hidden_for_longer_than_an_execution_may_run(name: str) -> None:
    hidden = properties_of(name, "Queue")["VisibilityTimeout"]
    assert hidden > read_definition(name)["TimeoutSeconds"]


def test_the_longest_timeout_hides_a_message_for_the_twelve_hours_that_sqs_allows() -> None:
    made = render({**read_definition(), "TimeoutSeconds": 42_300})
    queue = made["sqs-stack.yaml"]["Resources"]["Queue"]
    assert queue["Properties"]["VisibilityTimeout"] == 12 * 3600


@pytest.mark.parametrize(
    ("timeout", "found"), [(None, "no TimeoutSeconds"), (42_301, "TimeoutSeconds 42301")]
)
def test_an_execution_that_may_outlast_the_visibility_is_refused(
    timeout: int | None, found: str
) -> None:
    definition = read_definition()
    del definition["TimeoutSeconds"]
    if timeout:
        definition["TimeoutSeconds"] = timeout
    with pytest.raises(DefinitionError, match=f"'pay' has {found}, .* of up to 42,300"):
        render(definition)


@pytest.mark.parametrize("name", NAMES)
def test_every_key_in_the_bucket_carries_the_digest_of_what_is_uploaded_there(name: str) -> None:
    uploads = build(name).list_uploads()
    named = [
        *(
            stack["Properties"]["TemplateURL"]["Fn::Sub"].partition("URLSuffix}/")[2]
            for stack in list_resources(name, "AWS::CloudFormation::Stack").values()
        ),
        *(
            function["Properties"]["Code"]["S3Key"]
            for function in list_resources(name, "AWS::Lambda::Function").values()
        ),
        properties_of(name, "StateMachine")["DefinitionS3Location"]["Key"],
    ]
    assert len(named) == 7 + len(FUNCTIONS[name]) + (name in WITH_FILES)
    for key in named:
        assert f".{digest(uploads[key])[:16]}." in key


@pytest.mark.parametrize("name", NAMES)
def test_no_account_region_or_partition_is_written_down(name: str) -> None:
    forbidden = re.compile(r"arn:aws|\b\d{12}\b|\b(us|eu|ap|sa|ca|me|af|il|cn)-[a-z]+-\d\b")
    domains = set()
    for template in read_templates(name).values():
        for text in walk_strings(template):
            assert not forbidden.search(text), text
            domains.update(re.findall(r"\S*amazonaws\S*", text))
    assert domains == {  # principals, which AWS spells so in every partition
        f"{service}.amazonaws.com"
        for service in ("cloudwatch", "delivery.logs", "lambda", "scheduler", "states")
    }


def test_a_substitution_that_no_stack_gives_is_named_with_what_was_meant() -> None:
    text = json.dumps(read_definition()).replace("${DeadLetterQueueUrl}", "${DeadLettersUrl}")
    with pytest.raises(DefinitionError) as caught:
        render(json.loads(text))
    assert str(caught.value) == (
        "the definition of 'pay' uses ${DeadLettersUrl}, which its stacks do not define. "
        "Did you mean 'DeadLetterQueueUrl'? Defined: Partition, MaxConcurrency, "
        "TableName, QueueUrl, DeadLetterQueueUrl, CollectEventsFunction, ProcessEventFunction."
    )


@pytest.mark.parametrize("name", ["ProcessEventFunction", "DeadLetterQueueUrl"])
def test_a_substitution_that_the_definition_never_uses_is_named(name: str) -> None:
    text = json.dumps(read_definition()).replace(f"${{{name}}}", "${CollectEventsFunction}")
    with pytest.raises(DefinitionError, match=rf"'pay' never uses \$\{{{name}\}}, for which"):
        render(json.loads(text))


def test_rendering_changes_nothing_that_it_was_given() -> None:
    definition = read_definition()
    before = copy.deepcopy(definition)
    render(definition)
    assert definition == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"id": "Process"}, "id is 'Process'; expected up to 29 lowercase letters"),
        ({"id": "a__b"}, "id is 'a__b'"),
        ({"id": "a" * 30}, "id is 'aaaa"),
        (
            {"id": "state_machine"},
            "a letter first, and none of alarms, live, schedule, state_machine",
        ),
        ({"id": 7}, "Function 7 (tests/stacks/test_stacks.py:"),
        ({"description": "x" * 257}, "description is 'xxx"),
        ({"timeout": 0}, "timeout is 0; expected whole seconds from 1 to 900"),
        ({"timeout": 901}, "timeout is 901"),
        ({"timeout": True}, "timeout is True"),
        ({"timeout": 1.5}, "timeout is 1.5"),
        ({"memory": 127}, "memory is 127; expected whole MB from 128 to 10,240"),
        ({"memory": 10_241}, "memory is 10241"),
        ({"environment": {"AWS_REGION": "x"}}, "none beginning with AWS_"),
        ({"environment": {"SIZE": 3}}, "environment is"),
        ({"environment": [("SIZE", "3")]}, "environment is"),
    ],
)
def test_a_function_that_aws_would_refuse_is_an_error_where_it_is_made(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        Function(**{"id": "process_event", "description": "", **given})


def test_the_largest_and_the_smallest_function_are_taken() -> None:
    for timeout, memory in ((1, 128), (900, 10_240)):
        function = Function(
            "a" * 29, "x" * 256, timeout=timeout, memory=memory, environment={"SIZE": "3"}
        )
        assert (function.timeout, function.memory) == (timeout, memory)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"collect": "collect_events"}, "collect: expected a Function, got 'collect_events'"),
        ({"process": "process_event"}, "process: expected a Function, got 'process_event'"),
        ({"process": COLLECT}, "collect and process are both 'collect_events'"),
        ({"store": "table"}, "store: expected Table() or Bucket(), got 'table'"),
        ({"files": "bucket"}, "files: expected Files() or nothing, got 'bucket'"),
        (
            {"process": Function("process_event", "", environment={"TABLE_NAME": "t"})},
            "function 'process_event': its environment has TABLE_NAME, which the stacks give it",
        ),
        (
            {
                "collect": Function("collect_events", "", environment={"FILES_BUCKET": "b"}),
                "files": Files(),
            },
            "function 'collect_events': its environment has FILES_BUCKET",
        ),
        (
            {"collect": Function("collect_events", "", environment={"QUEUE_URL": "t"})},
            "function 'collect_events': its environment has QUEUE_URL",
        ),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        event_stacks(**{"collect": COLLECT, "process": PROCESS, "store": Table(), **given})


def test_a_function_may_have_variables_beside_those_it_is_given() -> None:
    process = Function("process_event", "", environment={"BUCKET_NAME": "b"})
    made = render(read_definition(), process=process)["lambda-function-stack.yaml"]
    environment = made["Resources"]["ProcessEventFunction"]["Properties"]["Environment"]
    assert environment == {"Variables": {"TABLE_NAME": {"Ref": "StoreName"}, "BUCKET_NAME": "b"}}


def test_stacks_for_a_function_that_the_workflow_does_not_have_are_refused() -> None:
    sources = make_sources(read_definition(), "collect_events")
    message = r"'pay' are for a function 'process_event', which .* functions \(collect_events\)"
    with pytest.raises(WorkflowError, match=message):
        event_stacks(collect=COLLECT, process=PROCESS, store=Table())(sources)


@pytest.mark.parametrize("name", ["Bucket", "Files", "Table", "event_stacks"])
def test_names_that_moved_are_still_found_where_they_were(name: str) -> None:
    import carnation.stacks

    assert getattr(carnation.stacks, name) is getattr(stacks, name)


def test_a_name_that_the_stacks_never_had_is_not_found() -> None:
    import carnation.stacks

    with pytest.raises(AttributeError, match="'carnation.stacks' has no 'Tabel'"):
        getattr(carnation.stacks, "Tabel")  # noqa: B009
