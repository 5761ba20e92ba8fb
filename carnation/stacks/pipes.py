"""Pipes: a queue's messages or a table's changes, in batches, each of which starts an execution.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt
from troposphere import pipes as made

from carnation.resources.grants import Grant
from carnation.resources.tables import Table
from carnation.resources.triggers import QueueSource, TableSource
from carnation.stacks.policies import list_granted, use_keys
from carnation.stacks.rendering import Rendering
from carnation.stacks.roles import trust
from carnation.stacks.snippets import to_arn
from carnation.stacks.triggers import ALIAS, UNDELIVERED, add_trigger_role, list_undelivered

_RECEIVE = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")


def render_queue_source(rendering: Rendering, source: QueueSource) -> None:
    """Put a pipe from a queue into the template."""
    queue = source.queue
    assert queue is not None  # noqa: S101 (the record checks it)
    window = source.window_seconds
    parameters = made.PipeSourceSqsQueueParameters(
        BatchSize=source.batch_size,
        **({"MaximumBatchingWindowInSeconds": window} if window else {}),
    )
    _add_pipe(
        rendering,
        source,
        rendering.value(queue.arn),
        made.PipeSourceParameters(SqsQueueParameters=parameters),
        Grant(_RECEIVE, (str(queue.arn),), given=queue),
    )


def render_table_source(rendering: Rendering, source: TableSource) -> None:
    """Put a pipe from a table's stream into the template."""
    table = source.table
    assert table is not None  # noqa: S101 (the record checks it)
    parameters = made.PipeSourceDynamoDBStreamParameters(
        BatchSize=source.batch_size,
        StartingPosition=source.starting_position,
        MaximumRetryAttempts=source.retries,
        DeadLetterConfig=made.DeadLetterConfig(Arn=GetAtt(UNDELIVERED, "Arn")),
    )
    _add_pipe(
        rendering,
        source,
        rendering.value(table.stream_arn),
        made.PipeSourceParameters(DynamoDBStreamParameters=parameters),
        table.grants.stream(),
        _list_streams(table),
    )


def _list_streams(table: Table) -> Grant:
    """Allow looking for streams, an action that knows no resources."""
    return Grant(("dynamodb:ListStreams",), ("*",), because="it knows no resources", given=table)


def _add_pipe(
    rendering: Rendering,
    source: QueueSource | TableSource,
    arn: Any,
    parameters: made.PipeSourceParameters,
    *grants: Grant,
) -> None:
    waits = rendering.application.type == "EXPRESS"
    statements = [*list_granted(rendering, grants), *use_keys(rendering, grants)]
    if source.uses_undelivered:
        statements += list_undelivered(rendering)
    role = add_trigger_role(
        rendering,
        source,
        trust("pipes", to_arn("pipes", f"pipe/@{source.name_part}")),
        *statements,
        action="states:StartSyncExecution" if waits else "states:StartExecution",
    )
    target = made.PipeTargetStateMachineParameters(
        InvocationType="REQUEST_RESPONSE" if waits else "FIRE_AND_FORGET"
    )
    pipe = rendering.template.add_resource(
        made.Pipe(
            source.resource_id,
            Name="",
            Description=f"Starts an execution of {rendering.application.workflow}",
            RoleArn=role,
            Source=arn,
            SourceParameters=parameters,
            Target=ALIAS,
            TargetParameters=made.PipeTargetParameters(StepFunctionStateMachineParameters=target),
        )
    )
    rendering.finish(source, pipe, "Name")
