"""Who may do what: every action, resource and condition of every role and policy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnation.errors import DefinitionError
from carnation.patterns.events.stacks import Bucket, event_stacks
from carnation.stacks import Function
from tests.stacks.test_stacks import (
    COLLECT,
    NAMES,
    list_resources,
    make_sources,
    parse,
    properties_of,
    read_definition,
    render,
)

Grant = tuple[str, str, str]
X_RAY = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


def shorten(value: Any) -> str:
    """Write an ARN of this account as `service:resource`, `@` for project and environment."""
    if isinstance(value, dict):
        ((function, value),) = value.items()
        if function == "Ref":
            return f"!{value}"
        if function == "Fn::GetAtt":
            return "!" + ".".join(value)
    text = str(value).replace("${ProjectName}-${Environment}-", "@")
    for part in ("arn:${AWS::Partition}:", "${AWS::Region}:${AWS::AccountId}:"):
        text = text.replace(part, "")
    return text.replace("iam::${AWS::AccountId}:", "iam:")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def describe_condition(statement: dict[str, Any]) -> str:
    return " and ".join(
        f"{operator} {key} {' or '.join(shorten(item) for item in as_list(value))}"
        for operator, tests in statement.get("Condition", {}).items()
        for key, value in tests.items()
    )


def list_grants(policy: dict[str, Any]) -> set[Grant]:
    """List `(action, resource, condition)` of a policy that only allows."""
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Allow"}
    return {
        (action, shorten(resource), describe_condition(statement))
        for statement in policy["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def list_role_grants(properties: dict[str, Any]) -> set[Grant]:
    (policy,) = properties["Policies"]
    return list_grants(policy["PolicyDocument"])


def through(service: str, *actions: str) -> set[Grant]:
    condition = f"StringEquals kms:ViaService {service}.${{AWS::Region}}.${{AWS::URLSuffix}}"
    return {(f"kms:{action}", "!KeyArn", condition) for action in actions}


def in_context(key: str, value: str, *actions: str) -> set[Grant]:
    condition = f"StringEquals kms:EncryptionContext:{key} {value}"
    return {(f"kms:{action}", "!KeyArn", condition) for action in actions}


def for_function(name: str) -> set[Grant]:
    logs = f"logs:log-group:/aws/lambda/@{name}:*"
    return {
        *((action, "*", "") for action in X_RAY),
        ("logs:CreateLogStream", logs, ""),
        ("logs:PutLogEvents", logs, ""),
        *through("lambda", "Decrypt"),
    }


COLLECT_ROLE: set[Grant] = {
    *for_function("collect-events"),
    ("sqs:ReceiveMessage", "sqs:@queue", ""),
    ("sqs:DeleteMessage", "sqs:@queue", ""),
    ("sqs:SendMessage", "sqs:@dead-letters", ""),
    *through("sqs", "Decrypt", "GenerateDataKey"),
}
SCHEDULE_ROLE: set[Grant] = {
    ("states:StartExecution", "states:stateMachine:@state-machine:live", ""),
    *in_context("aws:scheduler:schedule:arn", "scheduler:schedule/default/@queue", "Decrypt"),
    ("sqs:SendMessage", "sqs:@undelivered", ""),
    *through("sqs", "Decrypt", "GenerateDataKey"),
}
LOG_DELIVERY = (
    "CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies",
    "GetLogDelivery", "ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery",
)  # fmt: skip


def for_machine(*functions: str) -> set[Grant]:
    machine = "states:stateMachine:@state-machine"
    return {
        *(("lambda:InvokeFunction", f"lambda:function:@{name}:*", "") for name in functions),
        ("sqs:SendMessage", "sqs:@queue", ""),
        ("sqs:SendMessage", "sqs:@dead-letters", ""),
        ("sqs:DeleteMessage", "sqs:@queue", ""),
        *through("sqs", "Decrypt", "GenerateDataKey"),
        *in_context("aws:states:stateMachineArn", machine, "Decrypt", "GenerateDataKey"),
        *in_context("SourceArn", "logs:*", "GenerateDataKey"),
        *((f"logs:{action}", "*", "") for action in LOG_DELIVERY),
        *((action, "*", "") for action in X_RAY),
        ("xray:GetSamplingRules", "*", ""),
        ("xray:GetSamplingTargets", "*", ""),
    }


ROLES: dict[str, dict[str, set[Grant]]] = {
    "carnation": {
        "CollectEventsRole": COLLECT_ROLE,
        "ProcessEventRole": {
            *for_function("process-event"),
            ("dynamodb:PutItem", "dynamodb:table/@events", ""),
            *through("dynamodb", "Decrypt"),
        },
        "StateMachineRole": for_machine("collect-events", "process-event"),
        "ScheduleRole": SCHEDULE_ROLE,
    },
    "archive": {
        "CollectEventsRole": COLLECT_ROLE,
        "ArchiveEventRole": {
            *for_function("archive-event"),
            ("s3:GetObject", "s3:::@events-${AWS::AccountId}/events/*", ""),
            ("s3:PutObject", "s3:::@events-${AWS::AccountId}/events/*", ""),
            *through("s3", "Decrypt", "GenerateDataKey"),
        },
        "StateMachineRole": for_machine("collect-events", "archive-event"),
        "ScheduleRole": SCHEDULE_ROLE,
    },
}


ROLES["jsonata"] = ROLES["carnation"]
ROLES["direct"] = {
    "CollectEventsRole": COLLECT_ROLE,
    "StateMachineRole": {
        *for_machine("collect-events"),
        ("dynamodb:UpdateItem", "dynamodb:table/@events", ""),
        *through("dynamodb", "Decrypt"),
    },
    "ScheduleRole": SCHEDULE_ROLE,
}
FILES = "s3:::@files-${AWS::AccountId}"
OWN_KEY = "StringEquals kms:EncryptionContext:aws:states:stateMachineArn"
CHILDREN_KEY = (
    f"{OWN_KEY.replace('Equals', 'Like')} states:stateMachine:@state-machine or "
    "states:stateMachine:@state-machine/*"
)


def for_map(label: str, *functions: str) -> set[Grant]:
    children = f"states:execution:@state-machine/{label}:*"
    return {
        *(
            (action, resource, CHILDREN_KEY if OWN_KEY in condition else condition)
            for action, resource, condition in for_machine(*functions)
        ),
        ("states:StartExecution", "states:stateMachine:@state-machine", ""),
        *(
            (f"states:{name}Execution", execution, "")
            for name in ("Describe", "Stop")
            for execution in ("states:execution:@state-machine:*", children)
        ),
        ("states:RedriveExecution", children, ""),
    }


ROLES["express"] = {
    **ROLES["carnation"],
    "StateMachineRole": for_map("events", "collect-events", "process-event"),
}
ROLES["distributed"] = {
    **ROLES["carnation"],
    "CollectEventsRole": {
        *COLLECT_ROLE,
        ("s3:AbortMultipartUpload", f"{FILES}/events/*", ""),
        ("s3:GetObject", f"{FILES}/events/*", ""),
        ("s3:PutObject", f"{FILES}/events/*", ""),
        *through("s3", "Decrypt", "GenerateDataKey"),
    },
    "StateMachineRole": {
        *for_map("batches", "collect-events", "process-event"),
        # the keys of file and notes are worked out from the execution's name
        ("s3:GetObject", f"{FILES}/*", ""),
        ("s3:PutObject", f"{FILES}/failed/*", ""),
        ("s3:ListBucket", FILES, ""),
        *(
            (f"s3:{name}", f"{FILES}/results/*", "")
            for name in (
                "AbortMultipartUpload", "ListMultipartUploadParts", "PutObject",
            )
        ),
        *through("s3", "Decrypt", "GenerateDataKey"),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_role_may_do_exactly_what_it_does_and_nothing_more(name: str) -> None:
    roles = list_resources(name, "AWS::IAM::Role")
    assert set(roles) == set(ROLES[name])
    for title, role in roles.items():
        assert list_role_grants(role["Properties"]) == ROLES[name][title], title
        assert "ManagedPolicyArns" not in role["Properties"]


@pytest.mark.parametrize("name", NAMES)
def test_only_actions_that_know_no_resources_are_allowed_on_all(name: str) -> None:
    unbound = {
        action
        for role in list_resources(name, "AWS::IAM::Role").values()
        for action, resource, _ in list_role_grants(role["Properties"])
        if resource == "*"
    }
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    x_ray = {*X_RAY, "xray:GetSamplingRules", "xray:GetSamplingTargets"}
    # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    assert unbound == x_ray | {f"logs:{action}" for action in LOG_DELIVERY}


TRUSTED = {
    "CollectEventsRole": ("lambda", ["lambda:function:@collect-events"]),
    "ProcessEventRole": ("lambda", ["lambda:function:@process-event"]),
    "ArchiveEventRole": ("lambda", ["lambda:function:@archive-event"]),
    "StateMachineRole": ("states", ["states:stateMachine:@state-machine"]),
    "ScheduleRole": ("scheduler", ["scheduler:schedule-group/default"]),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_role_is_assumed_by_one_service_for_one_resource_of_this_account(name: str) -> None:
    for title, role in list_resources(name, "AWS::IAM::Role").items():
        service, (source, *_) = TRUSTED[title]
        sources = [source] if service == "scheduler" else [source, f"{source}:*"]
        if name in ("distributed", "express") and service == "states":
            sources.append(f"{source}/*")  # what the Map starts
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")
        assert trust["Condition"]["StringEquals"] == {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"}
        }
        given = trust["Condition"]["ArnLike"]["aws:SourceArn"]
        assert [shorten(arn) for arn in given] == sources


@pytest.mark.parametrize("name", NAMES)
def test_a_permissions_boundary_bounds_every_role_if_one_is_given(name: str) -> None:
    for role in list_resources(name, "AWS::IAM::Role").values():
        assert role["Properties"]["PermissionsBoundary"] == {
            "Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]
        }


POLICIES = {**dict.fromkeys(NAMES, 4), "archive": 5, "distributed": 5}


@pytest.mark.parametrize("name", NAMES)
def test_resource_policies_refuse_plain_http_and_let_in_only_our_own_alarms(name: str) -> None:
    kinds = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
    found = [policy for kind in kinds for policy in list_resources(name, kind).values()]
    assert len(found) == POLICIES[name]
    for policy in found:
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        (refusal,) = [one for one in statements if one["Effect"] == "Deny"]
        assert refusal["Principal"] == "*"
        assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements:
            if statement is not refusal:
                assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
                assert (statement["Action"], statement["Resource"]) == (
                    "sns:Publish",
                    {"Ref": "Topic"},
                )
                assert describe_condition(statement) == OUR_ALARMS


OUR_ALARMS = (
    "StringEquals aws:SourceAccount !AWS::AccountId and ArnLike aws:SourceArn cloudwatch:alarm:@*"
)
KEY_USERS = {
    "iam:root": ({"kms:*"}, ""),
    "cloudwatch.amazonaws.com": ({"kms:Decrypt", "kms:GenerateDataKey*"}, OUR_ALARMS),
    "logs.${AWS::Region}.${AWS::URLSuffix}": (
        {"kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
        "ArnLike kms:EncryptionContext:aws:logs:arn logs:log-group:/aws/lambda/@* or "
        "logs:log-group:/aws/vendedlogs/states/@*",
    ),
    "delivery.logs.amazonaws.com": (
        {"kms:Decrypt"},
        "StringEquals kms:EncryptionContext:SourceArn logs:*",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_key_names_each_service_that_needs_it_and_only_for_this_account(name: str) -> None:
    found = {}
    for statement in properties_of(name, "Key")["KeyPolicy"]["Statement"]:
        ((_, principal),) = statement["Principal"].items()
        assert statement["Effect"] == "Allow"
        found[shorten(principal)] = (
            set(as_list(statement["Action"])),
            describe_condition(statement),
        )
    assert found == KEY_USERS


def edit(**replaced: str) -> dict[str, Any]:
    """Edit the carnation definition as text: `{old: new}`."""
    text = json.dumps(read_definition())
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    definition: dict[str, Any] = json.loads(text)
    return definition


def machine_grants(definition: dict[str, Any], **functions: Function) -> set[Grant]:
    roles = render(definition, **functions)["iam-role-stack.yaml"]["Resources"]
    return list_role_grants(roles["StateMachineRole"]["Properties"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":states:::aws-sdk:sqs:deleteMessage", ":states:::aws-sdk:sqs:sendMessage"),
        (":states:::sqs:sendMessage", ":states:::sqs:sendMessage.waitForTaskToken"),
        (":states:::lambda:invoke", ":states:::aws-sdk:lambda:invoke"),
        (":states:::lambda:invoke", ":states:::lambda:invoke.waitForTaskToken"),
        ("arn:${Partition}:states:::lambda:invoke", "${ProcessEventFunction}"),
        ('"Parameters"', '"Arguments"'),
    ],
)  # fmt: skip
def test_the_role_follows_the_tasks_of_the_definition(old: str, new: str) -> None:
    expected = for_machine("collect-events", "process-event")
    if "deleteMessage" in old:
        expected.discard(("sqs:DeleteMessage", "sqs:@queue", ""))
    if new == "${ProcessEventFunction}":  # then only this one is invoked by any task
        expected.discard(("lambda:InvokeFunction", "lambda:function:@collect-events:*", ""))
    assert machine_grants(edit(**{old: new})) == expected


def grants_beside(**states: Any) -> set[Grant]:
    """Return what the role may do for some states, put beside those of carnation."""
    definition = read_definition()
    before = machine_grants(definition)
    definition["States"].update(states)
    return machine_grants(definition) - before


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:${{Partition}}:states:::{name}",
        "Arguments": arguments,
    }


TABLE = {"TableName": "${TableName}"}
WRITE = {"StartAt": "Write", "States": {"Write": call("dynamodb:putItem", **TABLE)}}


def test_a_task_that_writes_to_the_table_gets_its_action_and_the_key_through_it() -> None:
    assert grants_beside(
        Write=call("dynamodb:putItem", **TABLE),
        Read=call("dynamodb:getItem", **TABLE),
        Both=call("aws-sdk:dynamodb:transactWriteItems", TransactItems=[{"Update": TABLE}]),
    ) == {
        *((f"dynamodb:{name}Item", "dynamodb:table/@events", "") for name in WRITTEN),
        *through("dynamodb", "Decrypt"),
    }


WRITTEN = ("Put", "Get", "Update")


def test_a_distributed_map_may_start_watch_and_redrive_itself_and_nothing_else() -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    each = {"Type": "Map", "Label": "Each", "ItemProcessor": {**WRITE, "ProcessorConfig": config}}
    runs = ("states:execution:@state-machine:*", "states:execution:@state-machine/Each:*")
    own = "states:stateMachine:@state-machine"
    contexts = f"StringLike kms:EncryptionContext:aws:states:stateMachineArn {own} or {own}/*"
    assert grants_beside(Each=each) == {
        ("states:StartExecution", own, ""),
        *((f"states:{name}Execution", run, "") for name in ("Describe", "Stop") for run in runs),
        ("states:RedriveExecution", runs[1], ""),
        ("dynamodb:PutItem", "dynamodb:table/@events", ""),
        *through("dynamodb", "Decrypt"),
        *((f"kms:{name}", "!KeyArn", contexts) for name in ("Decrypt", "GenerateDataKey")),
    }
    definition = read_definition()
    definition["States"]["Each"] = each
    role = render(definition)["iam-role-stack.yaml"]["Resources"]["StateMachineRole"]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    sources = [shorten(arn) for arn in trust["Condition"]["ArnLike"]["aws:SourceArn"]]
    assert sources == [own, f"{own}:*", f"{own}/*"]


BUCKET = "s3:::@events-${AWS::AccountId}"


def test_what_a_distributed_map_reads_and_writes_in_the_bucket_is_allowed_there_alone() -> None:
    reader = {
        "Resource": "arn:${Partition}:states:::s3:getObject",
        "Parameters": {"Bucket": "${BucketName}", "Key.$": "$.key"},
    }
    writer = {
        "Resource": "arn:${Partition}:states:::s3:putObject",
        "Parameters": {"Bucket": "${BucketName}", "Prefix": "results"},
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    inner = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}, "ProcessorConfig": config}
    each = {"Type": "Map", "ItemReader": reader, "ItemProcessor": inner}

    def s3_grants(state: dict[str, Any]) -> set[Grant]:
        definition = read_definition("archive")
        definition["States"]["Each"] = state
        sources = make_sources(definition, "collect_events", "archive_event")
        archive = Function("archive_event", "Archives")
        texts = event_stacks(collect=COLLECT, process=archive, store=Bucket())(sources)
        roles = parse(texts["cft/nested-stacks/iam-role-stack.yaml"])["Resources"]
        grants = list_role_grants(roles["StateMachineRole"]["Properties"])
        return {one for one in grants if one[0].startswith("s3:") or "s3." in one[2]}

    assert s3_grants(each) == {("s3:GetObject", f"{BUCKET}/*", ""), *through("s3", "Decrypt")}
    names = ("AbortMultipartUpload", "ListMultipartUploadParts", "PutObject")  # it reads all
    assert s3_grants({**each, "ResultWriter": writer}) == {
        ("s3:GetObject", f"{BUCKET}/*", ""),
        *((f"s3:{name}", f"{BUCKET}/results/*", "") for name in names),
        *through("s3", "Decrypt", "GenerateDataKey"),
    }


def test_a_child_of_another_stack_is_started_watched_and_stopped_by_its_name() -> None:
    arn = "arn:${Partition}:states:eu-west-1:111122223333:stateMachine:child:live"
    child = "states:eu-west-1:111122223333:%s:child"
    rule = "events:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    assert grants_beside(Start=call("states:startExecution.sync:2", StateMachineArn=arn)) == {
        ("states:StartExecution", f"{child % 'stateMachine'}:live", ""),
        ("states:DescribeExecution", f"{child % 'execution'}:*", ""),
        ("states:StopExecution", f"{child % 'execution'}:*", ""),
        *((f"events:{name}", rule, "") for name in ("PutTargets", "PutRule", "DescribeRule")),
    }
    express = grants_beside(Start=call("aws-sdk:sfn:startSyncExecution", StateMachineArn=arn))
    assert express == {("states:StartSyncExecution", f"{child % 'stateMachine'}:live", "")}


def test_every_statement_of_the_state_machine_has_a_name_of_its_own() -> None:
    definition = read_definition()
    arn = "arn:aws:states:eu-west-1:111122223333:stateMachine:child"
    definition["States"]["Other"] = call("states:startExecution", StateMachineArn=arn)
    config = {"Mode": "DISTRIBUTED"}
    definition["States"]["Each"] = {
        "Type": "Map", "ItemProcessor": {**WRITE, "ProcessorConfig": config},
    }  # fmt: skip
    role = render(definition)["iam-role-stack.yaml"]["Resources"]["StateMachineRole"]
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert [one["Sid"] for one in statements] == [
        "InvokeVersions", "StartExecution", "DescribeExecution", "RedriveExecution",
        "DeleteMessage", "SendMessage", "PutItem", "UseKeyThroughSqs", "UseKeyThroughDynamodb",
        "EncryptExecutions", "EncryptLogs", "DeliverLogs", "Trace",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"QueueUrl": "${QueueUrl}"',
            '"QueueUrl.$": "$.url", "Unused": "${QueueUrl}"',
            r"state 'DeleteMessage' \(/States/ProcessEvents/ItemProcessor/States/DeleteMessage\) "
            r"calls aws-sdk:sqs:deleteMessage; QueueUrl is worked out while it runs\. The role of "
            r"the state machine would have to allow sqs:DeleteMessage on 'arn:.*:\*'\. Name "
            r"its resource; these stacks have: \$\{TableName\}, \$\{QueueUrl\}, ",
        ),
        (
            '"FunctionName": "${ProcessEventFunction}"',
            '"FunctionName.$": "$.name", "Unused": "${ProcessEventFunction}"',
            r"state 'ProcessEvent' .* FunctionName is worked out while it runs",
        ),
        (
            '"FunctionName": "${ProcessEventFunction}"',
            '"FunctionName": "${ProcessEventFunction}-${MaxConcurrency}"',
            r"state 'ProcessEvent' .* on '.*\$\{MaxConcurrency\}'",
        ),
        (
            ":states:::sqs:sendMessage",
            ":states:::sns:publish",
            r"state 'PutInDeadLetters' .* calls sns:publish; no topic is named",
        ),
        (
            ":states:::sqs:sendMessage",
            ":states:::aws-sdk:sqs:sendMesage",
            r"state 'PutInDeadLetters' .* does not list this action: look it up",
        ),
    ],
)
def test_a_task_that_the_role_could_only_allow_on_everything_is_an_error_that_names_it(
    old: str, new: str, message: str
) -> None:
    with pytest.raises(DefinitionError, match=message):
        render(edit(**{old: new}))
