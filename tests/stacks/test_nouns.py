"""Each noun's template, and what a workflow is refused for; nothing here runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.errors import CarnationError, UsageError, WorkflowError
from carnation.resources import (
    Activity,
    Alarms,
    Binary,
    Bucket,
    Bus,
    Child,
    Connection,
    EventRule,
    Function,
    Grant,
    Index,
    Key,
    Number,
    Parameter,
    Queue,
    Raw,
    Schedule,
    Secret,
    Table,
    Topic,
)
from carnation.states import Chain, Pass, integrate
from carnation.states import Map as StateMap
from carnation.workflow import Workflow
from tests.conftest import ROOT
from tests.stacks.test_stacks import parse


def build(*states: Any, root: Path = ROOT, name: str = "hub", **given: Any) -> Any:
    workflow = Workflow(
        name=name, version="1.0.0", states=Chain(list(states)), query_language="JSONata",
        timeout_seconds=60, **given,
    )  # fmt: skip
    return make_artifacts(str(root), workflow)


def render(*states: Any, **given: Any) -> Any:
    made = build(*states, **given)
    return parse(made.files["cft/hub-root-stack.yaml"])


def resources_of(*states: Any, **given: Any) -> Any:
    return render(*states, **given)["Resources"]


def policy_of(made: Any, role: str = "StateMachineRole") -> list[Any]:
    statements: list[Any] = made[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return statements


def find_statement(made: Any, action: str, role: str = "StateMachineRole") -> Any:
    (found,) = [one for one in policy_of(made, role) if action in str(one["Action"])]
    return found


def look(table: Table, **key: Any) -> Any:
    return table.get_item("Look", Key=key or {"id": {"S": "1"}})


# what each noun makes


def test_a_table_has_its_keys_indexes_expiry_and_stream() -> None:
    table = Table(
        "stock", key="id", sort_key=Number("at"), indexes={"by-who": Index("who", Binary("b"))},
        expires_by="until", stream="NEW_IMAGE",
    )  # fmt: skip
    made = resources_of(look(table, id={"S": "1"}, at={"N": "1"}), resources=[table])
    properties = made["StockTable"]["Properties"]
    kinds = {
        row["AttributeName"]: row["AttributeType"] for row in properties["AttributeDefinitions"]
    }
    assert kinds == {"id": "S", "at": "N", "who": "S", "b": "B"}
    (index,) = properties["GlobalSecondaryIndexes"]
    assert [row["AttributeName"] for row in index["KeySchema"]] == ["who", "b"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "until", "Enabled": True}
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert made["StockTable"]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_query_is_allowed_on_the_index_it_names() -> None:
    table = Table("stock", indexes={"by-who": Index("who")})
    query = table.query("Find", IndexName="by-who", KeyConditionExpression="who = :w")
    made = resources_of(query, resources=[table])
    arn = find_statement(made, "dynamodb:Query")["Resource"]
    assert arn == {"Fn::Sub": "${StockTable.Arn}/index/by-who"}


def test_what_is_not_kept_goes_with_its_stack_and_what_has_a_logical_id_stays_there() -> None:
    table = Table("stock", keep=False, logical_id="Old", named=False,
                  properties={"TableClass": "STANDARD"})  # fmt: skip
    made = resources_of(look(table), resources=[table])
    assert made["Old"]["DeletionPolicy"] == "Delete"
    assert "TableName" not in made["Old"]["Properties"]
    assert made["Old"]["Properties"]["TableClass"] == "STANDARD"
    assert made["Old"]["Properties"]["DeletionProtectionEnabled"] is False
    assert find_statement(made, "dynamodb:GetItem")["Resource"] == {"Fn::GetAtt": ["Old", "Arn"]}


def test_a_fifo_queue_and_its_dead_letters_end_in_fifo() -> None:
    queue = Queue("jobs", fifo=True, receives=3)
    send = queue.send_message("Send", MessageBody="x", MessageGroupId="g")
    made = resources_of(send, resources=[queue])
    names = [made[one]["Properties"]["QueueName"]["Fn::Sub"].rpartition("-jobs")[2]
             for one in ("JobsQueue", "JobsDeadLetters")]  # fmt: skip
    assert names == [".fifo", "-dead-letters.fifo"]
    redrive = made["JobsQueue"]["Properties"]["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == 3
    with pytest.raises(UsageError, match="up to 27 characters"):
        Queue("x" * 28, fifo=True)


def test_a_bucket_is_private_versioned_and_forgets() -> None:
    bucket = Bucket("files", expires_days=3)
    put = bucket.put_object("Put", Key="out/a", Body="x")
    made = resources_of(put, resources=[bucket])
    properties = made["FilesBucket"]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 3
    arn = find_statement(made, "s3:PutObject")["Resource"]
    assert arn == {"Fn::Sub": "${FilesBucket.Arn}/out/a"}


def test_a_topic_reports_queues_functions_urls_and_people() -> None:
    queue, function = Queue("heard"), Function("validate_order")
    who = Parameter("who", example="a@b.c")
    topic = Topic("told", emails=[who.value, "x@y.z"],
                  subscribers=[queue, function, "https://example.com/hook"])  # fmt: skip
    listed = [topic, queue, function, who]
    made = resources_of(topic.publish("Tell", Message="x"), resources=listed)
    found = {one["Properties"]["Protocol"]: one["Properties"]["Endpoint"] for one in made.values()
             if one["Type"] == "AWS::SNS::Subscription" and "Condition" not in one}  # fmt: skip
    assert found == {
        "email": "x@y.z", "https": "https://example.com/hook",
        "lambda": {"Ref": "ValidateOrderVersion"}, "sqs": {"Fn::GetAtt": ["HeardQueue", "Arn"]},
    }  # fmt: skip
    assert made["ToldToEmail1"]["Properties"]["Endpoint"] == {"Ref": "Who"}
    policy = str(made["HeardQueuePolicy"]["Properties"]["PolicyDocument"])
    assert "sns.amazonaws.com" in policy
    assert made["ToldInvokesValidateOrder"]["Properties"]["Principal"] == "sns.amazonaws.com"


def test_a_bus_a_rule_on_it_and_events_sent_to_it() -> None:
    bus = Bus("shop")
    send = bus.put_events("Send", Entries=[{"Source": "a", "DetailType": "b", "Detail": {}}])
    rule = EventRule("all", pattern={"source": [{"prefix": ""}]}, bus=bus, whole_event=True)
    made = resources_of(send, resources=[bus], triggers=[rule])
    properties = made["AllRule"]["Properties"]
    assert properties["EventBusName"] == {"Ref": "ShopBus"}
    assert "InputPath" not in properties["Targets"][0]
    assert find_statement(made, "events:PutEvents")["Resource"] == {
        "Fn::GetAtt": ["ShopBus", "Arn"]
    }


def test_a_connection_reads_its_key_from_a_secret_whose_value_nobody_wrote_down() -> None:
    secret = Secret("token", "The key")
    api = Connection("api", endpoint="https://a.example.com/", secret=secret, header="X-Key")
    call = api.call("Ask", "POST", "/things", RequestBody={"a": 1})
    made = resources_of(call, resources=[secret, api], key=Key())
    assert "GenerateSecretString" in made["TokenSecret"]["Properties"]
    assert "KmsKeyId" in made["TokenSecret"]["Properties"]
    key = made["ApiConnection"]["Properties"]["AuthParameters"]["ApiKeyAuthParameters"]
    assert key["ApiKeyName"] == "X-Key"
    assert "resolve:secretsmanager" in str(key["ApiKeyValue"])
    condition = find_statement(made, "states:InvokeHTTPEndpoint")["Condition"]["StringEquals"]
    assert condition["states:HTTPEndpoint"] == "https://a.example.com/things"


def test_an_activity_is_waited_for() -> None:
    activity = Activity("weigh")
    made = build(activity.wait("Weigh", timeout_seconds=60), resources=[activity])
    assert '"Resource": "${WeighArn}"' in made.files["code/state-machine/hub.asl.json"]
    assert "lambda:InvokeFunction" not in made.files["code/state-machine/hub.policy.json"]
    template = parse(made.files["cft/hub-root-stack.yaml"])["Resources"]
    assert template["WeighActivity"]["Type"] == "AWS::StepFunctions::Activity"


def test_a_raw_resource_is_put_in_as_it_is_and_its_arn_is_granted() -> None:
    body = {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}
    arn = "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/*"
    stream = Raw("Stream", body, arn=arn)
    put = integrate("Put", "aws-sdk:kinesis:putRecord", arguments={
        "StreamARN": stream.attribute("Arn"), "Data": "x", "PartitionKey": "k"})  # fmt: skip
    made = resources_of(put, resources=[stream])
    assert made["Stream"] == body
    given = made["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert given == {
        "StreamArn": {"Fn::GetAtt": ["Stream", "Arn"]}, "Partition": {"Ref": "AWS::Partition"},
    }  # fmt: skip
    with pytest.raises(UsageError, match="a mapping or an object of troposphere"):
        Raw("Stream")


def test_functions_of_every_kind() -> None:
    digest = "a" * 64
    image = Function("scan", image=f"1.dkr.ecr.eu-west-1.amazonaws.com/scan@sha256:{digest}")
    zipped = Function("pack", zip="lambdas/validate_order/handler.py", runtime="nodejs22.x",
                      handler="index.handler", architecture="x86_64")  # fmt: skip
    layered = Function("validate_order", layers=["arn:aws:lambda:eu-west-1:1:layer:a:1"],
                       runtime="python3.14", environment={"LEVEL": "b"})  # fmt: skip
    states = [image.invoke("Scan"), zipped.invoke("Pack"), layered.invoke("Validate")]
    made = resources_of(*states, resources=[image, zipped, layered])
    scan, pack, validate = (made[f"{name}Function"]["Properties"]
                            for name in ("Scan", "Pack", "ValidateOrder"))  # fmt: skip
    assert (scan["PackageType"], "Handler" in scan) == ("Image", False)
    assert (pack["Runtime"], pack["Architectures"]) == ("nodejs22.x", ["x86_64"])
    assert (validate["Runtime"], validate["Architectures"]) == ("python3.14", ["arm64"])
    assert validate["Layers"] == ["arn:aws:lambda:eu-west-1:1:layer:a:1"]
    assert validate["Environment"]["Variables"] == {"LEVEL": "b"}


# what exists elsewhere

PLACE = "${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize(
    ("given", "name", "arn"),
    [
        ({"name": "theirs"}, "theirs",
         {"Fn::Sub": f"arn:{PLACE}:table/theirs"}),
        ({"arn": "arn:aws:dynamodb:eu-west-1:1:table/theirs"}, "theirs",
         "arn:aws:dynamodb:eu-west-1:1:table/theirs"),
        ({"export": "Theirs"},
         {"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::ImportValue": "Theirs"}]}]},
         {"Fn::ImportValue": "Theirs"}),
        ({"ssm": "/theirs"},
         {"Fn::Select": [1, {"Fn::Split": ["/", "{{resolve:ssm:/theirs}}"]}]},
         "{{resolve:ssm:/theirs}}"),
        ({"arn": Parameter("theirs", example="arn:aws:dynamodb:eu-west-1:1:table/t")},
         {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Theirs"}]}]}, {"Ref": "Theirs"}),
    ],
)  # fmt: skip
def test_what_exists_is_named_and_granted_and_not_made(given: Any, name: Any, arn: Any) -> None:
    table = Table.existing("stock", **given)
    made = resources_of(look(table), resources=[table])
    assert not [one for one in made.values() if one["Type"] == "AWS::DynamoDB::Table"]
    assert made["StateMachine"]["Properties"]["DefinitionSubstitutions"]["StockName"] == name
    assert find_statement(made, "dynamodb:GetItem")["Resource"] == arn


def test_every_kind_that_exists_is_used_alike() -> None:
    at = "arn:aws:{}:eu-west-1:111122223333:{}"
    queue = Queue.existing("jobs", arn=at.format("sqs", "theirs"))
    topic = Topic.existing("told", arn=at.format("sns", "theirs"))
    bucket = Bucket.existing("files", name="theirs")
    bus = Bus.existing("shop", name="default")
    function = Function.existing("score", arn=at.format("lambda", "function:theirs"))
    states = [
        queue.send_message("Send", MessageBody="x"), topic.publish("Tell", Message="x"),
        bucket.get_object("Read", Key="a"), function.invoke("Score"),
        bus.put_events("Put", Entries=[{"Source": "a", "DetailType": "b", "Detail": {}}]),
    ]  # fmt: skip
    made = resources_of(*states, resources=[queue, topic, bucket, bus, function], alarms=None)
    kinds = {one["Type"].split("::")[1] for one in made.values()}
    assert kinds == {"IAM", "Logs", "StepFunctions"}
    given = made["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert given["JobsUrl"] == {
        "Fn::Sub": ["https://sqs.${QueueRegion}.${AWS::URLSuffix}/${QueueAccount}/${QueueName}",
                    {"QueueRegion": "eu-west-1", "QueueAccount": "111122223333",
                     "QueueName": "theirs"}],
    }  # fmt: skip
    assert given["ScoreArn"] == at.format("lambda", "function:theirs")
    assert find_statement(made, "lambda:Invoke")["Resource"] == given["ScoreArn"]
    assert find_statement(made, "sqs:Send")["Resource"] == at.format("sqs", "theirs")


def test_a_key_that_exists_encrypts_and_none_is_made() -> None:
    key = Parameter("key_arn_of_ours", example="arn:aws:kms:eu-west-1:1:key/1")
    table = Table("stock")
    made = resources_of(look(table), resources=[table], key=Key.existing(arn=key))
    assert not [one for one in made.values() if one["Type"] == "AWS::KMS::Key"]
    sealed = made["StockTable"]["Properties"]["SSESpecification"]
    assert sealed["KMSMasterKeyId"] == {"Ref": "KeyArnOfOurs"}
    with pytest.raises(UsageError, match="not of an alias"):
        Key.existing(arn="arn:aws:kms:eu-west-1:1:alias/ours")


def test_a_key_lets_rules_and_topics_send_to_encrypted_queues() -> None:
    queue = Queue("heard")
    topic = Topic("told", subscribers=[queue])
    tell, rule = topic.publish("Tell", Message="x"), EventRule("all", source="a")
    made = resources_of(tell, resources=[topic, queue], triggers=[rule], key=Key())
    statements = {one["Sid"]: one for one in made["Key"]["Properties"]["KeyPolicy"]["Statement"]}
    for sid, source in (("LetEventsSend", "rule/${ProjectName}"), ("LetSnsSend", "-told")):
        assert "kms:GenerateDataKey*" in statements[sid]["Action"]
        assert source in str(statements[sid]["Condition"]["ArnLike"])
    plain = resources_of(Pass("A"), key=Key())["Key"]["Properties"]["KeyPolicy"]["Statement"]
    assert not [one for one in plain if one["Sid"].endswith("Send")]


# what else the template has


def test_parameters_are_described_and_their_examples_noted() -> None:
    cluster = Parameter("cluster", "Where it runs", default="jobs", example="jobs-dev")
    run = integrate("Run", "ecs:runTask", arguments={
        "Cluster": cluster.value, "TaskDefinition": "report:7"})  # fmt: skip
    grant = Grant(["iam:PassRole"], ["arn:aws:iam::111122223333:role/jobs"])
    made = build(run, resources=[cluster], uses=[grant])
    template = parse(made.files["cft/hub-root-stack.yaml"])
    assert template["Parameters"]["Cluster"] == {
        "Type": "String", "Description": "Where it runs", "Default": "jobs",
    }  # fmt: skip
    assert made.manifest["examples"] == {"Cluster": "jobs-dev"}
    passed = find_statement(template["Resources"], "iam:PassRole")
    assert passed["Condition"]["StringEquals"]["iam:PassedToService"] == "ecs-tasks.amazonaws.com"


def test_a_dashboard_and_alarms_are_chosen() -> None:
    queue, topic = Queue("jobs"), Topic.existing("pages", arn="arn:aws:sns:eu-west-1:1:pages")
    alarms = Alarms(topic=topic, off=["*DeadLetters"], more=["Age", "Silence"],
                    thresholds={"ExecutionsFailed": 5})  # fmt: skip
    send = queue.send_message("Send", MessageBody="x")
    made = resources_of(send, resources=[queue, topic], alarms=alarms, dashboard=True)
    titles = [name for name, one in made.items() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert titles == ["ExecutionsFailedAlarm", "ExecutionsTimedOutAlarm", "ExecutionsAbortedAlarm",
                      "SilenceAlarm", "JobsAgeAlarm"]  # fmt: skip
    failed = made["ExecutionsFailedAlarm"]["Properties"]
    assert (failed["Threshold"], failed["AlarmActions"]) == (5, ["arn:aws:sns:eu-west-1:1:pages"])
    assert "Queue jobs" in str(made["Dashboard"]["Properties"]["DashboardBody"])
    assert "Topic" not in made


def test_a_schedule_and_its_alarm_of_what_could_not_be_started() -> None:
    schedule = Schedule("daily", "cron(0 3 * * ? *)", timezone="Europe/Berlin", input={"a": 1})
    made = resources_of(Pass("A"), triggers=[schedule])
    properties = made["DailySchedule"]["Properties"]
    assert properties["Target"]["Input"] == '{"a": 1}'
    assert properties["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert "UndeliveredAlarm" in made
    for wrong in ("cron(0 3 * * ?)", "rate(5)", "every day", "at(tomorrow)"):
        with pytest.raises(UsageError, match="expression is"):
            Schedule("daily", wrong)


def test_a_last_change_is_made_before_a_template_is_checked() -> None:
    def tag(path: str, template: Any) -> None:
        template["Resources"]["StateMachine"]["Properties"]["Tags"] = [{"Key": "a", "Value": path}]

    made = resources_of(Pass("A"), change=tag)
    (tagged,) = made["StateMachine"]["Properties"]["Tags"]
    assert tagged["Value"] == "cft/hub-root-stack.yaml"

    def remove(path: str, template: Any) -> None:
        del template["Resources"]["StateMachineLogs"]

    with pytest.raises(WorkflowError, match=r"Resources\.StateMachine.*'StateMachineLogs'"):
        build(Pass("A"), change=remove)


def test_a_long_policy_becomes_managed_ones() -> None:
    arns = [f"arn:aws:s3:::a-bucket-with-a-long-name-{n}/some/folder/*" for n in range(250)]
    made = resources_of(Pass("A"), uses=[Grant(["s3:GetObject"], arns)])
    role = made["StateMachineRole"]["Properties"]
    assert "Policies" not in role
    policies = [made[one["Ref"]]["Properties"]["PolicyDocument"]["Statement"]
                for one in role["ManagedPolicyArns"]]  # fmt: skip
    assert len(policies) > 2
    allowed = [arn for policy in policies for one in policy for arn in one["Resource"]
               if "GetObject" in one["Sid"]]  # fmt: skip
    assert sorted(allowed) == sorted(arns)
    many = [f"arn:aws:s3:::a-bucket-with-a-long-name-{n}/some/folder/*" for n in range(1000)]
    with pytest.raises(WorkflowError, match="IAM attaches 10"):
        build(Pass("A"), uses=[Grant(["s3:GetObject"], many)])


# what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Table("Stock"), "id is 'Stock'"),
        (lambda: Table("x" * 30), "id is 'x+'"),
        (lambda: Queue("undelivered"), "id is 'undelivered'"),
        (lambda: Table("alarms"), "id is 'alarms'"),
        (lambda: Bucket("x" * 16), "id is 'x+'"),
        (lambda: Table("stock", stream="ALL"), "stream is 'ALL'"),
        (lambda: Table("stock", indexes={"a": Index("b")}), "names of 3 to 255"),
        (lambda: Queue("jobs", days=15), "days is 15"),
        (lambda: Topic("told", emails=["me"]), "list of e-mail addresses"),
        (lambda: Topic("told", subscribers=["http://a"]), "https URLs"),
        (lambda: Connection("api", endpoint="http://a", secret=Secret("k")), "an https URL"),
        (lambda: Connection("api", endpoint="https://a"), "secret is None; expected a Secret"),
        (lambda: Function("f", runtime="python3.9"), "runtime is 'python3.9'"),
        (lambda: Function("f", image="a:latest"), "an image with its digest"),
        (lambda: Function("f", environment={"AWS_X": "1"}), "none beginning with AWS_"),
        (lambda: Function("f", environment={"X": "1" * 5000}), "4 KB"),
        (lambda: Grant(["GetObject"], ["*"]), "has no service"),
        (lambda: Grant(["s3:*"], ["arn:aws:s3:::a"]), "without a reason"),
    ],
)  # fmt: skip
def test_what_aws_would_reject_is_refused_where_it_is_written(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=rf"(?s)test_nouns.py:\d+.*{message}"):
        make()


STOCK, JOBS = Table("stock"), Queue("jobs")


@pytest.mark.parametrize(
    ("states", "given", "message"),
    [
        ([look(STOCK)], {"resources": [STOCK, Function("validate_order")]}, "used by no state"),
        ([look(STOCK)], {"resources": [STOCK, Function("stock_name", zip="README.md")]},
         "used by no state"),
        ([look(STOCK)], {"resources": [STOCK, Table("stock", logical_id="Other")]}, "have one id"),
        ([look(STOCK)], {"resources": [STOCK, Queue("a", logical_id="StockTable")]},
         "have one logical ID"),
        ([look(STOCK)], {"resources": [STOCK, EventRule("x", source="a")]}, "is a trigger"),
        ([look(STOCK)], {"resources": [Table]}, "expected a list of Resource"),
        ([Pass("A", output="${StokName}")], {"resources": [STOCK]}, "Did you mean 'StockName'"),
        ([Pass("A")], {"resources": [Child("nobody")]}, "definitions/nobody.py.*does not exist"),
        ([Pass("A")], {"alarms": Alarms(off=["Faild"])}, "'Faild', which is not an alarm"),
        ([Pass("A")], {"layout": "two"}, "layout is 'two'"),
        ([Pass("A")], {"tags": {"aws:x": "y"}}, "none beginning with aws:"),
        ([Pass("A")], {"stacks": "one"}, "stacks is 'one'"),
        ([JOBS.send_message("A", MessageBody="${StockName}")], {"resources": [JOBS]},
         "which no resource of 'hub' provides.*Provided: "),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(states: Any, given: Any, message: str) -> None:
    with pytest.raises(CarnationError, match=message):
        build(*states, **given)


def test_what_another_application_uses_is_listed_with_its_reason() -> None:
    with pytest.raises(WorkflowError, match="unused_because"):
        build(Pass("A"), resources=[STOCK])
    kept = Table("stock", unused_because="the shop reads it")
    assert "StockTable" in resources_of(Pass("A"), resources=[kept])


def test_a_parameter_that_nothing_uses_is_refused_also_beside_what_exists() -> None:
    table = Table.existing("stock", name="theirs")
    with pytest.raises(WorkflowError, match=r"Parameter\('size'\)"):
        build(look(table), resources=[table, Parameter("size")])


def test_too_many_resources_are_refused_in_one_template() -> None:
    queues = [Queue(f"q{number}") for number in range(130)]
    states = [one.send_message(f"S{one.id}", MessageBody="x") for one in queues]
    with pytest.raises(WorkflowError, match=r"resources and .* Use layout='by-kind'"):
        build(*states, resources=queues, alarms=None)


def test_an_environment_name_given_twice_is_refused() -> None:
    function = Function("validate_order", uses=[STOCK.grants.get()],
                        environment={"STOCK_NAME": "other"})  # fmt: skip
    with pytest.raises(WorkflowError, match="STOCK_NAME.*twice"):
        build(function.invoke("A"), resources=[function, STOCK])


@pytest.mark.parametrize(
    "states",
    [
        [JOBS.send_message("A", MessageBody="x", pattern=".waitForTaskToken")],
        [Activity("weigh").wait("A")],
        [StateMap("A", items="{% [1] %}", item_processor=Pass("B"))],
    ],
)
def test_express_holds_neither_tokens_nor_activities(states: Any) -> None:
    listed = [JOBS] if "sqs" in str(states[0].__dict__) else [Activity("weigh")]
    if isinstance(states[0], StateMap):
        assert resources_of(*states, type="EXPRESS")
        return
    with pytest.raises(CarnationError, match="an Express workflow cannot hold"):
        build(*states, resources=listed, type="EXPRESS")
