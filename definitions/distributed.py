"""A variant for more events than one payload holds: a Distributed Map over a file in S3.

CollectEvents writes new and queued events to a file of JSON Lines. Each batch of them is a child
execution, in which every event takes the path of the reference's iteration. A batch whose events
were all written or requeued succeeds. It fails only if an event could be neither; then the parent
execution fails as well, so that a redrive continues the batch.
"""

from __future__ import annotations

from carnation.patterns import if_any_failed, invoke_function, map_and_requeue
from carnation.patterns.events.reporter import EVENTS
from carnation.patterns.events.stacks import Files, Table, event_stacks
from carnation.patterns.retries import retry_once, retry_transient_errors
from carnation.stacks import Function
from carnation.states import (
    Chain,
    Choice,
    ChoiceRule,
    Fail,
    ItemBatcher,
    ItemReader,
    Map,
    ProcessorConfig,
    ReaderConfig,
    ResultWriter,
    Succeed,
    Task,
    WriterConfig,
    integration_arn,
)
from carnation.workflow import Workflow

FILES = "${FilesBucketName}"
BATCH = 100


def process_batch() -> Chain:
    """Return the states of one batch: the reference's Map, and a note if an event failed."""
    process_event = invoke_function("ProcessEvent", "process_event", timeout_seconds=20)
    process_events = map_and_requeue(
        "ProcessEvents", process_event, items_path="$.Items", max_concurrency=1
    )
    batch_done = Succeed("BatchDone", output_path="$.failed")
    note_failed = Task(
        "NoteFailed",
        comment="The execution reads these notes: a list of all batches exceeds its payload limit",
        resource=integration_arn("aws-sdk:s3:putObject"),
        parameters={
            "Bucket": FILES,
            "Key.$": "States.Format('failed/{}/{}.json', "
            "$$.Execution.Input.BatchInput.execution, $$.Execution.Name)",
            "Body.$": "$.failed",
        },
        result_path=None,
        timeout_seconds=30,
        retry=retry_once(),
    )
    note_failed.next(batch_done)
    any_failed = Choice(
        "AnyOfBatchFailed", choices=[(if_any_failed(), note_failed)], default=batch_done
    )
    return Chain([process_events, any_failed])


def process_batches() -> Map:
    """Return the Distributed Map over the file."""
    return Map(
        "ProcessBatches",
        # what a failed batch could not put away is in its hands alone: to tolerate is to lose it
        tolerated_failure_percentage=0,
        max_concurrency_path="$.max_concurrency",
        label="batches",
        item_reader=ItemReader(
            resource=integration_arn("s3:getObject"),
            reader_config=ReaderConfig(input_type="JSONL"),
            parameters={"Bucket": FILES, "Key.$": "$.key"},
        ),
        item_batcher=ItemBatcher(
            max_items_per_batch=BATCH,
            batch_input={"execution.$": "$$.Execution.Name"},
        ),
        processor_config=ProcessorConfig(mode="DISTRIBUTED", execution_type="STANDARD"),
        item_processor=process_batch(),
        result_writer=ResultWriter(
            resource=integration_arn("s3:putObject"),
            parameters={"Bucket": FILES, "Prefix": "results"},
            writer_config=WriterConfig(transformation="FLATTEN", output_type="JSONL"),
        ),
        result_path="$.exported",
    )


def collect_then_process() -> Chain:
    """Return the graph, from the first state to the last."""
    collect_events = invoke_function(
        "CollectEvents",
        "collect_events",
        payload={"range.$": "$", "execution.$": "$$.Execution.Name"},
        result_selector={
            "key.$": "$.Payload.key",
            "count.$": "$.Payload.count",
            "max_concurrency.$": "States.StringToJson('${MaxConcurrency}')",
        },
        timeout_seconds=930,
        retry=retry_transient_errors(2),
    )
    look_for_failed = Task(
        "LookForFailed",
        resource=integration_arn("aws-sdk:s3:listObjectsV2"),
        parameters={
            "Bucket": FILES,
            "Prefix.$": "States.Format('failed/{}/', $$.Execution.Name)",
            "MaxKeys": 1,
        },
        result_selector={"batches.$": "$.KeyCount"},
        result_path="$.failed",
        timeout_seconds=30,
        retry=retry_once(),
    )
    some_failed = Fail(
        "EventsFailed",
        error="EventsFailed",
        cause_path="States.Format('Some events were not written. Each is in the queue for the "
        "next execution, or in the dead-letter queue. s3://{}/{} names the list of them.', "
        "$.exported.ResultWriterDetails.Bucket, $.exported.ResultWriterDetails.Key)",
    )
    events_written = Succeed("EventsWritten")
    process = process_batches()
    any_failed = Choice(
        "AnyFailed",
        choices=[(ChoiceRule.NumericGreaterThan("$.failed.batches", 0), some_failed)],
        default=events_written,
    )
    any_events = Choice(
        "AnyEvents",
        choices=[(ChoiceRule.NumericGreaterThan("$.count", 0), process)],
        default=events_written,
    )
    Chain([process, look_for_failed, any_failed])
    return Chain([collect_events, any_events])


def make_workflow() -> Workflow:
    """Return the workflow with the reference's functions and stacks, and a bucket of files."""
    collect = Function(
        "collect_events",
        description="Writes new events and those that wait in the queue to a file",
        timeout=900,
        memory=1769,  # one whole CPU
    )
    process = Function(
        "process_event",
        description="Writes one event to the table, once",
        timeout=10,
    )
    return Workflow(
        name="distributed",
        version="0.1.0",
        comment="Writes any number of events to a table, by a Distributed Map over a file in S3",
        states=collect_then_process(),
        timeout_seconds=36_000,
        functions=(collect, process),
        reporter=EVENTS,
        stacks=event_stacks(collect=collect, process=process, store=Table(), files=Files()),
    )
