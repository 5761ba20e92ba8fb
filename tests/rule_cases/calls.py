"""What a service rejects when it is called, and names that may be newer than carnation."""

from __future__ import annotations

from typing import Any

from tests.rule_cases.builders import Case, only, resource

HTTP = {
    "ApiEndpoint": "https://api.example.com/x",
    "Method": "GET",
    "Authentication": {"ConnectionArn": "c"},
}
JOB = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"}


def call(name: str, **parameters: Any) -> dict[str, Any]:
    return resource(f"arn:aws:states:::{name}", Parameters=parameters)


def ata_call(name: str, **arguments: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{name}", "End": True}
    return only({**state, "QueryLanguage": "JSONata", "Arguments": arguments})


def job(**fields: Any) -> dict[str, Any]:
    return call("aws-sdk:batch:submitJob", **JOB, **fields)


def evaluate(**fields: Any) -> dict[str, Any]:
    return job(RetryStrategy={"EvaluateOnExit": [{"Action": "RETRY", **fields}]})


CALLS: list[Case] = [
    Case("unknown-parameter", "a name that the service does not have",
         call("aws-sdk:ec2:describeSnapshots", Filter=[]),
         call("aws-sdk:ec2:describeSnapshots", Filters=[])),
    Case("unknown-parameter", "a nested name in camelCase",
         evaluate(onStatusReason="Host*"), evaluate(OnStatusReason="Host*")),
    Case("unknown-parameter", "an optimized call, too",
         call("ecs:runTask", TaskDefinition="t", Clusters="c"),
         call("ecs:runTask", TaskDefinition="t", Cluster="c")),
    Case("unknown-parameter", "a token beside the body of a message",
         call("sqs:sendMessage", **{"QueueUrl": "q", "MessageBody": "m", "TaskToken.$": "$.t"}),
         call("sqs:sendMessage", QueueUrl="q", MessageBody={"TaskToken.$": "$.t"})),
    Case("unknown-parameter", "in the arguments of JSONata",
         ata_call("aws-sdk:dynamodb:getItem", TableName="t", Key={"id": {"s": "{% 1 %}"}}),
         ata_call("aws-sdk:dynamodb:getItem", TableName="t", Key={"id": {"S": "{% 1 %}"}})),
    Case("unknown-parameter", "a key of the older language",
         ata_call("aws-sdk:s3:getObject", Bucket="b", key="k"),
         ata_call("aws-sdk:s3:getObject", Bucket="b", Key="{% $states.input.k %}")),
    Case("unknown-parameter", "an SDK call lacks what it needs, deep inside",
         call("aws-sdk:sns:publishBatch", TopicArn="t", PublishBatchRequestEntries=[{"Id": "1"}]),
         call("aws-sdk:sns:publishBatch", TopicArn="t",
              PublishBatchRequestEntries=[{"Id": "1", "Message.$": "$.m"}])),
    Case("unknown-parameter", "an SDK call is given nothing",
         call("aws-sdk:s3:getObject"), call("aws-sdk:s3:listBuckets")),
    Case("wrong-parameter", "a list is a mapping",
         call("aws-sdk:ec2:describeSnapshots", Filters={"Name": "x"}),
         call("aws-sdk:ec2:describeSnapshots", **{"Filters.$": "$.filters"})),
    Case("wrong-parameter", "a number is a word", job(ShareIdentifier="s",
         SchedulingPriorityOverride="high"), job(SchedulingPriorityOverride="9")),
    Case("wrong-parameter", "an enumeration in other letters",
         call("aws-sdk:dynamodb:putItem", TableName="t", Item={}, ReturnValues="all_old"),
         call("aws-sdk:dynamodb:putItem", TableName="t", Item={}, ReturnValues="NEWEST_OF_ALL")),
    Case("newer-value", "an enumeration has a value that nobody knows",
         call("dynamodb:putItem", TableName="t", Item={}, ReturnValues="NEWEST_OF_ALL"),
         call("dynamodb:putItem", TableName="t", Item={}, ReturnValues="${Values}")),
    Case("newer-value", "a long enumeration is looked at, too",
         call("aws-sdk:ec2:runInstances", MinCount=1, MaxCount=1, InstanceType="t2.mcro"),
         call("aws-sdk:ec2:runInstances", MinCount=1, MaxCount=1, InstanceType="t2.micro")),
    Case("wrong-parameter", "a secret in two forms",
         call("aws-sdk:secretsmanager:putSecretValue", SecretId="s", SecretString="x",
              SecretBinary="y"),
         call("aws-sdk:secretsmanager:putSecretValue", SecretId="s", SecretString="x")),
    Case("wrong-parameter", "a condition in both forms",
         call("dynamodb:putItem", TableName="t", Item={}, Expected={}, ConditionExpression="c"),
         call("dynamodb:putItem", TableName="t", Item={}, ConditionExpression="c")),
    Case("wrong-parameter", "a message for a topic and a telephone",
         call("sns:publish", Message="m", TopicArn="t", PhoneNumber="+1"),
         call("sns:publish", **{"Message": "m", "TopicArn.$": "$.t"})),
    Case("wrong-parameter", "a message for nobody",
         call("sns:publish", Message="m"), call("sns:publish", Message="m", TargetArn="t")),
    Case("wrong-parameter", "a model is given no body",
         call("bedrock:invokeModel", ModelId="m"),
         call("bedrock:invokeModel", ModelId="m", Input={"S3Uri": "s3://b/k"})),
    *(
        Case("wrong-parameter", f"an HTTP task with {wrong}",
             call("http:invoke", **{**HTTP, **wrong}), call("http:invoke", **{**HTTP, **right}))
        for wrong, right in (
            ({"ApiEndpoint": "$.endpoint/rest"}, {"ApiEndpoint": "${Url}/rest"}),
            ({"ApiEndpoint": "http://api.example.com"}, {"ApiEndpoint": "https://example.com"}),
            ({"ApiEndpoint": "api.example.com/x"}, {"ApiEndpoint": "https://a.example.com/x?y=z"}),
            ({"Method": "FETCH"}, {"Method": "PATCH"}),
            ({"Method": "get"}, {"Method": "HEAD"}),
            ({"Transform": {"RequestBodyEncoding": "FORM"}},
             {"Transform": {"RequestBodyEncoding": "URL_ENCODED"}}),
            ({"InvocationConfig": {"ConnectionArn": "c"}}, {"QueryParameters": {"a": ["b", "c"]}}),
            ({"Headers": {"Authorization": "x"}}, {"Headers": {"Accept": "x", "Tenant": "t"}}),
            ({"Headers": {"X-Amz-Date": "x"}}, {"Headers": {"X-Date.$": "$.date"}}),
        )
    ),
    Case("wrong-parameter", "an HTTP task without a connection",
         call("http:invoke", ApiEndpoint="https://x.example.com", Method="GET"),
         call("http:invoke", **HTTP)),
    Case("wrong-parameter", "an API's endpoint is a URL",
         call("apigateway:invoke", ApiEndpoint="https://i.execute-api.eu-west-1.amazonaws.com/x",
              Method="GET"),
         call("apigateway:invoke", ApiEndpoint="i.execute-api.eu-west-1.amazonaws.com",
              Method="GET")),
]  # fmt: skip

REFUSALS: list[Case] = [
    Case("unknown-integration", f"{wrong} is {right}",
         call(wrong), call(right, **parameters))
    for wrong, right, parameters in (
        ("aws-sdk:stepfunctions:listStateMachines", "aws-sdk:sfn:listStateMachines", {}),
        ("aws-sdk:logs:describeLogGroups", "aws-sdk:cloudwatchlogs:describeLogGroups", {}),
        ("aws-sdk:s3:ListBuckets", "aws-sdk:s3:listBuckets", {}),
        ("aws-sdk:S3:listBuckets", "aws-sdk:s3:listBuckets", {}),
        ("aws-sdk:s3:listBuckts", "aws-sdk:s3:listBuckets", {}),
        ("states:listStateMachines", "aws-sdk:sfn:listStateMachines", {}),
        ("sqs:sendMesage", "sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "m"}),
    )
]  # fmt: skip

RISKS: list[Case] = [
    Case("newer-integration", f"{newer} may be newer than carnation",
         call(newer), call(known, **parameters))
    for newer, known, parameters in (
        ("aws-sdk:tomorrow:invoke", "aws-sdk:s3:listBuckets", {}),
        ("aws-sdk:s3:listBucketsV2", "aws-sdk:s3:listBuckets", {}),
        ("tomorrow:invoke", "bedrockagentcore:invokeHarness",
         {"HarnessArn": "h", "RuntimeSessionId": "r", "Messages": []}),
    )
]  # fmt: skip
