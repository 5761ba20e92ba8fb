"""What a build refuses, each with both places: the line of the state, and that of the resource."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.errors import CarnationError, UsageError
from carnation.resources import (
    Alarms,
    Bucket,
    Bus,
    EventRule,
    Function,
    Grant,
    HttpApi,
    Key,
    Parameter,
    Queue,
    QueueSource,
    Raw,
    Schedule,
    StateMachine,
    Table,
    TableSource,
    Topic,
    Upload,
)
from carnation.states import Pass, integrate
from tests.stacks.test_nouns import build, look, policy_of, resources_of

STOCK, JOBS, TOLD = Table("stock"), Queue("jobs"), Topic("told")
HERE = r"\(tests/stacks/test_refusals\.py:\d+\)"
DAILY = Schedule("daily", "rate(1 day)")


def send(**given: Any) -> Any:
    return JOBS.send_message("Send", MessageBody="x", **given)


def call(queue: str) -> Any:
    return integrate("Put", "sqs:sendMessage", arguments={"QueueUrl": queue, "MessageBody": "x"})


def change(path: str, value: Any) -> Any:
    """Make a last change that puts a value into the template, at a path of names."""

    def put(_: str, template: Any) -> None:
        *names, last = path.split("/")
        for name in names:
            template = template[name]
        template[last] = value

    return put


@pytest.mark.parametrize(
    ("states", "given", "message"),
    [
        # references
        ([look(STOCK)], {"resources": [JOBS]},
         rf"'Look' \(.+:\d+\) uses \${{StockName}}.*Table\('stock'\) {HERE} provides it"),
        ([call("${StokUrl}")], {"resources": [JOBS]}, rf"'Put' {HERE} uses \${{StokUrl}}, which no "
         "resource of 'hub' provides.*Provided: JobsUrl"),
        ([look(Table("stock", key="a"))], {"resources": [STOCK]},
         rf"'Look' .*uses Table\('stock'\) {HERE}, and 'hub' lists another .*{HERE}"),
        ([Pass("A")],
         {"resources": [JOBS], "triggers": [QueueSource("m", queue=Queue("jobs", days=3))]},
         rf"QueueSource\('m'\) {HERE} uses Queue\('jobs'\) {HERE}, and Queue\('jobs'\) {HERE} is"),
        ([Pass("A")], {"alarms": Alarms(topic=TOLD)}, rf"Topic\('told'\) {HERE}, which is not"),
        ([Pass("A")], {"uses": [STOCK.grants.get()]}, rf"Table\('stock'\) {HERE}, which is not"),
        # in vain
        ([look(STOCK)], {"resources": [STOCK, TOLD]}, rf"Topic\('told'\) {HERE} .*used by no"),
        ([Pass("A")], {"triggers": [DAILY], "stacks": "none"}, "triggers have no effect"),
        ([Pass("A")], {"uses": [Grant(["s3:GetObject"], ["arn:aws:s3:::a/*"], states=["B"])]},
         "s3:GetObject for state 'B', which does not exist"),
        # worked out while it runs
        ([call("{% $states.input.url %}")], {}, rf"'Put' {HERE} calls sqs:sendMessage; QueueUrl is "
         r"worked out while it runs.*uses=\[Grant"),
        # two of one name
        ([look(STOCK)], {"resources": [STOCK, Queue("stock")]},
         rf"Table\('stock'\) {HERE} and Queue\('stock'\) {HERE} have one id"),
        ([look(STOCK)], {"resources": [STOCK], "triggers": [Schedule("stock", "rate(1 day)")]},
         rf"Table\('stock'\) {HERE} and Schedule\('stock'\) {HERE} have one id"),
        ([look(STOCK)], {"resources": [STOCK, Queue("a", logical_id="StockTable")]},
         rf"{HERE}.*{HERE} have one logical ID, 'StockTable'"),
        *(([Pass("A")], {"resources": [Raw(name, {"Type": "AWS::SQS::Queue"})]},
           f"already named '{name}'") for name in ("StateMachine", "Topic", "Environment")),
        # how it is deployed
        ([Pass("A")], {"resources": STOCK}, "resources is .*expected a list"),
        ([Pass("A")], {"triggers": DAILY}, "triggers is .*expected a list"),
        ([Pass("A")], {"resources": [Table]}, r"Did you mean Table\(…\)"),
        ([Pass("A")], {"triggers": [JOBS]}, rf"Queue\('jobs'\) {HERE}.*List it in .*resources="),
        ([Pass("A")], {"resources": [DAILY]}, rf"Schedule\('daily'\) {HERE} is a trigger"),
        ([Pass("A")], {"machine": "x"}, "machine is 'x'; expected StateMachine"),
        ([Pass("A")], {"alarms": "none"}, "alarms is 'none'; expected Alarms"),
        ([Pass("A")], {"key": Key}, "key is .*; expected Key"),
        ([integrate("Run", "glue:startJobRun", pattern=".sync", arguments={"JobName": "a"})],
         {"type": "EXPRESS"}, rf"'Run' {HERE} has \.sync, which an Express workflow cannot hold"),
        # last changes
        ([look(STOCK)], {"resources": [STOCK], "change": lambda *_: 7}, "change= returned 7"),
        *(([look(STOCK)], {"resources": [STOCK], "change": change(path, value)}, "'?Nope'?")
          for path, value in (
              ("Outputs/X", {"Value": {"Ref": "Nope"}}),
              ("Outputs/X", {"Value": {"Fn::Sub": "a-${Nope.Arn}"}}),
              ("Outputs/X", {"Value": {"Fn::GetAtt": "Nope.Arn"}}),
              ("Resources/StockTable/DependsOn", "Nope"),
              ("Resources/StockTable/Condition", "Nope"),
              ("Outputs/X", {"Value": {"Fn::If": ["Nope", "a", "b"]}}),
          )),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_both_places(
    states: Any, given: Any, message: str
) -> None:
    with pytest.raises(CarnationError, match=message):
        build(*states, **given)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        # names that the stacks take, or that AWS would reject
        (lambda: Queue("undelivered"), "id is 'undelivered'"),
        (lambda: Table("alarms"), "id is 'alarms'"),
        (lambda: Schedule("state_machine", "rate(1 day)"), "id is 'state_machine'"),
        (lambda: Parameter("deployment_type"), "the stacks have a parameter DeploymentType"),
        (lambda: Parameter("environment", default="dev"), "default is 'dev'; expected none"),
        (lambda: Parameter("size", default=3), "default is 3; expected text"),  # type: ignore[arg-type]
        (lambda: Schedule("daily", "rate(1 day)", timezone="Europe/Berlim"), "timezone is"),
        (lambda: Schedule("daily", "rate(1 day)", timezone="../zone"), "timezone is"),
        # steps and grants
        (lambda: STOCK.get_item("Look", Keys={}), "'Keys'. Did you mean 'Key'"),  # type: ignore[call-arg]
        (lambda: JOBS.send_message("Send", QueueUrl="x"),  # type: ignore[call-arg]
         r"QueueUrl is set by Queue\('jobs'\)"),
        (lambda: Grant(["s3:GetObject"], ["*"]), "without a reason"),
        (lambda: Grant(["s3:*"], ["arn:aws:s3:::a"]), "without a reason"),
        (lambda: Grant(["s3:GetObject"], ["a"]), "'a' is not an ARN"),
        (lambda: STOCK.grants.stream(), "stream is ''"),
        # what exists
        (lambda: Table.existing("stock"), "one of name=, arn=, export= and ssm="),
        (lambda: Table.existing("stock", name="a", export="b"), "'name, export'; expected one of"),
        (lambda: Table.existing("stock", name="arn:aws:dynamodb:eu-west-1:1:table/a"), "as arn="),
        (lambda: Table.existing("stock", arn="arn:aws:sqs:eu-west-1:1:a"), "of dynamodb"),
        (lambda: Table.existing("stock", name=7), "text, or a Parameter"),
        (lambda: Table.existing("stock", name="a", stream_arn="b"), "a table's stream"),
        (lambda: TableSource("changes", table=Table.existing("stock", name="a")),
         r"the ARN of its stream, too: Table\.existing\(…, stream_arn=…\)"),
        (lambda: Table.existing("stock", arn=JOBS), "text, or a Parameter"),
        # an attribute, or another noun, where a noun is expected
        (lambda: Alarms(topic=Topic("told").arn), "topic is .* expected a Topic"),  # type: ignore[arg-type]
        (lambda: Alarms(topic=JOBS), "expected a Topic"),  # type: ignore[arg-type]
        (lambda: Alarms(off="Failed"), "expected a list of names"),
        (lambda: Alarms(thresholds=["Failed"]), "expected numbers"),  # type: ignore[arg-type]
        (lambda: QueueSource("m", queue=JOBS.url), "expected a Queue"),  # type: ignore[arg-type]
        (lambda: TableSource("m", table=STOCK.arn), "expected a Table"),  # type: ignore[arg-type]
        (lambda: Upload("m", bucket=Bucket("files").name), "expected a Bucket"),  # type: ignore[arg-type]
        (lambda: EventRule("m", source="a", bus=Bus("own").arn), "expected a Bus"),  # type: ignore[arg-type]
        (lambda: HttpApi("m", routes="POST /a"), "routes is"),  # type: ignore[arg-type]
        (lambda: Table("m", key="id", indexes=["a"]), "an Index by name"),  # type: ignore[arg-type]
        (lambda: Queue("m", properties="x"), "properties is 'x'"),  # type: ignore[arg-type]
        (lambda: StateMachine(log_level=Parameter("level").value), "no Parameter"),
        (lambda: Parameter("size", allowed=["a"]), "unknown argument 'allowed'"),  # type: ignore[call-arg]
        (lambda: Table("m", keys="id"), "Did you mean 'key'"),  # type: ignore[call-arg]
        # routes
        (lambda: HttpApi("front", routes={"POST /a": None}, authorization={"GET /a": "NONE"}),
         "one of the routes POST /a"),
        (lambda: HttpApi("front", routes={"POST /a": None}, authorization={"POST /a": None}),  # type: ignore[dict-item]
         "'AWS_IAM' or 'NONE'"),
    ],
)  # fmt: skip
def test_what_is_wrong_by_itself_is_refused_where_it_is_written(make: Any, message: str) -> None:
    with pytest.raises(CarnationError, match=rf"(?s){HERE}.*{message}"):
        make()


@pytest.mark.parametrize("alias", ["", "7", "a b", "x" * 81])
def test_an_alias_that_aws_would_refuse_is_refused(alias: str) -> None:
    with pytest.raises(UsageError, match="alias is"):
        StateMachine(alias=alias)


def test_a_route_without_a_word_on_authorization_asks_for_a_signature() -> None:
    made = resources_of(Pass("A"), triggers=[HttpApi("front", routes={"POST /a": None})])
    (route,) = [one for one in made.values() if one["Type"] == "AWS::ApiGatewayV2::Route"]
    assert route["Properties"]["AuthorizationType"] == "AWS_IAM"


def test_the_parameters_of_every_root_are_referred_to_and_not_made_again() -> None:
    environment = Parameter("environment")
    function = Function("validate_order", environment={"STAGE": environment.value})
    for layout in ("one", "by-kind"):
        made = build(function.invoke("A"), resources=[function, environment], layout=layout)
        texts = "".join(made.files.values())
        assert "STAGE: !Ref Environment" in texts
        assert "examples" not in made.manifest


def test_the_stream_of_an_existing_table_is_read_by_its_arn() -> None:
    arn = "arn:aws:dynamodb:eu-west-1:1:table/theirs/stream/2027-01-01T00:00:00.000"
    given = Parameter("their_stream", example=arn)
    for stream, value in ((arn, arn), (given, {"Ref": "TheirStream"})):
        table = Table.existing("stock", name="theirs", stream_arn=stream)
        made = resources_of(Pass("A"), resources=[table], triggers=[TableSource("c", table=table)])
        assert made["CPipe"]["Properties"]["Source"] == value
        (reads,) = [
            one for one in policy_of(made, "CRole") if "dynamodb:GetRecords" in one["Action"]
        ]
        assert reads["Resource"] == value


def test_a_rule_needs_no_more_than_a_source() -> None:
    assert resources_of(Pass("A"), triggers=[EventRule("all", source="a")])["AllRule"]
