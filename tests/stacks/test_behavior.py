"""What works and what watches: the queues, the alarms, the state machine, the functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnation.patterns.events.stacks import Table, event_stacks
from carnation.stacks import Function, Package, Sources
from tests.stacks.test_stacks import (
    COLLECT,
    NAMES,
    PROCESS,
    build,
    list_resources,
    make_sources,
    parse,
    properties_of,
    read_definition,
    read_templates,
    render,
)

DAY = 24 * 3600


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("queue", "alarm", "days"),
    [("Queue", "QueueAge", 7), ("DeadLetterQueue", "DeadLettersAge", 14)],
)
def test_messages_are_kept_and_an_alarm_comes_at_half_of_the_time(
    name: str, queue: str, alarm: str, days: int
) -> None:
    kept = properties_of(name, queue)["MessageRetentionPeriod"]
    watched = properties_of(name, f"{alarm}Alarm")
    assert kept == days * DAY
    assert watched["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert watched["Threshold"] * 2 == kept
    assert watched["Dimensions"][0]["Value"] == properties_of(name, queue)["QueueName"]
    assert f"{days} days" in watched["AlarmDescription"]


@pytest.mark.parametrize("name", NAMES)
def test_a_message_received_ten_times_moves_to_the_dead_letters(name: str) -> None:
    assert properties_of(name, "Queue")["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "maxReceiveCount": 10,
    }
    (source,) = properties_of(name, "DeadLetterQueue")["RedriveAllowPolicy"]["sourceQueueArns"]
    own = properties_of(name, "Queue")["QueueName"]["Fn::Sub"]
    assert source["Fn::Sub"].endswith(f":{own}")


WORKFLOW = {"Fn::Sub": "${ProjectName}-${Environment}-workflow"}
WATCHED = {
    **{
        f"{title}{metric}": (f"{resource}-{name}", "AWS/Lambda", metric, threshold)
        for title, resource, near in (
            ("CollectEvents", "collect-events", 48_000),
            ("ProcessEvent", "process-event", 8_000),
        )
        for metric, name, threshold in (
            ("Errors", "errors", 1),
            ("Throttles", "throttles", 1),
            ("Duration", "duration", near),
            ("ConcurrentExecutions", "concurrent-executions", 900),
        )
    },
    "CollectEventsSilent": ("collect-events-silent", "AWS/Lambda", "Invocations", 1),
    **{
        f"Executions{kind}": (f"executions-{part}", "AWS/States", f"Executions{kind}", 1)
        for kind, part in (("Failed", "failed"), ("Aborted", "aborted"), ("TimedOut", "timed-out"))
    },
    "ExecutionsUnfinished": ("executions-unfinished", WORKFLOW, "ExecutionsUnfinished", 1),
    "ReceivedAgain": ("received-again", WORKFLOW, "ReceivedAgain", 1),
    "QueueAge": ("queue-age", "AWS/SQS", "ApproximateAgeOfOldestMessage", 302_400),
    "DeadLettersAge": ("dead-letters-age", "AWS/SQS", "ApproximateAgeOfOldestMessage", 604_800),
    "DeadLettersDepth": (
        "dead-letters-depth", "AWS/SQS", "ApproximateNumberOfMessagesVisible", 1,
    ),
    "UndeliveredDepth": (
        "undelivered-depth", "AWS/SQS", "ApproximateNumberOfMessagesVisible", 1,
    ),
}  # fmt: skip
# The state itself writes: four alarms of a function less, one of the table's throttles more.
WITHOUT_SECOND_FUNCTION = {"direct": len(WATCHED) - 4 + 1}


def test_these_are_the_alarms_and_no_others() -> None:
    found = {
        title.removesuffix("Alarm"): (
            alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix(
                "${ProjectName}-${Environment}-"
            ),
            *(alarm["Properties"][key] for key in ("Namespace", "MetricName", "Threshold")),
        )
        for title, alarm in list_resources("carnation", "AWS::CloudWatch::Alarm").items()
    }
    assert found == WATCHED


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_publishes_to_the_one_topic(name: str) -> None:
    alarms = list_resources(name, "AWS::CloudWatch::Alarm")
    assert len(alarms) == WITHOUT_SECOND_FUNCTION.get(name, len(WATCHED))
    for alarm in alarms.values():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "TopicArn"}]
        assert alarm["Properties"]["OKActions"] == [{"Ref": "TopicArn"}]
    (topic,) = list_resources(name, "AWS::SNS::Topic")
    assert properties_of(name, "AlarmStack")["Parameters"]["TopicArn"] == {
        "Fn::GetAtt": ["TopicStack", "Outputs.TopicArn"]
    }
    assert read_templates(name)["sns"]["Outputs"]["TopicArn"]["Value"] == {"Ref": topic}


def test_silence_is_an_alarm_for_what_collects_whatever_its_name_if_a_schedule_is_set() -> None:
    text = json.dumps(read_definition()).replace("CollectEvents", "Gather")
    made = render(json.loads(text), collect=Function("gather", "Gathers"))
    alarms = made["cloudwatch-stack.yaml"]["Resources"]
    silent = [title for title in alarms if "Silent" in title]
    assert silent == ["GatherSilentAlarm"]
    assert alarms[silent[0]]["Condition"] == "HasSchedule"
    assert alarms[silent[0]]["Properties"]["TreatMissingData"] == "breaching"
    others = [alarm["Properties"] for title, alarm in alarms.items() if title not in silent]
    assert {properties["TreatMissingData"] for properties in others} == {"notBreaching"}


def test_the_state_machine_logs_traces_and_takes_its_definition_from_the_bucket() -> None:
    machine = properties_of("carnation", "StateMachine")
    entry = build("carnation").manifest["artifacts"]["code/state-machine/carnation.asl.json"]
    assert "DefinitionString" not in machine
    assert machine["DefinitionS3Location"] == {
        "Bucket": {"Ref": "ArtifactBucket"},
        "Key": entry["key"],
    }
    assert machine["TracingConfiguration"] == {"Enabled": True}
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", True)
    (destination,) = logging["Destinations"]
    assert destination["CloudWatchLogsLogGroup"]["LogGroupArn"] == {
        "Fn::GetAtt": ["StateMachineLogs", "Arn"]
    }
    logs = properties_of("carnation", "StateMachineLogs")
    assert logs["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/states/")
    assert logs["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_definition_gets_versions_of_functions_and_queues_of_the_nested_stacks() -> None:
    given = properties_of("carnation", "StateMachine")["DefinitionSubstitutions"]
    assert given == {
        "Partition": {"Ref": "AWS::Partition"},
        "MaxConcurrency": {"Ref": "MaxConcurrency"},
        **{
            name: {"Fn::GetAtt": [stack, f"Outputs.{output}"]}
            for name, stack, output in (
                ("QueueUrl", "QueueStack", "QueueUrl"),
                ("DeadLetterQueueUrl", "QueueStack", "DeadLetterQueueUrl"),
                ("CollectEventsFunction", "FunctionStack", "CollectEventsVersionArn"),
                ("ProcessEventFunction", "FunctionStack", "ProcessEventVersionArn"),
            )
        },
    }
    assert "MaxConcurrency" not in read_templates("archive")["root"]["Parameters"]


def test_a_retained_version_stands_behind_an_alias_that_moves_as_the_parameter_says() -> None:
    version = properties_of("carnation", "StateMachineVersion")
    assert version["StateMachineRevisionId"] == {
        "Fn::GetAtt": ["StateMachine", "StateMachineRevisionId"]
    }
    preference = properties_of("carnation", "StateMachineAlias")["DeploymentPreference"]
    assert preference["StateMachineVersionArn"] == {"Ref": "StateMachineVersion"}
    assert preference["Type"] == {"Ref": "DeploymentType"}
    alarms = list_resources("carnation", "AWS::CloudWatch::Alarm").values()
    names = [alarm["Properties"]["AlarmName"] for alarm in alarms]
    assert preference["Alarms"] == [
        {"Fn::Sub": f"${{ProjectName}}-${{Environment}}-{name}"}
        # an execution fails with EventsFailed every day, which must not undo a deployment
        for name in ("executions-aborted", "executions-timed-out", "collect-events-errors")
    ]
    assert all(alarm in names for alarm in preference["Alarms"])
    none = {"Ref": "AWS::NoValue"}  # AWS rejects these two beside ALL_AT_ONCE
    assert preference["Percentage"] == {"Fn::If": ["MovesGradually", 10, none]}
    assert preference["Interval"] == {"Fn::If": ["MovesGradually", 5, none]}


def test_the_schedule_starts_a_run_that_only_works_through_the_queue() -> None:
    schedule = list_resources("carnation")["QueueSchedule"]
    assert schedule["Condition"] == "HasSchedule"
    assert schedule["Properties"]["ScheduleExpression"] == {"Ref": "Schedule"}
    target = schedule["Properties"]["Target"]
    assert json.loads(target["Input"]) == {"start_seq": 0, "end_seq": 0}
    assert target["Arn"] == {"Ref": "StateMachineAlias"}
    role = properties_of("carnation", "ScheduleRole")["RoleName"]["Fn::Sub"]
    assert target["RoleArn"]["Fn::Sub"].endswith(f":role/{role}")


@pytest.mark.parametrize("name", NAMES)
def test_each_function_runs_python_3_13_on_arm64_with_json_logs_and_traces(name: str) -> None:
    functions = list_resources(name, "AWS::Lambda::Function")
    assert len(functions) == (1 if name in WITHOUT_SECOND_FUNCTION else 2)
    for title, function in functions.items():
        part = title.removesuffix("Function")
        properties = function["Properties"]
        assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"])
        assert properties["TracingConfig"] == {"Mode": "Active"}
        logging = properties["LoggingConfig"]
        assert logging == {"LogFormat": "JSON", "LogGroup": {"Ref": f"{part}Logs"}}
        logs = properties_of(name, f"{part}Logs")
        assert logs["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        own = properties["FunctionName"]["Fn::Sub"]
        assert logs["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{own}"
        alias = properties_of(name, f"{part}Alias")
        assert alias["FunctionVersion"] == {"Fn::GetAtt": [f"{part}Version", "Version"]}
        outputs = read_templates(name)["lambda-function"]["Outputs"]
        assert outputs[f"{part}VersionArn"]["Value"] == {"Ref": f"{part}Version"}


def render_version(sources: Sources, process: Function) -> dict[str, Any]:
    texts = event_stacks(collect=COLLECT, process=process, store=Table())(sources)
    template = parse(texts["cft/nested-stacks/lambda-function-stack.yaml"])
    properties: dict[str, Any] = template["Resources"]["ProcessEventVersion"]["Properties"]
    return properties


def test_a_version_is_published_anew_for_other_code_configuration_or_key() -> None:
    sources = make_sources(read_definition())
    first = render_version(sources, PROCESS)
    assert render_version(sources, PROCESS) == first
    assert "${KeyArn}" in first["Description"]["Fn::Sub"]
    longer = render_version(sources, Function("process_event", "Processes", timeout=31))
    assert longer["Description"] != first["Description"]
    assert longer["CodeSha256"] == first["CodeSha256"]
    package = Package("process_event", "ef" * 32, "code/python/process_event.zip")
    other = sources._replace(packages={**sources.packages, "process_event": package})
    assert render_version(other, PROCESS)["CodeSha256"] != first["CodeSha256"]
