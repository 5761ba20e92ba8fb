"""Every night: yesterday's sales loaded and counted; whoever is on call hears of a failure."""

from carnation.resources import Bucket, Grant, Parameter, Schedule, Topic
from carnation.states import Catch, Chain, Choice, Condition, Fail, Pass, integrate
from carnation.workflow import Workflow

JOB = Parameter("glue_job", "The job that loads the sales", example="load-sales")
SALES = Parameter("sales_bucket", "Where the sales are", example="sales")
RESULTS = Bucket("results", expires_days=7)
ON_CALL = Topic("on_call")
READ = ("glue:GetDatabase", "glue:GetPartitions", "glue:GetTable")
CATALOG = Grant(READ, ("*",), because="the catalog says what may be read")
DATA = Grant(("s3:GetObject", "s3:ListBucket"), (f"arn:aws:s3:::{SALES.value}*",))
COUNT = "SELECT count(*) AS n FROM sales WHERE day = current_date - interval '1' day"
ANSWER = "$states.result.ResultSet.Rows[1].Data[0].VarCharValue"
PROBLEM = {"problem": "{% $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}"}


def draw_graph() -> Chain:
    failed = ON_CALL.publish("TellFailure", Message="{% $problem %}")
    failed.next(Fail("NightFailed", error="NightFailed", cause="{% $problem %}"))
    catch = Catch(error_equals=["States.ALL"], next_step=failed, assign=PROBLEM)
    job = {"JobName": JOB.value}
    load = integrate("LoadSales", "glue:startJobRun", pattern=".sync", arguments=job, catch=catch)
    query = {
        "QueryString": COUNT,
        "WorkGroup": "primary",
        "ResultConfiguration": {"OutputLocation": f"s3://{RESULTS.name}/nightly/"},
    }
    count = integrate(
        "Count", "athena:startQueryExecution", pattern=".sync", arguments=query, catch=catch
    )
    found = {"QueryExecutionId": "{% $states.input.QueryExecution.QueryExecutionId %}"}
    n = {"n": f"{{% $number({ANSWER}) %}}"}
    read = integrate("Read", "athena:getQueryResults", arguments=found, assign=n, catch=catch)
    tell = ON_CALL.publish("TellCount", Message="{% $string($n) & ' sales were loaded' %}")
    empty = Pass("NoSales", assign={"problem": "No sales were loaded"})
    some = (Condition("{% $n > 0 %}"), tell)
    return Chain([load, count, read, Choice("Any", choices=[some], default=Chain([empty, failed]))])


def make_workflow() -> Workflow:
    return Workflow(
        name="nightly",
        version="0.1.0",
        query_language="JSONata",
        states=draw_graph(),
        timeout_seconds=10800,
        resources=[JOB, SALES, RESULTS, ON_CALL],
        triggers=[Schedule("nightly", "cron(0 3 * * ? *)", timezone="Europe/Berlin")],
        uses=[CATALOG, DATA, RESULTS.grants.get(), RESULTS.grants.put()],
    )
