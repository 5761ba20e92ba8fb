"""Write `carnation/resources/calls.py`: the parameters of the nouns' calls, as typed keywords.

An editor completes them and mypy checks them, from the same data that `integrate` checks at run
time. Run it again when the data of `carnation.services` changes; a test compares the two.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from carnation.services import Shape, find_task_parameters

PATH = Path(__file__).parents[1] / "carnation" / "resources" / "calls.py"
CALLS = {
    "CallEndpoint": ("http:invoke", ("ApiEndpoint", "Method", "Authentication")),
    "DeleteItem": ("dynamodb:deleteItem", ("TableName",)),
    "GetItem": ("dynamodb:getItem", ("TableName",)),
    "GetObject": ("aws-sdk:s3:getObject", ("Bucket",)),
    "Publish": ("sns:publish", ("TopicArn",)),
    "PutItem": ("dynamodb:putItem", ("TableName",)),
    "PutObject": ("aws-sdk:s3:putObject", ("Bucket",)),
    "Query": ("aws-sdk:dynamodb:query", ("TableName",)),
    "Scan": ("aws-sdk:dynamodb:scan", ("TableName",)),
    "SendMessage": ("sqs:sendMessage", ("QueueUrl",)),
    "StartExecution": ("states:startExecution", ("StateMachineArn",)),
    "UpdateItem": ("dynamodb:updateItem", ("TableName",)),
}
"""The action of each class, and the parameters that its noun gives."""

HEAD = '''"""The keywords of the nouns' calls, for editors and type checkers.

PascalCase ones are the parameters of AWS's API, snake_case ones the fields of the state. Written by
scripts/write_calls.py from the data of `carnation.services`; imported by no code that runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from carnation.states import Catch, Expression, Retry

Text = str | Expression
"""A value, or an expression that makes it while the state machine runs."""


class StateFields(TypedDict, total=False):
    """The fields of a Task that a call may have."""

    comment: str
    query_language: str
    credentials: Mapping[str, Any]
    input_path: str | None
    result_selector: Mapping[str, Any]
    result_path: str | None
    output_path: str | None
    timeout_seconds: int | str
    timeout_seconds_path: str
    heartbeat_seconds: int | str
    heartbeat_seconds_path: str
    retry: Retry | Sequence[Retry]
    catch: Catch | Sequence[Catch]
    assign: Mapping[str, Any]
    output: Any
    extra: Mapping[str, Any]
'''
_TYPES = {
    "structure": "Mapping[str, Any] | Text",
    "map": "Mapping[str, Any] | Text",
    "list": "Sequence[Any] | Text",
    "boolean": "bool | Text",
    "integer": "int | Text",
    "long": "int | Text",
    "double": "float | Text",
    "string": "Text",
}
_ANY = {("sqs:sendMessage", "MessageBody"), ("sns:publish", "Message"),
        ("states:startExecution", "Input")}  # fmt: skip
"""Parameters that an optimized integration also takes as JSON."""


def make_module() -> str:
    """Make the module's text."""
    parts = [HEAD]
    for name, (action, given) in CALLS.items():
        shape = find_task_parameters(action)
        if shape is None:
            raise SystemExit(f"no data about {action}")
        lines = [
            f"    {member}: {_find_type(action, member, inner)}"
            for member, inner in shape.members.items()
            if member not in given
        ]
        parts.append(
            f"\nclass {name}(StateFields, total=False):\n"
            f'    """The parameters of `{action}`."""\n\n' + "\n".join(lines) + "\n"
        )
    return "\n".join(parts)


def _find_type(action: str, member: str, shape: Shape) -> str:
    return "Any" if (action, member) in _ANY else _TYPES.get(shape.kind, "Any")


if __name__ == "__main__":
    PATH.write_text(make_module(), encoding="utf-8")
