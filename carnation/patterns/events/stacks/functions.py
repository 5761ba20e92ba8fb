"""The two functions of the events workflow, and what their environments are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from troposphere import Ref, Template

from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.stacks.functions import add_function
from carnation.stacks.resources import Function, Sources

_EXCEPTIONS = {
    "CKV_AWS_115": "The Map bounds how many run at once; reserving takes from the whole account",
    "CKV_AWS_116": "Invoked synchronously by the state machine, which puts failed events away",
}


def add_functions(
    template: Template,
    sources: Sources,
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
) -> None:
    """Add the functions."""
    for function, given in zip(functions, list_variables(store, files), strict=False):
        variables = {name: Ref(resource) for name, resource in given.items()}
        environment = {**variables, **function.environment}
        add_function(template, sources, function, environment, exceptions=_EXCEPTIONS)


def list_variables(
    store: Table | Bucket, files: Files | None = None
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """List what the environments of collecting and processing are given: variable to logical ID.

    >>> list_variables(Table())[1]
    {'TABLE_NAME': 'Table'}
    """
    queues = {"QUEUE_URL": "Queue", "DEAD_LETTER_QUEUE_URL": "DeadLetterQueue"}
    if files:
        queues[files.variable] = files.resource
    return queues, {store.variable: store.resource}
