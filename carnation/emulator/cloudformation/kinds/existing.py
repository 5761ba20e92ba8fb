"""Whether something of a type and a name is there already, and what it is to a stack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from carnation.emulator.cloudformation.kind import Context, Made
from carnation.emulator.cloudformation.kinds.buckets import describe_bucket
from carnation.emulator.cloudformation.kinds.messaging import describe_queue
from carnation.emulator.cloudformation.kinds.tables import describe_table
from carnation.emulator.cloudformation.kinds.watching import describe_log_group
from carnation.services.named_resources import LOOKUPS, find_named


def exists(context: Context, kind: str, name: str) -> bool:
    """Decide whether something of a type has a name; False for a type that is not looked up."""
    if _is_unused(kind):
        return False
    place = (context.stack.partition, context.region, context.account)

    def ask(service: str, action: str, **parameters: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = getattr(context.connect(service), action)(**parameters)
        return answer

    try:
        return find_named(kind, name, place, ask)
    except ClientError:
        return False


def _is_unused(kind: str) -> bool:
    """Return whether nobody has asked a service of moto's for anything yet: nothing is there."""
    lookup = LOOKUPS.get(kind)
    if lookup is None or lookup.service == "stepfunctions":
        return False
    in_use: list[Any] = BackendDict._instances  # type: ignore[misc]
    return all(lookup.service != one.service_name for one in in_use)


def find_taken(context: Context, kind: str, names: Collection[str]) -> set[str]:
    """Return those names of a type that are taken: by one call where an action takes many."""
    lookup = LOOKUPS.get(kind)
    if _is_unused(kind):
        return set()
    if lookup is None or not lookup.many or not lookup.rows[0]:
        return {name for name in names if exists(context, kind, name)}
    rows, field = lookup.rows
    ask = getattr(context.connect(lookup.service), lookup.action)
    return {row[field] for row in ask(**{lookup.field: sorted(names)})[rows]}


# what an import takes into a stack: its physical ID and attributes, by its name
IMPORTS: dict[str, Callable[[Context, str], Made]] = {
    "AWS::DynamoDB::Table": lambda context, name: describe_table(context.connect("dynamodb"), name),
    "AWS::Logs::LogGroup": describe_log_group,
    "AWS::S3::Bucket": describe_bucket,
    "AWS::SQS::Queue": lambda context, name: describe_queue(context.connect("sqs"), name),
}
