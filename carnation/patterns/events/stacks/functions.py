"""The two functions of the events workflow, and what their environments are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from troposphere import Parameter, Ref, Template

from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.stacks.functions import add_function
from carnation.stacks.parameters import open_template
from carnation.stacks.resources import Function, Sources

_PARAMETERS = ("ProjectName", "Environment", "ArtifactBucket", "KeyArn", "LogRetentionDays")
_EXCEPTIONS = {
    "CKV_AWS_115": "The Map bounds how many run at once; reserving takes from the whole account",
    "CKV_AWS_116": "Invoked synchronously by the state machine, which puts failed events away",
}


def make_function_stack(
    sources: Sources,
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
) -> Template:
    """Make lambda-function-stack.yaml."""
    template = open_template("The functions that the state machine invokes", *_PARAMETERS)
    for name, meaning in (("QueueUrl", "queue"), ("DeadLetterQueueUrl", "dead-letter queue")):
        template.add_parameter(
            Parameter(name, Type="String", Description=f"The URL of the {meaning}")
        )
    if len(functions) > 1:
        template.add_parameter(
            Parameter("StoreName", Type="String", Description="The table or bucket of events")
        )
    if files:
        template.add_parameter(
            Parameter(files.output, Type="String", Description="The bucket of files")
        )
    for function, given in zip(functions, list_variables(store, files), strict=False):
        variables = {name: Ref(parameter) for name, parameter in given.items()}
        environment = {**variables, **function.environment}
        add_function(template, sources, function, environment, exceptions=_EXCEPTIONS)
    return template


def list_variables(
    store: Table | Bucket, files: Files | None = None
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """List what the environments of collecting and processing are given: variable to parameter.

    >>> list_variables(Table())[1]
    {'TABLE_NAME': 'StoreName'}
    """
    queues = {"QUEUE_URL": "QueueUrl", "DEAD_LETTER_QUEUE_URL": "DeadLetterQueueUrl"}
    if files:
        queues[files.variable] = files.output
    return queues, {store.variable: "StoreName"}
