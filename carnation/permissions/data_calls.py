"""What calls of databases, queues and knowledge bases need beside: secrets, credentials, models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.permissions.models import list_model_needs
from carnation.permissions.parameters import Given, read_inner, read_parameter, read_parameters
from carnation.permissions.required import RequiredAction, Target, require, to_arn
from carnation.permissions.resource_arns import find_targets, read_arn
from carnation.services.iam import find_authorizations

Parameters = Mapping[str, Json]


def read_secret(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the secret that a Data API opens the database with.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html
    """
    needed = find_authorizations("secretsmanager", "getSecretValue")
    for secret in read_parameters(given, "SecretArn"):
        known = {"SecretId": secret.text} if secret.text is not None else {"SecretId.$": ""}
        for one in needed:
            for target in find_targets(one, known):
                yield require(one.action, target, state, "opens the database with its secret")


def open_redshift(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the credentials that Redshift's Data API asks for, where no secret has them.

    Source: https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-access.html
    """
    if read_parameter(given, "SecretArn"):
        yield from read_secret(given, state)
        return
    why = "opens the database with credentials that pass"
    group = read_parameter(given, "WorkgroupName")
    cluster = read_parameter(given, "ClusterIdentifier")
    user, database = read_parameter(given, "DbUser"), read_parameter(given, "Database")
    where = database.pattern if database else "*"
    if group:
        note = "AWS makes up the workgroup's id"
        target = Target(to_arn("redshift-serverless", "workgroup/*"), note)
        yield require("redshift-serverless:GetCredentials", target, state, why)
    elif cluster:
        place = Target(to_arn("redshift", f"dbname:{cluster.pattern}/{where}"))
        action = "redshift:GetClusterCredentials" + ("" if user else "WithIAM")
        yield require(action, place, state, why)
        if user:
            who = Target(to_arn("redshift", f"dbuser:{cluster.pattern}/{user.pattern}"))
            yield require(action, who, state, why)


def move_messages(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield what moving messages does with both queues.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
    """
    for name, actions in (
        ("SourceArn", ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")),
        ("DestinationArn", ("SendMessage",)),
    ):
        queue = read_parameter(given, name)
        if queue is None and name == "DestinationArn":
            queue = Given(name, None)
        arn = read_arn(queue) or to_arn("sqs", "*")
        note = "" if queue and queue.text is not None else f"{name} is left open"
        for action in actions:
            yield require(f"sqs:{action}", Target(arn, note), state, "moves the messages")


def generate(given: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the knowledge base that is asked, and the model that answers.

    Source: https://docs.aws.amazon.com/bedrock/latest/userguide/security_iam_id-based-policy-examples-agent.html
    """
    config = read_inner(given, "RetrieveAndGenerateConfiguration")
    for name in ("KnowledgeBaseConfiguration", "ExternalSourcesConfiguration"):
        inner = read_inner(config, name)
        base = read_parameter(inner, "KnowledgeBaseId")
        if base is not None:
            note = "" if base.text is not None else "KnowledgeBaseId is worked out while it runs"
            place = Target(to_arn("bedrock", f"knowledge-base/{base.pattern}"), note)
            yield require("bedrock:Retrieve", place, state, "asks the knowledge base")
        model = read_parameter(inner, "ModelArn")
        if model is not None:
            known = {"ModelId": model.text} if model.text is not None else {"ModelId.$": ""}
            yield from list_model_needs("invokeModel", known, state)


def find_endpoint(_: Parameters, state: str) -> Iterator[RequiredAction]:
    """Yield the look-up that comes before each call.

    Source: https://docs.aws.amazon.com/timestream/latest/developerguide/security_iam_service-with-iam.html
    """
    yield require("timestream:DescribeEndpoints", Target("*"), state, "finds the endpoint")
