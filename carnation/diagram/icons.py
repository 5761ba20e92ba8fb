"""The icon on a box: of a type of state; of a Task, what kind of service it asks.

Icons are paths in a field of 16 by 16, drawn for carnation, stroked in white.
"""

from __future__ import annotations

_BOLT = "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z"
_TYPES = {
    "Task": _BOLT,
    "Choice": "M8 1.5 14.5 8 8 14.5 1.5 8z",
    "Map": "M5 5h9v9H5zM2 11V2h9",
    "Parallel": "M8 1.5V5M3 14.5V5h10v9.5M8 5v9.5",
    "Wait": "M8 1.8a6.2 6.2 0 1 0 .01 0M8 4.5V8l2.5 2",
    "Pass": "M1.5 8h12M9.5 4l4 4-4 4",
    "Succeed": "M2.5 8.5 6.3 12.3 13.5 4",
    "Fail": "M3.5 3.5l9 9M12.5 3.5l-9 9",
}
_UNKNOWN = "M5.2 5.6A2.8 2.8 0 1 1 8 8.6V10M8 13v.3"
RETRY = "M9.6 3.4A4 4 0 1 0 10 6M10 1.2v2.6H7.4"
"""An arrow that runs in a circle, in a field of 12 by 12."""

_FUNCTION = "M5 2.5h1.5L12 13.5h1.5M7.6 6.3 3.5 13.5"
_QUEUE = "M2 4v8M5.5 4v8M9 4v8M11 8h4M13 6l2 2-2 2"
_TOPIC = "M2 6.5v3h2.5L9 13V3L4.5 6.5zM11.5 5.5a3.5 3.5 0 0 1 0 5M13.3 3.5a6.3 6.3 0 0 1 0 9"
_TABLE = "M3 4a5 2 0 1 0 10 0a5 2 0 1 0-10 0v8a5 2 0 0 0 10 0V4M3 8a5 2 0 0 0 10 0"
_BUCKET = "M2.5 3h11L12 14H4zM3 6.5h10"
_CONTAINER = "M8 1.8 13.5 4.8v6.4L8 14.2 2.5 11.2V4.8zM2.5 4.8 8 7.8l5.5-3M8 7.8v6.4"
_CLUSTER = "M8 2 14 5 8 8 2 5zM2 8l6 3 6-3M2 11l6 3 6-3"
_DATA = "M2 3h12L9.5 8.5V14l-3-2V8.5z"
_MACHINE = "M5.5 2h5v3.5h-5zM2 10.5h4.5V14H2zM9.5 10.5H14V14H9.5zM8 5.5V8M4.2 10.5V8h7.6v2.5"
_EVENT = "M8 5.5a2.5 2.5 0 1 0 .01 0M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4"
_EVENT += "M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4"
_CALENDAR = "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 1.8v3M10.5 1.8v3"
_MODEL = "M8 1.5 9.6 6.4 14.5 8 9.6 9.6 8 14.5 6.4 9.6 1.5 8 6.4 6.4z"
_WEB = "M8 1.8a6.2 6.2 0 1 0 .01 0M1.8 8h12.4M8 1.8c-4 4-4 8.4 0 12.4M8 1.8c4 4 4 8.4 0 12.4"
_PERSON = "M8 2a2.8 2.8 0 1 0 .01 0M2.5 14a5.5 5 0 0 1 11 0"
_KEY = "M4.5 5.2a2.8 2.8 0 1 0 .01 0M7.3 8h7.2v2.5M11.5 8v2"
_CODE = "M5 4 1.5 8 5 12M11 4l3.5 4L11 12"
_CLOUD = "M4.5 12.5a3 3 0 0 1 0-6 4 4 0 0 1 7.6-.6 3.3 3.3 0 0 1-.6 6.6z"
_ITEMS = "M2 2h4.5v4.5H2zM9.5 2H14v4.5H9.5zM2 9.5h4.5V14H2zM9.5 9.5H14V14H9.5z"

_SERVICES = {
    _FUNCTION: ("lambda",),
    _QUEUE: ("sqs", "kinesis", "firehose", "kafka", "mq"),
    _TOPIC: ("sns", "ses", "sesv2", "pinpoint"),
    _TABLE: ("dynamodb", "rds", "rdsdata", "redshiftdata", "redshift", "docdb", "neptune"),
    _BUCKET: ("s3", "s3control", "efs", "backup", "glacier"),
    _CONTAINER: ("ecs", "eks", "ecr", "ec2", "autoscaling"),
    _CLUSTER: ("batch", "elasticmapreduce", "emr", "emr-containers", "emr-serverless"),
    _DATA: ("glue", "databrew", "athena", "lakeformation", "datasync"),
    _MACHINE: ("states", "sfn", "stepfunctions"),
    _EVENT: ("events", "eventbridge", "cloudwatch", "cloudwatchlogs", "pipes"),
    _CALENDAR: ("scheduler",),
    _MODEL: (
        "bedrock", "bedrockagent", "bedrockagentruntime", "bedrockruntime", "sagemaker",
        "sagemakerruntime", "comprehend", "rekognition", "textract",
        "transcribe", "translate", "polly",
    ),
    _WEB: ("http", "apigateway", "cloudfront", "route53", "appsync"),
    _PERSON: ("activity",),
    _KEY: ("secretsmanager", "kms", "ssm", "iam", "sts", "organizations"),
    _CODE: ("codebuild", "codepipeline", "codedeploy", "cloudformation"),
    _ITEMS: ("distributed",),
}  # fmt: skip
_BY_SYMBOL = {name: icon for icon, names in _SERVICES.items() for name in names}


def choose_icon(kind: str, symbol: str) -> str:
    """Return the icon of a state; `symbol` is a Task's service, or "distributed" of a Map.

    A service that has no icon of its own is a cloud; a Task whose service is not known, a bolt.
    """
    if symbol:
        return _BY_SYMBOL.get(symbol, _CLOUD)
    return _TYPES.get(kind, _UNKNOWN)
