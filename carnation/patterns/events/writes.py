"""Work that needs no function: a state writes an event to the workflow's table itself, once.

In JSONata only, since JSONPath has no time in milliseconds to write.
"""

from __future__ import annotations

from typing import Any

from carnation.patterns.retries import retry_once
from carnation.states import Retry, Task, integration_arn

TABLE = "${TableName}"
OTHER_EVENT = "DynamoDB.ConditionalCheckFailedException"
"""What `write_event` fails with where another event is under the same key."""


def write_event(state_id: str, **fields: Any) -> Task:
    """Make the Task that writes an event to the table (`${TableName}`), as `work` of an iteration.

    An update that sets each attribute where there is none: the same event already there changes
    nothing, not even its `createdUnixTime`, and succeeds. Another event under the same key fails
    the condition, with the error `OTHER_EVENT`, for `give_up_on`; whatever else fails is tried once
    more. A put would need a second call to tell the two apart, since a catcher does not see what
    was there. Numbers are written by `$formatBase`: `$string` keeps fifteen of their digits. Other
    fields are those of `Task`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-ddb.html

    >>> write_event("Write").fields["arguments"]["ConditionExpression"]
    'attribute_not_exists(sequenceNo) OR randomStringValue = :randomStringValue'
    """
    settings = ", ".join(f"{name} = if_not_exists({name}, :{name})" for name in _VALUES)
    same = "randomStringValue = :randomStringValue"
    return Task(
        state_id,
        resource=integration_arn("dynamodb:updateItem"),
        arguments={
            "TableName": TABLE,
            "Key": _KEY,
            "ConditionExpression": f"attribute_not_exists(sequenceNo) OR {same}",
            "UpdateExpression": f"SET {settings}",
            "ExpressionAttributeValues": {f":{name}": value for name, value in _VALUES.items()},
        },
        **{"retry": _retry_but_conflict(), **fields},
    )


def _write_number(number: str) -> dict[str, str]:
    return {"N": f"{{% $formatBase({number}) %}}"}


_EVENT = "$states.input.event"
_KEY = {
    "sequenceNo": _write_number(f"{_EVENT}.sequence_no"),
    "generatedUnixTime": _write_number(f"{_EVENT}.generated_unix_time"),
}
_VALUES = {
    "randomStringValue": {"S": f"{{% {_EVENT}.random_value %}}"},
    "createdUnixTime": _write_number("$toMillis($states.context.State.EnteredTime)"),
    "retryAttempt": _write_number(f"{_EVENT}.retry_attempt"),
}


def _retry_but_conflict() -> list[Retry]:
    return [Retry(error_equals=[OTHER_EVENT], max_attempts=0), retry_once()]
